"""Every page of the built book, as a reader meets it: unplugged, by keyboard, on a phone."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest
import torch

from course_utils import data
from course_utils.reference import convolution as reference
from tests import visits as visited
from tests.browser import open_page, serve
from tests.conftest import ROOT
from tests.visits import SKIP, images, pages

CONVOLUTION = "notebooks/02_convolution/02_convolution.html"
OUTPUT = """() => {
  const c = document.querySelector(".fe2-output canvas");
  const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
  return [c.height, c.width, Array.from(data).filter((_, n) => n % 4 === 0)];
}"""


@pytest.fixture(scope="module", params=["http", "file"])
def address(request, built_site):
    """The book on a web server, and as a folder that was unzipped."""
    with visited.address(built_site, request.param) as url:
        yield url


@pytest.mark.parametrize("how", ["http", "file"])
def test_no_page_calls_out_or_complains(visits, how):
    assert CONVOLUTION in visits[how]
    for path, seen in visits[how].items():
        assert seen.outside == [], path
        assert seen.errors == [], path


def test_pictures_have_alt_texts_of_their_own(visits):
    for path, seen in visits["file"].items():
        assert all(len(a.split()) >= 4 and ".png" not in a for a in seen.alts), path
    assert len(visits["file"][CONVOLUTION].alts) >= 10


def test_no_page_scrolls_sideways(visits):
    assert {path: seen.sideways for path, seen in visits["file"].items() if seen.sideways} == {}


def test_a_phone_shows_every_formula_to_its_end(visits):
    assert {path: seen.cut for path, seen in visits["file"].items() if seen.cut} == {}


def test_a_visit_notices(browser, tmp_path):
    """Else the tests above could pass for nothing."""
    (tmp_path / "x.html").write_text(
        "<html lang=en><title>x</title><link rel=icon href=data:,><article><h1>x</h1>"
        "<div class=math><mjx-math style='display: block; width: 900px'>wide</mjx-math></div>"
        "<img src=https://example.org/a.png alt=a style='width: 500px; height: 9px'></article>"
        "<script>setTimeout(() => console.error('late'))</script>"
    )
    seen = visited.visit(browser, (tmp_path / "x.html").as_uri())
    assert seen.outside == ["https://example.org/a.png"]
    assert "late" in seen.errors
    assert (seen.alts, seen.sideways, seen.cut) == (["a"], [390], ["wide"])
    assert {what.split()[1] for what in seen.ours} >= {"landmark-one-main"}


def test_formulas_are_set(browser, address):
    with open_page(browser) as (page, _):
        page.goto(f"{address}/{CONVOLUTION}")
        page.locator("mjx-container").first.wait_for()
        assert page.locator("mjx-container").count() > 30
        assert page.locator("mjx-merror").count() == 0


def test_every_slider_moves_its_picture_by_keyboard(browser, address):
    with open_page(browser) as (page, watch):
        page.goto(f"{address}/{CONVOLUTION}")
        for explorer in (".fe1", ".fe2"):
            widget = page.locator(".static-widget[data-ready]", has=page.locator(explorer))
            visited.settle(page)
            # σ belongs to the Gaussian: choose it, so that every slider has something to do.
            for select in widget.locator("select").all():
                if select.locator("option[value=gaussian]").count():
                    select.select_option("gaussian")
            for slider in widget.locator("input[type=range]").all():
                before = widget.screenshot(), slider.input_value()
                slider.focus()
                page.keyboard.press("ArrowRight")
                assert slider.input_value() != before[1]
                assert widget.screenshot() != before[0]
        assert watch.errors == []


def expected(stride: int) -> np.ndarray:
    """What the explorer's output must show first: sobel x on the cat, grey around zero."""
    cat = (255 * data.grey(data.photos()["cat"], 96)).byte().double() / 255
    kernel = reference.KERNELS["sobel x"].double()
    y = reference.conv2d(cat, kernel[None, None], stride=stride, padding=1)[0, 0]
    m = y.abs().max()
    return torch.round(255 * (y + m) / (2 * m)).numpy()


def test_the_page_computes_what_python_computes(browser, address):
    with open_page(browser) as (page, _):
        page.goto(f"{address}/{CONVOLUTION}")
        slider = page.locator(".fe2").get_by_label("Stride")
        visited.settle(page)
        for stride in (1, 2, 3):
            height, width, greys = page.evaluate(OUTPUT)
            shown = np.array(greys).reshape(height, width)
            want = expected(stride)
            assert shown.shape == want.shape
            assert np.abs(shown - want).max() <= 1  # one grey level: rounding
            slider.focus()
            page.keyboard.press("ArrowRight")


def test_search_finds_the_chapter(browser, address):
    with open_page(browser) as (page, _):
        page.goto(f"{address}/search.html?q=separable")
        page.locator("#search-results a").first.wait_for()
        found = page.eval_on_selector_all("#search-results a", "all => all.map((a) => a.href)")
        assert any("02_convolution" in href for href in found)
        assert any("glossary" in href for href in found)


def test_a_page_is_light(built_site):
    """A page and its own pictures: at most 1.2 MB over the wire; no source maps in the site."""
    for path in pages(built_site):
        own = [built_site / path, *images(built_site, path)]
        assert sum(len(gzip.compress(f.read_bytes())) for f in own) < 1_200_000, path
    assert not list(built_site.rglob("*.map"))


def test_print_leaves_the_navigation_out(browser, built_site):
    with open_page(browser) as (page, _):
        page.goto(f"{built_site.as_uri()}/{CONVOLUTION}")
        page.locator(".fe2").wait_for(state="attached")
        page.evaluate(SKIP)  # what stands below a question waits for a prediction
        page.emulate_media(media="print")
        assert not page.locator(".bd-sidebar-primary").is_visible()
        assert not page.locator(".fe2 .ptp-controls").is_visible()
        assert page.locator(".fe2-output canvas").is_visible()


def test_later_chapters_are_announced_in_one_place():
    texts = [p.read_text() for p in (ROOT / "book").iterdir() if p.suffix in (".md", ".ipynb")]
    assert sum("in preparation" in text for text in texts) == 1


def shows(page, what, tries=6):
    """Whether the page shows it, now or when it is loaded again.

    Of a book opened as a file Chromium now and then shows an empty storage just after a page
    was left, and has it again the next time. What counts is that nothing was lost.
    """
    for _ in range(tries):
        if what(page):
            return True
        page.wait_for_timeout(500)
        page.reload()
    return False


def exercises(course):
    source = course.source(CONVOLUTION.split("/")[1]).read_text()
    return len(re.findall(r"### Exercise \d", source))


def test_what_was_read_and_solved_is_remembered_in_this_browser(browser, address, course):
    def solved(page):
        return page.get_by_label("I have solved this").nth(2).is_checked()

    def marked(page):
        first = page.locator(".bd-links .reader-mark").first
        return first.count() and "✓ read, 1 done" in (first.text_content() or "")

    with open_page(browser) as (page, watch):
        page.goto(f"{address}/{CONVOLUTION}")
        assert page.get_by_label("I have solved this").count() == exercises(course)
        page.get_by_label("I have solved this").nth(2).check()
        page.locator(".prev-next-area").scroll_into_view_if_needed()
        page.locator(".reader-mark", has_text="read, 1 done").wait_for(state="attached")
        page.reload()
        assert shows(page, solved)
        page.goto(f"{address}/book/tasks.html")
        assert shows(page, marked)
        assert watch.outside == watch.errors == []


def test_two_tabs_of_the_book_agree_on_what_is_solved(browser, built_site):
    with serve(built_site) as url, browser.new_context() as context:
        page, other = context.new_page(), context.new_page()
        for tab in (page, other):
            tab.goto(f"{url}/{CONVOLUTION}")
        page.get_by_label("I have solved this").nth(2).check()
        other.locator(".reader-mark", has_text="1 done").wait_for(state="attached")
        assert other.get_by_label("I have solved this").nth(2).is_checked()
        other.get_by_label("I have solved this").nth(4).check()
        page.locator(".reader-mark", has_text="2 done").wait_for(state="attached")
        page.get_by_label("I have solved this").nth(2).uncheck()
        other.locator(".reader-mark", has_text="1 done").wait_for(state="attached")
        assert not other.get_by_label("I have solved this").nth(2).is_checked()
        assert other.get_by_label("I have solved this").nth(4).is_checked()


def test_words_of_the_glossary_explain_themselves(browser, built_site):
    with open_page(browser) as (page, _):
        page.goto(f"{built_site.as_uri()}/{CONVOLUTION}")
        titles = page.eval_on_selector_all("a.term-link", "all => all.map((a) => a.title)")
        assert len(titles) >= 3
        assert all(len(title) > 20 for title in titles)


def test_the_landing_page_sees_what_is_drawn(browser, address):
    """A one on the pad, moved: the network stays with it longer than the counts do."""
    with open_page(browser) as (page, watch):
        page.goto(f"{address}/book/index.html")
        pad = page.locator(".dp")
        visited.settle(page)
        pad.get_by_label("Start from").select_option("1")
        says = pad.locator(".dp-pad canvas")
        label = says.get_attribute("aria-label") or ""
        assert "The CNN says 1" in label
        assert "naive Bayes says 1" in label
        right = pad.get_by_label("Move right")
        right.focus()
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        label = says.get_attribute("aria-label") or ""
        assert "naive Bayes says 1" not in label
        pad.get_by_role("button", name="Clear").click()
        box = says.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"], steps=12)
        page.mouse.up()
        assert "The CNN says 1" in (says.get_attribute("aria-label") or "")
        assert watch.errors == []
