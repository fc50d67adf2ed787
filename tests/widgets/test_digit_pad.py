"""The digit pad's changes: the reference's numbers, by keyboard, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page
from torch import Tensor
from traitlets import TraitError

from course_utils import data
from course_utils.reference.cnn import transformed
from course_utils.widgets import DigitPad
from tests.browser import open_page
from tests.visits import THEMES, findings
from tests.widgets.kit import TOLERANCE, javascript
from tests.widgets.pages import write_page
from tests.widgets.test_parts import PAGE_ALONE
from tests.widgets.test_static_widgets import TOO_SMALL, press, shown

CHANGES = "../digit_pad/changes.js"
AS_IT_IS = {"right": 0, "down": 0, "turn": 0, "size": 1}
CASES = {
    "as it is": {},
    "4 px right": {"right": 4},
    "turned by 30°": {"turn": 30},
    "upside down": {"turn": 180},
    "half size": {"size": 0.5},
}
SAID = "document.querySelector('.dp-pad canvas')?.ariaLabel"


def some_changes() -> list[dict[str, float]]:
    rng = torch.Generator().manual_seed(0)

    def one(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=rng))

    drawn = [
        {"right": one(-8, 8), "down": one(-8, 8), "turn": 5 * one(-36, 36)} for _ in range(40)
    ]
    return [AS_IT_IS | change for change in CASES.values()] + [
        change | {"size": one(5, 15) / 10} for change in drawn
    ]


def digit(which: int) -> Tensor:
    """The pad's example, (1, 1, 28, 28) float64."""
    digits = data.digits("test")
    first = (digits.labels == which).nonzero()[0, 0]
    return digits.images[first : first + 1].double() / 255


def test_the_changed_drawing_is_the_references(tmp_path: Path) -> None:
    x = torch.rand(1, 1, 28, 28, dtype=torch.float64)
    asked = some_changes()
    values = x.flatten().tolist()
    answers = javascript(
        tmp_path, CHANGES, [("transformed", [values, change]) for change in asked]
    )
    for change, answer in zip(asked, answers, strict=True):
        got, want = torch.tensor(answer, dtype=x.dtype), transformed(x, **change).flatten()
        assert (got - want).abs().max() < TOLERANCE, change


def test_a_change_that_the_sliders_do_not_know_is_refused() -> None:
    assert DigitPad(3, turn=-45, size=0.75).turn == -45
    with pytest.raises(TraitError):
        DigitPad(3, size=0.4)


# -- in a page ----------------------------------------------------------------------------


def greys(page: Page) -> Tensor:
    return torch.tensor(
        page.evaluate(
            """() => {
              const c = document.querySelector(".dp-pad canvas");
              const { data } = c.getContext("2d").getImageData(0, 0, 28, 28);
              return Array.from(data).filter((_, i) => i % 4 === 0);
            }"""
        )
    )


def pen(page: Page) -> Locator:
    return page.get_by_role("group", name="Drawing pad")


def started(page: Page) -> None:
    page.wait_for_function(f"{SAID}?.includes('The CNN')")


@pytest.mark.parametrize("name", CASES)
def test_each_case_by_keyboard(browser: Browser, tmp_path: Path, name: str) -> None:
    with shown(browser, tmp_path, DigitPad(7, down=3), width=390) as (page, _):
        started(page)
        press(page, page.get_by_role("button", name=name), "Enter")
        pressed = page.locator('.ptp-presets [aria-pressed="true"]')
        assert pressed.all_inner_texts() == [name]
        want = 255 * transformed(digit(7), **(AS_IT_IS | CASES[name])).flatten()
        assert (greys(page) - want).abs().max() <= 0.5 + 1e-6
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.locator(".dp-paper").is_visible() == (name != "as it is")


def test_there_and_back_loses_nothing(browser: Browser, tmp_path: Path) -> None:
    """One slider makes all changes; what stands is said, and seen."""
    with shown(browser, tmp_path, DigitPad(3)) as (page, _):
        started(page)
        before = greys(page)
        kind = page.get_by_label("Change", exact=True)
        steps = {"Move right": 2, "Move down": -3, "Turn": 7, "Resize": -2}
        for back in (1, -1):
            for name, n in steps.items():
                kind.select_option(name.lower())
                assert page.locator(".dp input[type=range]").count() == 1
                key = "ArrowRight" if back * n > 0 else "ArrowLeft"
                press(page, page.get_by_label(name, exact=True), key, abs(n))
            if back == 1:
                words = "moved 2 px right, moved 3 px up, turned 35° clockwise, resized to 80 %"
                assert page.locator(".dp-changed").inner_text() == f"The drawing is {words}."
                assert f"({words})" in page.evaluate(SAID)
                changed = AS_IT_IS | {"right": 2, "down": -3, "turn": 35, "size": 0.8}
                want = 255 * transformed(digit(3), **changed).flatten()
                assert (greys(page) - want).abs().max() <= 0.5 + 1e-6
        assert torch.equal(greys(page), before)
        assert page.locator(".dp-changed").inner_text() == ""


def test_ink_comes_out_below_the_pen(browser: Browser, tmp_path: Path) -> None:
    """The pen draws on what is seen; turned back, the drawing lies elsewhere."""
    with shown(browser, tmp_path, DigitPad(None, right=3, turn=90)) as (page, _):
        started(page)
        press(page, pen(page), "ArrowUp", 8)
        page.keyboard.press("Space")
        ink = greys(page).reshape(28, 28)
        assert ink[6, 14] > 200
        assert ink[10:].sum() == 0
        press(page, page.get_by_role("button", name="as it is"), "Enter")
        ink = greys(page).reshape(28, 28)
        assert ink[16, 6] > 200  # 3 px back to the left, a quarter turn counterclockwise
        assert ink[:10].sum() == 0


def test_another_digit_keeps_the_change_and_clear_does_not(
    browser: Browser, tmp_path: Path
) -> None:
    with shown(browser, tmp_path, DigitPad(6, turn=180)) as (page, _):
        started(page)
        assert page.get_by_label("Turn", exact=True).input_value() == "180"
        assert "The CNN says 9" in page.evaluate(SAID)
        page.get_by_label("Start from").select_option("9")
        assert "The CNN says 6" in page.evaluate(SAID)
        page.get_by_role("button", name="Clear").click()
        page.wait_for_function(f"!{SAID}.includes('turned')")
        assert greys(page).sum() == 0


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_accessible(browser: Browser, tmp_path: Path, theme: str) -> None:
    page_file = write_page(tmp_path, [DigitPad(3, turn=30)], theme=theme)
    with open_page(browser, width=390) as (page, watch):
        page.goto(page_file.as_uri())
        started(page)
        assert [found for found in findings(page) if found[0] not in PAGE_ALONE] == []
        assert page.evaluate(TOO_SMALL) == []
        assert watch.errors == []
