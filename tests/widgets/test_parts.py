"""The kit's shared parts in a page: by keyboard and pointer, narrow, dark, in both browsers."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import traitlets as t
from playwright.sync_api import Browser, Page

from course_utils.widgets.base import BookWidget
from tests.browser import open_page
from tests.firefox import open_firefox
from tests.visits import findings
from tests.widgets.pages import write_page

HERE = Path(__file__).parent
KIT = Path(__file__).parents[2] / "src" / "course_utils" / "widgets" / "kit"


@functools.cache
def parts(folder: Path) -> type[BookWidget]:
    """A widget of all parts; its module finds the kit where a widget's does."""
    place = folder / "parts"
    place.mkdir()
    (folder / "kit").symlink_to(KIT)
    (place / "widget.js").write_text((HERE / "parts.js").read_text())

    class Parts(BookWidget):
        """Every part once."""

        _esm = place / "widget.js"
        x = t.Float(0.5).tag(sync=True)
        y = t.Float(1.0).tag(sync=True)

    return Parts


@pytest.fixture(scope="module")
def widget(tmp_path_factory: pytest.TempPathFactory) -> type[BookWidget]:
    return parts(tmp_path_factory.mktemp("parts"))


@contextmanager
def shown(
    browser: Browser, widget: type[BookWidget], folder: Path, width: int = 1000, **more: str
) -> Iterator[Page]:
    page_file = write_page(folder, [widget()], **more)
    with open_page(browser, width=width) as (page, watch):
        page.goto(page_file.as_uri())
        page.locator(".static-widget[data-ready]").wait_for()
        yield page
        assert watch.errors == []
        assert watch.outside == []


def drawn(page: Page) -> float:
    return float(page.locator(".test-drawn").inner_text())


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


# -- step player --------------------------------------------------------------------------


def test_steps_by_buttons_keys_and_slider(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        player = page.get_by_role("group", name="Halving: steps")
        assert page.evaluate("countsOfTest.computed") == 1  # what nobody asked for waits
        player.get_by_role("button", name="Next").click()
        assert drawn(page) == 512
        assert "step 1 of 20" in player.inner_text()
        assert "The value is 512." in player.inner_text()
        press(page, "End")
        assert drawn(page) == 1024 / 2**20
        onward = player.get_by_role("button", name="Next")
        assert onward.get_attribute("aria-disabled") == "true"
        press(page, "Home")
        assert drawn(page) == 1024
        player.get_by_role("slider").focus()
        press(page, "ArrowRight", "ArrowRight")
        said = player.get_by_role("slider").get_attribute("aria-valuetext")
        assert said == "step 2 of 20: The value is 256."
        player.get_by_role("button", name="Back").click()
        assert drawn(page) == 512
        player.get_by_role("button", name="Last step").click()
        player.get_by_role("button", name="First step").click()
        assert drawn(page) == 1024
        assert page.evaluate("countsOfTest.computed") == 21  # each step once
        player.locator("[role=status]", has_text="The value is 1024").wait_for()


def test_slow_steps_leave_the_page_alive_and_are_given_up(browser, widget, tmp_path):
    """Frames are drawn between the steps; a new start cancels what is on its way."""
    with shown(browser, widget, tmp_path) as page:
        frames = page.evaluate(
            """async () => {
              Object.assign(countsOfTest, { slow: 15, computed: 0 });
              playerOfTest.show(20, { anew: true });
              let frames = 0;
              const busy = () => document.querySelector(".ptp-player[aria-busy=true]");
              while (busy()) { await new Promise(requestAnimationFrame); frames++; }
              return [frames, countsOfTest.computed];
            }"""
        )
        assert frames[0] >= 10
        assert frames[1] == 21
        left = page.evaluate(
            """async () => {
              playerOfTest.show(20, { anew: true });
              Object.assign(countsOfTest, { computed: 0, first: 3 });
              playerOfTest.show(1, { anew: true, last: 4 });
              for (let n = 0; n < 10; n++) await new Promise(requestAnimationFrame);
              return countsOfTest.computed;
            }"""
        )
        assert left == 2
        assert drawn(page) == 1.5
        assert "step 1 of 4" in page.get_by_role("group", name="Halving: steps").inner_text()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_stops_at_the_end_and_glides_for_who_likes_motion(
    browser, widget, tmp_path, motion
):
    with shown(browser, widget, tmp_path) as page:
        page.emulate_media(reduced_motion=motion)
        page.evaluate("playerOfTest.show(0, { last: 3 })")
        toggle = page.get_by_role("button", name="Play")
        assert toggle.evaluate("(b) => { b.click(); return b.innerText; }") == "Pause"
        page.locator(".test-drawn", has_text="128").wait_for()
        page.get_by_role("button", name="Play").wait_for()
        assert (page.evaluate("countsOfTest.between") > 0) == (motion != "reduce")


# -- pad and points -----------------------------------------------------------------------


def test_pad_by_arrows_pointer_and_sliders(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        pad = page.get_by_role("group", name="Code: ")
        pad.focus()
        press(page, "ArrowRight", "ArrowDown", "Shift+ArrowLeft")
        label = pad.get_attribute("aria-label") or ""
        assert "First number 0.10, Second number 0.90" in label
        press(page, *["Shift+ArrowUp"] * 9)
        assert "Second number 2.00" in (pad.get_attribute("aria-label") or "")
        page.get_by_role("slider", name="First number").focus()
        press(page, "ArrowRight")
        assert "First number 0.20" in (pad.get_attribute("aria-label") or "")
        box = pad.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
        page.mouse.up()
        x, y = (page.get_by_role("slider", name=f"{n} number") for n in ("First", "Second"))
        assert float(x.input_value()) == pytest.approx(0, abs=0.051)
        assert float(y.input_value()) == pytest.approx(1, abs=0.051)
        trail = pad.locator("polyline").get_attribute("points") or ""
        assert len(trail.split()) >= 10


def test_previews_lie_where_their_places_are(browser, widget, tmp_path):
    """Greys are 60 + 40 (x + y): darkest at the lower left."""
    with shown(browser, widget, tmp_path) as page:
        greys = page.evaluate(
            """() => {
              const pen = document.querySelector(".ptp-pad-ground").getContext("2d");
              const grey = (x, y) => pen.getImageData(x, y, 1, 1).data[0];
              return [grey(2, 50), grey(50, 2), grey(2, 2)];
            }"""
        )
        far = 2 * (16 / 9)
        assert greys[0] == 0
        assert greys[1] == round(60 + 40 * far)
        assert greys[2] == 60


def test_point_field_tells_kinds_by_shape(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        field = page.get_by_role("img", name="Training points. Four rings.")
        assert field.count() == 1
        names = page.locator(".ptp-legend").first.inner_text().split("\n")
        assert [n for n in names if n] == ["zeros", "ones", "twos", "threes", "density"]
        marks = page.locator(".ptp-legend").first.evaluate(
            """(legend) => [...legend.querySelectorAll("canvas")]
              .map((c) => Array.from(c.getContext("2d").getImageData(0, 0, 16, 16).data)
                .filter((_, n) => n % 4 === 3).map((a) => Number(a > 99)).join(""))"""
        )
        assert len(set(marks)) == 4


# -- overlay, tokens, line-up -------------------------------------------------------------


def test_overlay_names_the_strongest_cells(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        strongest = "50 % in row 1, column 4; 30 % in row 1, column 3; 10 % in row 2, column 1"
        image = page.get_by_role("img", name=f"Where it looks, a: {strongest}.")
        assert image.count() == 1
        numbers = page.locator(".ptp-overlay-grid span").all_inner_texts()
        assert [n for n, text in enumerate(numbers) if text] == [2, 3, 4]
        assert [numbers[n] for n in (3, 2, 4)] == ["1", "2", "3"]
        table = page.get_by_role("table", name="Where it looks, a")
        assert table.get_by_role("row").count() == 5
        assert "50 %" in table.get_by_role("row").nth(1).inner_text()


def test_tokens_by_keyboard(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        row = page.get_by_role("toolbar", name="The sentence")
        row.get_by_role("button").first.focus()
        press(page, "ArrowRight")
        assert page.get_by_role("img", name="Where it looks, dog").count() == 1
        press(page, "ArrowDown", "ArrowDown")
        assert page.evaluate("document.activeElement.ariaLabel") == "cat, 6.0 %"
        press(page, "Enter")
        assert row.get_by_role("button").nth(1).inner_text() == "cat"
        assert page.get_by_role("group", name="Instead of cat").count() == 1
        press(page, "Escape")
        said = page.evaluate("document.activeElement.ariaLabel")
        assert said == "cat, 6.0 %, place 2 of 8"
        press(page, "End")
        assert "place 8 of 8" in page.evaluate("document.activeElement.ariaLabel")
        press(page, "ArrowRight")
        assert "place 8 of 8" in page.evaluate("document.activeElement.ariaLabel")


def test_lineup_is_looked_at_or_chosen_from(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        images = page.get_by_role("list", name="Images")
        second = images.get_by_role("button", name="image 2")
        second.focus()
        press(page, "Enter")
        assert second.get_attribute("aria-pressed") == "true"
        assert page.evaluate("document.activeElement.innerText").startswith("image 2")
        plain = page.get_by_role("list", name="Only to look at")
        assert plain.get_by_role("img", name="image 2").count() == 1
        assert plain.get_by_role("button").count() == 0


# -- scene --------------------------------------------------------------------------------


def test_scene_boxes_move_and_grow_by_keyboard(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        scene = page.get_by_role("list", name="A scene: objects")
        dog = scene.get_by_role("button", name="dog")
        dog.focus()
        press(page, "ArrowRight")  # not chosen yet
        assert "left 4, top 6, 8 wide, 8 high" in (dog.get_attribute("aria-label") or "")
        press(page, "Enter", "ArrowRight", "ArrowUp", "Shift+ArrowDown")
        assert "left 5, top 5, 8 wide, 9 high" in (dog.get_attribute("aria-label") or "")
        press(page, *["ArrowLeft"] * 9, *["Shift+ArrowLeft"] * 12)
        assert "left 0, top 5, 1 wide, 9 high" in (dog.get_attribute("aria-label") or "")
        tree = scene.get_by_role("button", name="tree")
        tree.focus()
        press(page, "Enter", "ArrowRight")  # fixed
        assert "left 13, top 2, 10 wide" in (tree.get_attribute("aria-label") or "")
        assert "3 lake" in (
            page.get_by_role("img", name="A scene:").get_attribute("aria-label") or ""
        )


def test_scene_boxes_follow_the_pointer(browser, widget, tmp_path):
    with shown(browser, widget, tmp_path) as page:
        stage = page.locator(".ptp-scene-stage")
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        assert box
        pixel = box["width"] / 24
        page.mouse.move(box["x"] + 8 * pixel, box["y"] + 10 * pixel)
        page.mouse.down()
        page.mouse.move(box["x"] + 10 * pixel, box["y"] + 13 * pixel)
        page.mouse.up()
        dog = page.locator(".ptp-scene-list button").first.get_attribute("aria-label") or ""
        assert "left 6, top 9, 8 wide, 8 high" in dog


# -- all of them --------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_parts_fit_a_phone_and_are_accessible(browser, widget, tmp_path, theme):
    with shown(browser, widget, tmp_path, width=390, theme=theme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        found = [f for f in findings(page) if f[0] not in PAGE_ALONE]
        assert found == []


PAGE_ALONE = ("landmark-one-main", "page-has-heading-one", "region")  # the test page's own


def test_parts_in_firefox(widget, tmp_path):
    page_file = write_page(tmp_path, [widget()])
    with open_firefox() as firefox:
        firefox.open(page_file.as_uri())
        firefox.wait_for("document.querySelector('.static-widget[data-ready]') !== null")
        firefox.run("document.querySelector('.ptp-player input').focus()")
        firefox.press("\ue010")  # end
        assert (
            firefox.run("document.querySelector('.test-drawn').textContent") == "0.0009765625"
        )
        firefox.run("document.querySelector('.ptp-pad').focus()")
        firefox.press("\ue014")  # arrow right
        assert "First number 0.60" in firefox.run(
            "document.querySelector('.ptp-pad').ariaLabel"
        )
        firefox.run("document.querySelector('.ptp-scene-list button').click()")
        firefox.run("document.querySelector('.ptp-scene-list button').focus()")
        firefox.press("\ue014")
        said = firefox.run("document.querySelector('.ptp-scene-list button').ariaLabel")
        assert "left 5, top 6" in said
        firefox.run("document.querySelector('.ptp-tokens button').focus()")
        firefox.press("\ue014")
        assert firefox.run("document.activeElement.ariaLabel").startswith("dog")
        assert firefox.watch.errors == []
