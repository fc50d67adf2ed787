"""The obvious command builds a book that shows no solution and calls no server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from course_utils.course import CourseError
from course_utils.publish.build import JUPYTER_BOOK, _what_went_wrong, build
from course_utils.publish.leaks import find_leaks, secrets_of
from course_utils.publish.sphinxext import outdated_notebooks
from tests.browser import open_page, serve
from tests.publish.courses import CHAPTER, code, small_notebook, write_book

PAGE = f"notebooks/{CHAPTER}/{CHAPTER}.html"


def sources(course):
    return [course.source(CHAPTER), course.root / "secret" / "hidden_small.py"]


def run_jupyter_book(course):
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(course.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# -- what the site holds ------------------------------------------------------------------


def test_the_page_shows_outputs_and_alt_texts(small_site):
    page = (small_site / PAGE).read_text()
    assert "What you should see" in page
    assert "doubles one" in page
    assert 'alt="the same pixel again"' in page


def test_the_download_is_the_students_notebook(small_site):
    page = (small_site / PAGE).read_text()
    link = re.search(r'href="([^"]*_sources/[^"]*\.ipynb)"', page)
    assert link, "no download button"
    target = (small_site / PAGE).parent / link.group(1)
    cells = json.loads(target.read_text())["cells"]
    assert any("NotImplementedError" in "".join(cell["source"]) for cell in cells)
    assert cells[2]["metadata"]["nbgrader"]["checksum"]
    assert (small_site / "_sources" / "book" / "index.md").is_file()


@pytest.mark.parametrize("how", ["file", "http"])
def test_the_download_button_saves_the_notebook(small_site, browser, how, tmp_path):
    """Of a book opened as a file, too, where Chromium would show JSON instead."""
    with serve(small_site) as http, open_page(browser) as (page, watch):
        page.goto(f"{http if how == 'http' else small_site.as_uri()}/{PAGE}")
        page.locator(".dropdown-download-buttons button").first.click()
        with page.expect_download() as saved:
            page.locator('a[href$=".ipynb"]').first.click()
        assert saved.value.suggested_filename == f"{CHAPTER}.ipynb"
        saved.value.save_as(tmp_path / "saved.ipynb")
        assert page.url.endswith(PAGE)
        assert not watch.errors
    source = small_site / "_sources" / "notebooks" / CHAPTER / f"{CHAPTER}.ipynb"
    assert (tmp_path / "saved.ipynb").read_bytes() == source.read_bytes()


def test_no_request_leaves_the_site_and_no_source_map_is_in_it(small_site):
    for page in small_site.rglob("*.html"):
        loaded = re.findall(
            r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]*)', page.read_text()
        )
        assert not loaded, page
    assert (small_site / "_static" / "mathjax" / "tex-mml-chtml.js").is_file()
    assert not list(small_site.rglob("*.map"))


# -- leaks --------------------------------------------------------------------------------


def test_no_leak(small_site, small_book):
    lines, words = secrets_of(sources(small_book))
    assert {"zebra_sum=x+x", "quokkasaredoubledtoo", "avoidstaysavoid"} <= set(lines)
    assert any("zebra_sum" in forms for forms in words)
    assert find_leaks(small_site, sources(small_book)) == []


@pytest.mark.parametrize(
    ("file", "text", "secret"),
    [
        (PAGE, "<span>zebra_sum</span> <b>=</b> x + <i>x</i>", "zebra_sum = x + x"),
        ("searchindex.js", '{"terms":{"zebra_sum":1}}', "zebra_sum"),
        ("_sources/x.ipynb", '["report += hidden_small.check(double)\\n"]', "report += hidden"),
        ("x.json", r'"see:\n    The \"wombat answer\" is"', None),
        ("x.json", r'"see:\nThe wombat answer is\nforty-two."', "The wombat answer"),
        ("x.html", "<td>quokkas are&#32;doubled too</td>", "quokkas are doubled too"),
        ("_static/x.js", "zebra_sum = x + x", "zebra_sum = x + x"),
    ],
)
def test_a_planted_secret_is_found(small_site, small_book, tmp_path, file, text, secret):
    target = tmp_path / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    found = [leak.secret.text for leak in find_leaks(tmp_path, sources(small_book))]
    assert any(text.startswith(secret) for text in found) if secret else found == []


def test_what_readers_have_anyway_is_no_secret(small_book, tmp_path):
    (tmp_path / "page.html").write_text("zebra_sum = x + x")
    prose = tmp_path / "prose.md"
    prose.write_text("We write `zebra_sum = x + x`.")
    assert find_leaks(tmp_path, sources(small_book))
    assert not find_leaks(tmp_path, sources(small_book), public=[prose])


def test_a_book_that_is_not_stripped_is_caught(small_book, small_done, tmp_path):
    """The positive control: the same book, built without our extension."""
    root = tmp_path / "course"
    shutil.copytree(small_book.root, root, ignore=shutil.ignore_patterns("_build", ".cache"))
    config = root / "_config.yml"
    lines = config.read_text().splitlines()
    config.write_text("\n".join(x for x in lines if "course_utils.publish.sphinxext" not in x))
    config.write_text(config.read_text().replace("local_extensions:", ""))
    run_jupyter_book(type(small_book)(root))
    leaks = find_leaks(root / "_build" / "html", sources(small_book))
    files = {str(leak.file) for leak in leaks}
    assert {PAGE, "searchindex.js", f"_sources/notebooks/{CHAPTER}/{CHAPTER}.ipynb"} <= files
    assert "zebra_sum" in str(leaks[0])


# -- errors -------------------------------------------------------------------------------


def test_a_broken_notebook_stops_the_plain_command(tmp_path):
    nb = small_notebook()
    nb.cells = [nb.cells[0], code("1 / 0", "broken", "raises-exception")]
    course = write_book(tmp_path, nb)
    done = run_jupyter_book(course)
    assert done.returncode != 0
    assert "cell broken (1 / 0): ZeroDivisionError" in done.stdout + done.stderr
    assert not (tmp_path / "_build" / "html" / PAGE).exists()
    with pytest.raises(CourseError, match="cell broken"):
        build(course)


def test_a_picture_without_alt_text_stops_the_build(tmp_path, small_book):
    nb = small_notebook()
    nb.cells = [nb.cells[0], nb.cells[4]]
    nb.cells[1].source = nb.cells[1].source.replace('{"alt": alt}', "{}")
    with pytest.raises(CourseError) as error:
        build(write_book(tmp_path, nb))
    head = str(error.value).split("All that Sphinx said")[0]
    assert "01_small.ipynb: cell picture" in head
    assert "no alt text" in head


def test_a_changed_helper_makes_the_page_anew(tmp_path):
    """Sphinx sees only the date of the notebook, which stays."""
    course = write_book(tmp_path)
    paths = {"chapter": course.source(CHAPTER), "prose": tmp_path / "book" / "index.md"}
    env = SimpleNamespace(
        found_docs=set(paths), doc2path=lambda name: str(paths[name]), srcdir=tmp_path
    )

    def outdated() -> list[str]:
        return outdated_notebooks(None, env, set(), set(), set())

    assert outdated() == ["chapter"]
    assert outdated() == []
    glossary = tmp_path / "book" / "glossary.md"
    glossary.write_text("```{glossary}\nstride\n  How far the window moves.\n```\n")
    assert outdated() == ["chapter"]
    assert outdated() == []
    helper = course.source(CHAPTER).with_name("checks_small.py")
    helper.write_text(helper.read_text() + "# new")
    assert outdated() == ["chapter"]


def test_the_lines_that_tell_of_trouble_come_first():
    output = "\x1b[91mreading\x1b[0m\nx.md:3: WARNING: no target\nfine\n"
    assert _what_went_wrong(output).startswith(":\n  x.md:3: WARNING: no target\n\nAll that")
    assert _what_went_wrong(None) == ": see above"
