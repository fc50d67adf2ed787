"""The point field in a page: by keyboard, forwards and back, lazily, for axe, as a still."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipywidgets.embed import embed_data
from playwright.sync_api import Browser, Page

from course_utils.publish.photograph import BYTES, WIDTH, photograph
from course_utils.widgets.point_field import PointField
from tests.browser import open_page
from tests.patience import until
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.pages import write_page


def says(page: Page, n: int = 0) -> str:
    """What the field of a widget is called, with ordinary spaces."""
    label = page.locator(".pf").nth(n).get_by_role("img").get_attribute("aria-label") or ""
    return " ".join(label.split())


def wait_for(page: Page, words: str, n: int = 0) -> None:
    until(lambda: words in says(page, n), f"for {words!r}")


def press(page: Page, name: str, times: int = 1) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    for _ in range(times):
        page.keyboard.press("Enter")


def pressed(page: Page) -> list[str]:
    return page.locator('[aria-pressed="true"]').all_inner_texts()


CUT_OFF = """() => [...document.querySelectorAll(".pf select")].filter((el) => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = getComputedStyle(el).font;
    return [...el.options].some((o) => pen.measureText(o.text).width > el.clientWidth - 24);
  }).map((el) => el.value)"""


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_by_keyboard_in_a_page(
    browser: Browser, tmp_path: Path, width: int, theme: str
) -> None:
    page_file = write_page(tmp_path, [PointField()], theme)
    with open_page(browser, width) as (page, watch):
        page.goto(page_file.as_uri())
        wait_for(page, "At t = 300: xₜ = 0.89 x₀ + 0.46 ε. x̂₀:")
        assert pressed(page) == ["into noise"]
        assert page.get_by_label("Steps back").is_disabled()
        press(page, "Next")
        wait_for(page, "At t = 320:")
        press(page, "Last step")
        wait_for(page, "At t = 1000: xₜ = 0.00 x₀ + 1.00 ε.")
        press(page, "DDIM, η = 0")
        wait_for(page, "At step 0 of 20, t = 1000: xₜ = 0.00 x₀ + 1.00 ε. x̂₀: 0 % near, 0 of 8")
        press(page, "Next", times=2)
        wait_for(page, "At step 2 of 20, t = 900:")
        second = says(page)
        press(page, "Last step")
        wait_for(page, "At step 20 of 20, t = 0: x₀ = x̂₀, the end. x₀: 99 % near, 8 of 8 spots")
        press(page, "First step")
        press(page, "Next", times=2)
        wait_for(page, "At step 2 of 20")
        assert says(page) == second  # the same, wherever it was between
        page.get_by_label("Steps back").select_option("50")
        wait_for(page, "At step 5 of 50, t = 900:")  # time stays where it was
        assert pressed(page) == []
        press(page, "ten points: copies")
        wait_for(page, "At step 0 of 100")
        time = page.get_by_role("slider", name="Time")
        time.focus()
        page.keyboard.press("End")
        wait_for(page, "7 of 8 spots covered. Copies: 98 % (new data 2 %), distance 0.000.")
        assert "step 100 of 100" in (time.get_attribute("aria-valuetext") or "")
        page.get_by_label("Way").select_option("noise in the last step")
        wait_for(page, "x₀ = x̂₀ + 0.03 ε: noise that nothing takes away.")
        status = page.locator(".ptp-unseen")  # a change of the settings is said aloud
        until(lambda: "noise that nothing" in status.inner_text())
        before = says(page)
        press(page, "New seed")
        until(lambda: "t = 0:" in says(page) and says(page) != before)
        assert page.get_by_text("Seed 1.", exact=True).count() == 1
        page.get_by_label("Data", exact=True).select_option("spiral")
        wait_for(page, "of 12 parts covered")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate(CUT_OFF) == []
        assert not watch.outside
        assert not watch.errors


def test_it_plays_to_the_end(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [PointField("ancestral, η = 1", steps=5)])
    with open_page(browser) as (page, watch):
        page.goto(page_file.as_uri())
        wait_for(page, "At step 0 of 5, t = 1000:")
        assert page.locator(".ptp-unseen").inner_text() == ""  # nothing is said unasked
        press(page, "Play")
        wait_for(page, "At step 5 of 5, t = 0:")
        page.get_by_role("button", name="Play", exact=True).wait_for()
        until(lambda: "step 5 of 5" in page.locator(".ptp-unseen").inner_text())
        assert watch.errors == []


INKED = """() => {
  const canvas = document.querySelector(".ptp-field-canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colours = { blue: 0, orange: 0 };
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 200) continue;
    if (data[i + 2] > data[i] + 80) colours.blue++;
    if (data[i] > data[i + 2] + 80) colours.orange++;
  }
  return colours;
}"""


def test_ways_are_drawn(browser: Browser, tmp_path: Path) -> None:
    """The orange of five points and of the way behind them grows from step to step."""
    page_file = write_page(tmp_path, [PointField("ancestral, η = 1")])
    with open_page(browser) as (page, _):
        page.goto(page_file.as_uri())
        wait_for(page, "At step 0 of 20")
        first = page.evaluate(INKED)
        assert first["blue"] > 1000
        press(page, "Next", times=10)
        wait_for(page, "At step 10 of 20")
        assert page.evaluate(INKED)["orange"] > 3 * first["orange"]


def test_it_begins_near_the_view(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [PointField("DDIM, η = 0", time=500) for _ in range(4)])
    with open_page(browser, height=400) as (page, watch):
        page.goto(page_file.as_uri())
        page.locator(".static-widget[data-ready]").nth(3).wait_for()
        wait_for(page, "At step 10 of 20, t = 500:")
        assert says(page, 3) == "Points and arrows, not computed yet"
        page.locator(".pf").nth(3).scroll_into_view_if_needed()
        wait_for(page, "At step 10 of 20, t = 500:", 3)
        assert watch.errors == []


# A page of widgets alone has neither a heading nor landmarks.
OF_THE_BOOK = {"region", "landmark-one-main", "page-has-heading-one"}


def test_axe_finds_nothing(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [PointField("ten points: copies", time=400)] * 2)
    found = []
    for width in WIDTHS:
        with open_page(browser, width=width, height=300) as (page, _):
            page.goto(page_file.as_uri())
            wait_for(page, "At step 60 of 100")
            for theme in THEMES:
                page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
                seen = [f for f in findings(page) if f[0] not in OF_THE_BOOK]
                found += [(width, theme, *finding) for finding in seen]
    assert found == []


@pytest.mark.parametrize(
    ("preset", "time", "words"),
    [("into noise", 300, "At t = 300: xₜ ="), ("ten points: copies", 0, "Copies: 98 %")],
)
def test_a_still_is_small_and_whole(preset: str, time: int, words: str) -> None:
    widget = PointField(preset, time=time)
    data = embed_data(views=[widget], drop_defaults=False)
    model = data["view_specs"][0]["model_id"]
    ((image, about),) = photograph([model], data["manager_state"]["state"]).values()
    assert len(image) <= BYTES
    assert about["width"] == WIDTH  # not made smaller to be light enough
    assert words in " ".join(about["alt"].split())
