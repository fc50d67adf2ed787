"""Readers and students see no solution, no hidden test and no report of one."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_output

from course_utils.checks.report import MIME, Report, Verdict
from course_utils.course import CourseError
from course_utils.publish.strip import NOTHING_LEFT, public_notebook, release_notebook
from tests.publish.courses import code, graded, small_notebook

SECRETS = ("zebra", "wombat", "quokka", "void stays", "hidden_small", "HIDDEN", "SOLUTION")


@pytest.fixture(scope="module")
def public(small_done):
    return public_notebook(small_done)


def by_id(nb, name):
    return next(cell for cell in nb.cells if cell.id == name)


def of_cells(*cells):
    nb = small_notebook()
    nb.cells = list(cells)
    return nb


@pytest.mark.parametrize("make", [public_notebook, release_notebook])
def test_nothing_secret_is_left(small_done, make):
    text = nbformat.writes(make(small_done))
    assert not [secret for secret in SECRETS if secret in text]
    assert "zebra" in nbformat.writes(small_done)  # and the original is as it was


def test_the_stub_raises_and_below_it_is_what_a_solution_shows(public):
    stub = by_id(public, "double")
    assert "raise NotImplementedError" in stub.source
    assert stub.outputs == []
    head, shown = public.cells[public.cells.index(stub) + 1 :][:2]
    assert head.source == "**What you should see**"
    assert shown.outputs[0].text == "42\n"
    assert shown.metadata.tags == ["remove-input"]
    assert shown.source  # myst-nb drops cells without


def test_a_report_keeps_its_visible_half(public):
    cell = by_id(public, "double-test")
    assert cell.metadata.tags == ["hide-input"]
    (output,) = cell.outputs
    assert "doubles one" in output.data["text/html"]
    assert "2 hidden properties are checked at grading" in output.data["text/html"]
    assert MIME not in output.data
    assert output.data["text/plain"] == "3.0"


def test_other_outputs_of_a_test_cell_are_dropped():
    cell = graded(code("report", "t"), "t", grade=True, locked=True, points=1)
    report = Report("1", "f", 1, [Verdict("secret", 1, False, "why", True)])
    cell.outputs = [
        new_output("stream", name="stdout", text="secret"),
        new_output("execute_result", data=report.bundle()),
        new_output("execute_result", data={"text/plain": "secret"}),
    ]
    stripped = public_notebook(of_cells(cell)).cells[0]
    assert "secret" not in json.dumps(stripped.outputs)
    assert "0 of 0" in stripped.outputs[0].data["text/html"]
    cell.outputs[1].data[MIME] = {"verdicts": 1}
    with pytest.raises(CourseError, match="not the data of a report"):
        public_notebook(of_cells(cell))


def test_warnings_and_tracebacks_are_dropped(public):
    assert by_id(public, "warns").outputs == []
    cell = code("1", "a")
    cell.outputs = [new_output("error", ename="E", evalue="v", traceback=["secret"])]
    assert public_notebook(of_cells(cell)).cells[0].outputs == []


def test_metadata_of_grading_is_gone_from_the_page(public):
    assert not [cell.id for cell in public.cells if "nbgrader" in cell.metadata]
    assert set(public.metadata) <= {"kernelspec", "language_info", "widgets"}


def test_every_picture_has_its_own_alt_text(public):
    options = [cell.metadata.get("mystnb", {}) for cell in public.cells]
    alts = [found.image.alt for found in options if "image" in found]
    assert alts == ["a red pixel", "the same pixel again"]
    assert len({cell.id for cell in public.cells}) == len(public.cells)
    nbformat.validate(public)


def test_the_text_of_a_picture_unfolds_below_it(public):
    for cell in public.cells:
        if cell.metadata.get("mystnb", {}).get("image"):
            alt = cell.metadata.mystnb.image.alt
            shown, fold, *_ = cell.outputs
            assert "image/png" in shown.data
            assert fold.data["text/html"].startswith('<details class="described"><summary>')
            assert f"<p>{alt}</p></details>" in fold.data["text/html"]
    nb = public_notebook(of_cells(picture(alt="more than <b>one</b> word")))
    told = nb.cells[0].outputs[1].data["text/html"]
    assert "<p>more than &lt;b&gt;one&lt;/b&gt; word</p>" in told


def picture(data=None, **metadata):
    cell = code("draw()", "fig")
    data = data or {"image/png": "AAAA", "text/plain": "<Figure>"}
    cell.outputs = [new_output("display_data", data=data, metadata=metadata)]
    return cell


def test_a_picture_without_alt_text_is_an_error():
    with pytest.raises(CourseError, match=r"cell fig \(draw\(\)\): a picture has no alt text"):
        public_notebook(of_cells(picture()))
    with pytest.raises(CourseError, match="no alt text"):
        public_notebook(of_cells(picture(alt="  ")))


def test_alt_text_may_come_from_three_places():
    in_cell = picture()
    in_cell.metadata["mystnb"] = {"image": {"alt": "by hand"}}
    for cell, alt in (
        (picture(alt="of  the\noutput"), "of the output"),
        (picture(**{"image/png": {"alt": "of the type"}}), "of the type"),
        (in_cell, "by hand"),
    ):
        assert public_notebook(of_cells(cell)).cells[0].metadata.mystnb.image.alt == alt


def test_what_a_page_shows_in_place_of_a_picture_needs_no_alt_text():
    public_notebook(of_cells(picture({"image/png": "AAAA", "text/html": "<b>x</b>"})))


# -- the student's notebook ---------------------------------------------------------------


def test_run_all_goes_on_after_unsolved_cells(small_done):
    tags = {c.id: c.metadata.get("tags", []) for c in release_notebook(small_done).cells}
    assert [name for name, t in tags.items() if "raises-exception" in t] == [
        "double",
        "double-test",
    ]


def test_no_outputs_and_no_trace_of_the_run(small_done):
    nb = release_notebook(small_done)
    assert not [c for c in nb.cells if c.get("outputs") or c.get("execution_count")]
    assert "course" not in nb.metadata


def test_cut_tests_leave_no_gap(small_done):
    source = by_id(release_notebook(small_done), "double-test").source
    assert source == "report = checks_small.check(double)\n\nreport"


def test_a_test_that_is_hidden_as_a_whole_stays_as_a_comment():
    text = "### BEGIN HIDDEN TESTS\nassert quokka\n### END HIDDEN TESTS\n"
    cell = graded(code(text, "t"), "t", grade=True, locked=True, points=1)
    for make in (public_notebook, release_notebook):
        assert make(of_cells(cell)).cells[0].source == NOTHING_LEFT


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (code("### BEGIN SOLUTION\n1\n### END SOLUTION", "a"), "non-solution cell"),
        (graded(code("### BEGIN SOLUTION\n1", "a"), "a", solution=True), "no end solution"),
        (code("### BEGIN HIDEN TESTS\n1", "a"), "would be published"),
        (code("# begin hidden tests\n1", "a"), "would be published"),
        (code("from autograder.hidden import x", "a"), "would be published"),
    ],
)
@pytest.mark.parametrize("make", [public_notebook, release_notebook])
def test_a_wrong_marker_is_an_error(cell, message, make):
    with pytest.raises(CourseError, match=message):
        make(of_cells(cell))


def test_broken_grading_metadata_is_an_error():
    twice = [graded(code("1", name), "same", solution=True) for name in "ab"]
    with pytest.raises(CourseError, match="CheckCellMetadata"):
        release_notebook(of_cells(*twice))
