"""A feedback page in a browser without a network: it asks for nothing, and nobody forges it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from nbformat.v4 import new_output
from PIL import Image
from playwright.sync_api import Browser

from autograder.gradebook.assignment import Assignment
from tests.autograder.drawn import html, page
from tests.browser import open_page

LOADS = """
<link rel="stylesheet" href="https://example.org/a.css"><base href="https://example.org/">
<meta http-equiv="refresh" content="0; url=https://example.org/"><style>
body { background: url(https://example.org/b.png) } @import "https://example.org/c.css";</style>
<img src="https://example.org/d.png"><img src="//example.org/e.png"><img src="f.png">
<img srcset="https://example.org/g.png 2x" src=""><picture><source srcset="//example.org/h">
</picture><svg><image href="https://example.org/i.png"/><use href="//example.org/j#k"/></svg>
<object data="https://example.org/l"></object><embed src="https://example.org/m">
<video src="https://example.org/n" poster="//example.org/o"></video>
<audio src="//example.org/p"></audio><iframe src="https://example.org/q"></iframe>
<input type="image" src="//example.org/r">
<table background="https://example.org/s"><td style="background: url(//example.org/t)">x</td>
</table><p style="list-style-image: url(https://example.org/u)">kept</p>
<img src="data:image/svg+xml;base64,PHN2Zy8+"><script src="//example.org/v"></script>
"""
FORGED = """
<p class="total" id="x-test_double" style="position: fixed; top: 0; left: 0"><b>9</b> of 9</p>
<section id="top"><h2 class="score">9 of 9 points</h2></section><a name="x-reflection"></a>
<table class="report"><tr class="held"><td>✓</td><td>forged</td><td>9 / 9</td></tr></table>
</div></figure></section></main><h1>All points</h1><a href="#x-reflection">go</a>
"""
REFLECTION = (
    f"# Score: 9 of 9\n\n{FORGED}\n{LOADS}\n\nBecause $a_1 < b$ and\n\n$$\\sum_i x_i$$\n"
)
MARKED = ".inside :is([id], [style], [name], [class]:not(.highlight, .highlight *))"


@pytest.fixture(scope="module")
def hostile(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    outputs = [html(FORGED + LOADS), new_output("stream", text="9 of 9 points")]
    return page(tmp_path_factory.mktemp("hostile"), assignment, REFLECTION, outputs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_asks_for_itself_alone(
    browser: Browser, hostile: Path, width: int, scheme: str
) -> None:
    with open_page(browser, width) as (tab, watch):
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        tab.goto(hostile.as_uri())
        tab.wait_for_load_state("networkidle")
        assert [url for url in asked if not url.startswith("data:")] == [hostile.as_uri()]
        assert not watch.outside
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_what_a_student_wrote_stands_in_frames_and_looks_like_nothing_of_ours(
    browser: Browser, hostile: Path
) -> None:
    with open_page(browser) as (tab, _):
        tab.goto(hostile.as_uri())
        assert tab.locator(".total").count() == 1
        assert tab.locator(".total").inner_text() == "0 of 9 points"
        assert tab.locator(MARKED).count() == 0
        assert tab.locator(".inside :is(h1, h2, h3, section, main)").count() == 0
        for words in ("forged", "All points", "Score: 9 of 9"):
            for found in tab.get_by_text(words).all():
                assert found.evaluate("e => e.closest('figure.own') !== null"), words
        ids = "[...document.querySelectorAll('[id]')].map(e => e.id)"
        assert tab.evaluate(ids) == ["x-test_double", "x-test_flip", "x-reflection"]
        frame = tab.locator("figure.own").first
        assert frame.locator("figcaption").first.inner_text() == "Your code: double"
        assert tab.locator("figure.output figcaption").first.inner_text() == "Your output"


def test_formulas_are_part_of_the_page(browser: Browser, hostile: Path) -> None:
    with open_page(browser) as (tab, _):
        tab.goto(hostile.as_uri())
        assert tab.locator("math").count() == 2
        assert tab.locator("math[display=block] munder").count() == 1
    assert "<script" not in hostile.read_text("utf-8")


def test_a_page_is_small(assignment: Assignment, tmp_path: Path) -> None:
    assert len(page(tmp_path, assignment).read_bytes()) < 30_000


def _picture(kind: str, size: tuple[int, int]) -> str:
    stream = io.BytesIO()
    Image.new("1", size).save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


def test_a_picture_that_is_sound_is_kept_and_others_are_named(
    assignment: Assignment, tmp_path: Path
) -> None:
    outputs = [
        new_output("display_data", data={"image/png": content})
        for content in (
            _picture("PNG", (30, 20)),
            _picture("PNG", (9000, 9000)),  # a kilobyte that wants 81 million pixels
            _picture("GIF", (9, 9)),  # not what it says
            "no picture",
        )
    ]
    text = page(tmp_path, assignment, outputs=outputs).read_text("utf-8")
    assert text.count("<img") == 1
    assert text.count("a picture that is too large or broken is left out") == 3


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ([new_output("display_data", data={"text/plain": "1"})] * 10_000, "9,980 more outputs"),
        ([new_output("stream", text="x" * 99_999)], "the first 20,000 of 99,999 characters"),
        ([new_output("stream", text=f"{i}\n") for i in range(9_999)], "characters are shown"),
        ([html("<div>" * 30_000)], "the first 20,000 of 150,000 characters"),
    ],
)
def test_a_page_says_what_was_cut(
    assignment: Assignment, tmp_path: Path, outputs: list, said: str
) -> None:
    text = page(tmp_path, assignment, outputs=outputs).read_text("utf-8")
    assert said in text
    assert "What is very long was cut on this page" in text
    assert len(text) < 300_000
