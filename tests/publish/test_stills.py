"""Without JavaScript a still and a sentence stand in each widget's place."""

from __future__ import annotations

import copy
import json

import pytest
import torch
from ipywidgets.embed import embed_data
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from course_utils.publish import build as building
from course_utils.publish import stills
from course_utils.publish.build import build
from course_utils.publish.execute import executed
from course_utils.publish.photograph import BYTES, photograph
from course_utils.widgets import DigitPad, FilterExplorer1D, FrameSlider
from tests.browser import open_page
from tests.publish.courses import CHAPTER, code, small_notebook, write_book

PAGE = f"notebooks/{CHAPTER}/{CHAPTER}.html"
SHOWS = """import torch
from course_utils.widgets import FilterExplorer1D, FrameSlider

FrameSlider(torch.eye(8).expand(2, 1, 8, 8), ["a diagonal", "it again"], label="Time")"""


def frames(last: str = "a wall") -> FrameSlider:
    return FrameSlider(torch.ones(2, 1, 4, 4), ["a door", last], label="Time")


def notebook(*widgets):
    """What the execution of a notebook that shows them leaves."""
    cells = []
    for widget in widgets:
        bundle, _ = widget._repr_mimebundle_()
        cells.append(new_code_cell(outputs=[new_output("display_data", data=bundle)]))
    state = embed_data(views=list(widgets), drop_defaults=False)["manager_state"]
    return new_notebook(cells=cells, metadata={"widgets": {stills.STATE: state}})


def figures(nb):
    """The figure below each widget."""
    return [cell.outputs[1].data["text/html"] for cell in nb.cells]


@pytest.fixture
def camera(monkeypatch):
    """Counts what is photographed, and does it without a browser."""
    taken = []

    def take(models, records):
        taken.extend(models)
        return {m: (b"webp", {"alt": "a door", "width": 4, "height": 3}) for m in models}

    monkeypatch.setattr(stills, "photograph", take)
    monkeypatch.setattr(stills, "find_chromium", lambda: "chromium")
    return taken


def test_the_sentence_is_the_widgets_own(camera, tmp_path):
    widget = frames()
    nb, files = stills.with_stills(notebook(widget), tmp_path, "../_static")
    (figure,) = figures(nb)
    assert f"<figcaption>{widget.describe()}</figcaption>" in figure
    assert widget.describe() == "Time 1: a door"
    assert f'src="../_static/stills/{files[0].name}" alt="a door" width="4"' in figure
    assert files[0].read_bytes() == b"webp"


def test_what_is_unchanged_is_not_rendered_again(camera, tmp_path):
    """Nor in another run, where the models have other names; a change in the state is one."""
    for _ in range(2):
        stills.with_stills(notebook(frames(), DigitPad(3)), tmp_path, "")
    assert len(camera) == 2
    stills.with_stills(notebook(frames("a window"), DigitPad(3)), tmp_path, "")
    stills.with_stills(notebook(frames(), DigitPad(4)), tmp_path, "")
    assert len(camera) == 4


def test_new_code_makes_a_new_still(camera, tmp_path):
    nb = notebook(frames())
    changed = copy.deepcopy(nb)
    for record in changed.metadata.widgets[stills.STATE]["state"].values():
        if "_esm" in record["state"]:
            record["state"]["_esm"] += "\n"
    for one in (nb, changed):
        stills.with_stills(one, tmp_path, "")
    assert len(camera) == 2


def test_without_chromium_the_sentence_stands_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(stills, "find_chromium", lambda: None)
    nb, files = stills.with_stills(notebook(frames()), tmp_path, "")
    assert files == []
    assert "<img" not in figures(nb)[0]
    assert "Time 1: a door" in figures(nb)[0]


def test_a_build_without_chromium_says_so_in_one_line(small_book, small_done, monkeypatch):
    said = []
    monkeypatch.setattr(building, "find_chromium", lambda: None)
    monkeypatch.setattr(building, "_run_jupyter_book", lambda *_: None)
    build(small_book, progress=said.append)
    assert [line for line in said if "Chromium" in line] == [stills.NO_CHROMIUM]


def test_a_browser_that_does_not_start_leaves_the_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CHROMIUM", "/bin/false")
    nb, files = stills.with_stills(notebook(frames()), tmp_path, "")
    assert files == []
    assert "<figcaption>Time 1: a door</figcaption>" in figures(nb)[0]


def test_stills_are_small_and_say_what_the_widget_says():
    """Here the browser is asked; of two widgets one is broken."""
    pad, broken, signal = DigitPad(7), frames(), FilterExplorer1D()
    nb = notebook(pad, broken, signal)
    records = json.loads(json.dumps(nb.metadata.widgets[stills.STATE]["state"]))
    ids = [stills._id(cell.outputs[0]) for cell in nb.cells]
    records[ids[1]]["state"]["_esm"] = "export default { render() { throw Error('no'); } }"
    taken = photograph(ids, records)
    assert set(taken) == {ids[0], ids[2]}
    for image, about in taken.values():
        assert len(image) <= BYTES
        assert about["width"] >= 160
    assert "The CNN says 7" in taken[ids[0]][1]["alt"]
    assert "The products sum to" in taken[ids[2]][1]["alt"]


# -- a built page -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lively_site(tmp_path_factory):
    nb = small_notebook()
    nb.cells += [code(SHOWS, "frames"), code("FilterExplorer1D()", "signal")]
    course = write_book(tmp_path_factory.mktemp("lively") / "course", nb)
    executed(course.source(CHAPTER), course.cache)
    return build(course).parent


def test_a_page_without_javascript_shows_stills(browser, lively_site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((lively_site / PAGE).as_uri())
    assert page.locator(".static-widget").count() == 0
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        shown = page.locator(".widget-still")
        assert shown.count() == 2
        for figure, words in zip(
            shown.all(), ("Time 1: a diagonal", "A signal, "), strict=True
        ):
            assert figure.locator("img").is_visible()
            assert figure.locator("figcaption").inner_text().startswith(words)
    sources = [img.get_attribute("src") for img in page.locator(".widget-still img").all()]
    context.close()
    for source in sources:
        file = (lively_site / PAGE).parent / source
        assert file.stat().st_size <= BYTES
        assert Image.open(file).format == "WEBP"


def test_with_javascript_the_widgets_take_their_place(browser, lively_site):
    with open_page(browser) as (page, watch):
        page.goto((lively_site / PAGE).as_uri())
        page.locator(".static-widget[data-ready]").nth(1).wait_for()
        assert page.locator(".widget-still").count() == 0
        page.emulate_media(media="print")
        assert page.locator(".fe1-figure").is_visible()
        assert watch.errors == watch.outside == []


def test_a_widget_that_cannot_start_leaves_its_still(browser, lively_site, tmp_path):
    broken = (lively_site / PAGE).read_text().replace("export default { render };", "throw 1;")
    page_file = (lively_site / PAGE).with_name("broken.html")
    page_file.write_text(broken)
    with open_page(browser) as (page, _):
        page.goto(page_file.as_uri())
        page.locator(".static-widget[data-failed]").nth(1).wait_for()
        assert page.locator(".widget-still").count() == 2
    page_file.unlink()
