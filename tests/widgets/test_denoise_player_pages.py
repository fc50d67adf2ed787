"""The denoise player in a page: by keyboard, changed by hand, lazily, for axe, as a still."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipywidgets.embed import embed_data
from playwright.sync_api import Browser, Page

from course_utils.publish.photograph import BYTES, WIDTH, photograph
from course_utils.widgets import DenoisePlayer
from course_utils.widgets.denoise_player import images
from tests.browser import open_page
from tests.patience import until
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.pages import write_page
from tests.widgets.test_denoise_player import CLASSES, answers, settings
from tests.widgets.test_parts import PAGE_ALONE
from tests.widgets.test_point_field_pages import CUT_OFF, press
from tests.widgets.test_static_widgets import TOO_SMALL


def says(page: Page, n: int = 0) -> str:
    """What a widget is called, with ordinary spaces."""
    return " ".join((page.locator(".dpl").nth(n).get_attribute("aria-label") or "").split())


def wait_for(page: Page, words: str, n: int = 0) -> None:
    until(lambda: words in says(page, n), f"for {words!r}")


def pressed(page: Page) -> list[str]:
    return page.locator('.ptp-presets [aria-pressed="true"]').all_inner_texts()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_by_keyboard_in_a_page(
    browser: Browser, tmp_path: Path, width: int, theme: str
) -> None:
    page_file = write_page(tmp_path, [DenoisePlayer()], theme)
    with open_page(browser, width) as (page, watch):
        page.goto(page_file.as_uri())
        wait_for(page, "step 10 of 20, t = 500: xₜ = 0.70 x̂₀ + 0.71 ε̂. Nearest of 200 training")
        assert pressed(page) == ["a coat in 20 steps"]
        half = says(page)
        press(page, "Next")
        wait_for(page, "step 11 of 20, t = 450:")
        press(page, "Last step")
        wait_for(page, "step 20 of 20, t = 0: x₀ = x̂₀, the end. Nearest of 200 training")
        assert page.get_by_label("Change at this step").is_disabled()
        press(page, "t = 500")  # in the line-up of the way
        until(lambda: says(page) == half)
        press(page, "perfect denoiser")
        wait_for(page, "step 20 of 20, t = 0: x₀ = x̂₀, the end. A copy of a training image:")
        assert page.get_by_label("Guidance s").is_disabled()
        page.get_by_label("Steps", exact=True).select_option("5 steps, η = 1")
        wait_for(page, "step 5 of 5, t = 0: x₀ = x̂₀, the end. A copy")
        assert pressed(page) == []
        copied = says(page)
        page.get_by_label("Class told", exact=True).select_option("Bag")
        wait_for(page, "A copy of a training image: Bag")
        press(page, "New seed")
        page.get_by_text("Seed 2.", exact=True).wait_for()
        press(page, "no class told")
        wait_for(page, "step 20 of 20, t = 0: x₀ = x̂₀, the end. Nearest")
        assert says(page) != copied
        page.get_by_label("Class told", exact=True).select_option("Dress")
        guidance = page.get_by_role("slider", name="Guidance s")
        guidance.focus()
        page.keyboard.press("End")
        way = page.get_by_role("slider", name="Way back")
        until(lambda: "step 20 of 20" in (way.get_attribute("aria-valuetext") or ""))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate(CUT_OFF.replace(".pf", ".dpl")) == []
        assert page.evaluate(TOO_SMALL) == []
        assert not watch.outside
        assert not watch.errors


def test_a_step_is_changed_and_the_rest_follows(browser: Browser, tmp_path: Path) -> None:
    """What the page says at the end is what the way with the changes leads to."""
    changes = [[900, "Ankle boot"], [300, "mirrored"]]
    (way,) = answers(tmp_path, [settings("a coat in 20 steps", changes=changes)])["ways"]
    page_file = write_page(tmp_path, [DenoisePlayer(time=900)])
    with open_page(browser) as (page, watch):
        page.goto(page_file.as_uri())
        wait_for(page, "step 2 of 20, t = 900: xₜ = 0.16 x̂₀ + 0.99 ε̂. Nearest")
        change = page.get_by_label("Change at this step")
        change.select_option("told: Ankle boot")
        wait_for(page, "Changed here: told Ankle boot. Nearest")
        status = page.locator(".ptp-unseen")
        until(lambda: "Changed here: told Ankle boot" in status.inner_text())
        press(page, "Next", times=12)
        wait_for(page, "step 14 of 20, t = 300:")
        assert change.input_value() == ""
        change.select_option("mirrored")
        wait_for(page, "Changed here: mirrored.")
        press(page, "Last step")
        name = CLASSES[way["near"]["index"] // images.EACH]
        like = f"{name}, distance {way['near']['distance']:.3f}."
        wait_for(page, f"x₀ = x̂₀, the end. Nearest of 200 training images: {like}")
        press(page, "t = 900 told Ankle boot")
        wait_for(page, "step 2 of 20")
        assert change.input_value() == "Ankle boot"
        undo = page.get_by_role("button", name="Undo changes")
        assert undo.get_attribute("aria-disabled") == "false"
        press(page, "Undo changes")
        wait_for(page, "step 2 of 20, t = 900: xₜ = 0.16 x̂₀ + 0.99 ε̂. Nearest")
        assert undo.get_attribute("aria-disabled") == "true"
        assert pressed(page) == ["a coat in 20 steps"]
        press(page, "Last step")
        wait_for(page, "the end. Nearest of 200 training images: Coat")
        assert watch.errors == []


def test_it_plays_to_the_end(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [DenoisePlayer("five steps", time=1000)])
    with open_page(browser) as (page, watch):
        page.goto(page_file.as_uri())
        wait_for(page, "step 0 of 5, t = 1000:")
        assert page.locator(".ptp-unseen").inner_text() == ""  # nothing is said unasked
        press(page, "Play")
        wait_for(page, "step 5 of 5, t = 0:")
        page.get_by_role("button", name="Play", exact=True).wait_for()
        until(lambda: "step 5 of 5" in page.locator(".ptp-unseen").inner_text())
        assert page.locator(".ptp-lineup li").count() == 6
        assert watch.errors == []


def test_it_begins_near_the_view(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [DenoisePlayer() for _ in range(3)])
    with open_page(browser, height=400) as (page, watch):
        page.goto(page_file.as_uri())
        page.locator(".static-widget[data-ready]").nth(2).wait_for()
        wait_for(page, "step 10 of 20")
        assert says(page, 2) == "Images out of noise, not computed yet"
        page.locator(".dpl").nth(2).scroll_into_view_if_needed()
        wait_for(page, "step 10 of 20", 2)
        assert watch.errors == []


def test_axe_finds_nothing(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [DenoisePlayer("boot from half way"), DenoisePlayer()])
    found = []
    for width in WIDTHS:
        with open_page(browser, width=width, height=300) as (page, _):
            page.goto(page_file.as_uri())
            wait_for(page, "step 20 of 20")
            for theme in THEMES:
                page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
                seen = [f for f in findings(page) if f[0] not in PAGE_ALONE]
                found += [(width, theme, *finding) for finding in seen]
    assert found == []


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        ("a coat in 20 steps", "step 10 of 20, t = 500: xₜ ="),
        ("perfect denoiser", "A copy of a training image"),
    ],
)
def test_a_still_is_small_and_whole(preset: str, words: str) -> None:
    data = embed_data(views=[DenoisePlayer(preset)], drop_defaults=False)
    model = data["view_specs"][0]["model_id"]
    ((image, about),) = photograph([model], data["manager_state"]["state"]).values()
    assert len(image) <= BYTES
    assert about["width"] == WIDTH  # not made smaller to be light enough
    assert words in " ".join(about["alt"].split())
