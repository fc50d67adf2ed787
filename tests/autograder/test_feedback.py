"""Feedback pages: what a student reads, and what no student may read."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbgrader.converters import GenerateFeedback

from autograder.execution.task import grade
from autograder.gradebook import book as gradebook
from autograder.gradebook import converters
from autograder.gradebook.assignment import Assignment
from autograder.gradebook.records import Handin, Limits, Task
from autograder.reports import sanitize
from autograder.reports.formula import mathml
from tests.autograder import tiny_course
from tests.autograder.graded_class import ANSWERS, Graded

SECRETS = ("autograder.hidden", "HIDDEN TESTS", "secret_probe", "secret rubric", "MARK SCHEME")


def test_a_page_names_properties_and_messages(graded: Graded) -> None:
    page = graded.feedback("partial")
    for part in ("Exercise: double", "doubles", "keeps integers", "integers became floats"):
        assert part in page
    assert "2 / 4" in page, "points of an exercise"
    assert "<b>4</b> of 9 points" in page, "points of the chapter"
    assert "a demo" not in page, "the lecture is left out"


def test_hidden_tests_are_on_no_page(graded: Graded) -> None:
    pages = list((graded.out / "feedback").rglob("*.html"))
    assert len(pages) == len(ANSWERS) + 3
    for page in pages:
        text = page.read_text("utf-8")
        assert not [secret for secret in SECRETS if secret in text], page


def test_stock_feedback_would_show_them(assignment: Assignment, tmp_path: Path) -> None:
    """The positive control of the test above: the same notebook, nothing cut."""
    data = tiny_course.answer(assignment.release, **ANSWERS["leaks"])
    result = grade(Task("leaks", assignment, Handin(data), Limits()))
    name = assignment.name
    root = tmp_path
    (root / "gradebook.db").write_bytes(assignment.gradebook)
    folder = root / "autograded" / converters.STUDENT / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(result.notebook)
    url = f"sqlite:///{root}/gradebook.db"
    with gradebook.opened(url) as book:
        book.update_or_create_student(converters.STUDENT)
        book.update_or_create_submission(name, converters.STUDENT)
    stock = {
        "GenerateFeedback": {
            "exporter_class": "nbconvert.exporters.HTMLExporter",
            "preprocessors": ["nbgrader.preprocessors.GetGrades"],
        },
        "HTMLExporter": {"preprocessors": [], "template_file": "index.html.j2"},
    }
    converters.run(GenerateFeedback, root, name, url, **stock)
    page = (root / "feedback" / converters.STUDENT / name / f"{name}.html").read_text()
    for secret in ("HIDDEN TESTS", "autograder.hidden"):
        assert secret in page
        assert secret not in result.feedback


def test_scripts_do_not_run(graded: Graded) -> None:
    page = graded.feedback("reflects")
    assert "<em>so</em>" in page
    assert "<script>alert" not in page
    assert "is read by a person" in page


@pytest.mark.parametrize(
    "bad",
    [
        "<script>x</script>",
        '<img src="x" onerror="x">',
        '<a href="javascript:x">y</a>',
        "<iframe src='x'></iframe>",
        "<form action='x'></form>",
        '<div style="background:url(x)">y</div>',
    ],
)
@pytest.mark.parametrize("clean", [sanitize.html, sanitize.markdown])
def test_the_sanitiser_leaves_nothing_that_acts(clean, bad: str) -> None:  # type: ignore[no-untyped-def]
    page = clean(bad)
    for tag in ("<script", "onerror=", 'href="javascript', "<iframe", "<form", "url("):
        assert tag not in page


def test_the_sanitiser_keeps_formatting_and_formulas() -> None:
    page = sanitize.markdown("> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$a < b$")
    for part in ("<blockquote>", "<th>a</th>", "<td>1</td>", "<mo>&lt;</mo>"):
        assert part in page


@pytest.mark.parametrize(
    "formula",
    [
        r"\text{<script>x</script>}",
        r"\href{javascript:x}{y}",
        r"\style{position:fixed}{y}",
        r"\def\a{\a\a}\a",
        "{" * 1500,
        r"\frac{" * 300,
        "x" * 9000,
    ],
)
def test_a_formula_is_harmless(formula: str) -> None:
    page = mathml(formula, display=True)
    assert page.startswith(("<math", "<code>"))
    for part in ("<script", "href=", "style=", "<img"):
        assert part not in page


@pytest.mark.parametrize("make", [sanitize.html, sanitize.markdown, sanitize.code])
@pytest.mark.parametrize(
    "unit",
    [
        *("<div>", "<a href=http://x>", "<b><p>", "<!--", "&amp;", "[", "![", "*", "> ", "`"),
        *("[a]: b\n", "- \n ", "~~a", "|a\n|-\n", "$a ", "\\begin{a}", "a.", '"""', "("),
        "\x1b[31m",
    ],
)
def test_what_is_long_or_deep_is_shown_plain(make, unit: str) -> None:  # type: ignore[no-untyped-def]
    """Of each kind as much as is laid out at all, and a little more."""
    full = sanitize.MAX_RICH // len(unit)
    assert len(make(unit * full)) <= sanitize.MAX_GROWTH * sanitize.MAX_RICH
    assert make(unit * (full + 2)).startswith("<pre>")


def test_deep_html_becomes_text() -> None:
    assert "<div>" not in sanitize.html("<div>" * 200)
    assert sanitize.html("<div>" * 20).count("<div>") == 20


def test_headings_of_a_student_are_lines() -> None:
    page = sanitize.without_headings(sanitize.markdown("# All points\n\n<h2 id=a>x</h2>"))
    assert page.count("<p><strong>") == 2
    assert "<h" not in page


def test_a_refused_file_gets_a_page_with_the_reason(graded: Graded) -> None:
    assert "The file is empty" in graded.feedback("empty")
