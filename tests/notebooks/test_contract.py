"""What every chapter keeps: the contract of an exercise, of figures, of time and memory."""

from __future__ import annotations

import ast
import importlib
import re

import nbformat
import pytest

from autograder.answers.bank import Answer
from course_utils.checks import CHAPTERS
from course_utils.course import Course
from course_utils.publish.execute import kept_run
from course_utils.publish.strip import release_notebook
from tests.conftest import ROOT

MEGABYTES = 3000  # of a chapter; its seconds are measured by benchmarks/notebooks.py
HEADING = re.compile(r"^### Exercise (\d+\.\d+) · (.+)$", re.MULTILINE)
FACTS = re.compile(
    r"^\*\*(\d+) points? · (\d+) minutes · difficulty [●○]{3}( · [\w ]+)?\*\*$", re.MULTILINE
)
REFERENCE = "course_utils.reference."
NAMES = Course(ROOT).chapters()


@pytest.fixture(params=NAMES)
def chapter(request) -> str:
    return request.param


@pytest.fixture
def source(chapter, course):
    return nbformat.read(course.source(chapter), as_version=4)


def graded(nb):
    return [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade")]


def exercises(nb):
    """Heading number, points in the text, and the cells up to the next heading."""
    found = []
    for n, cell in enumerate(nb.cells):
        if cell.cell_type == "markdown" and (head := HEADING.search(cell.source)):
            found.append((head.group(1), cell, nb.cells[n + 1 : n + 3]))
    return found


def modules(nb):
    """What a notebook imports, ``from a import b`` as a.b."""
    code = "\n".join(c.source for c in nb.cells if c.cell_type == "code")
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_chapter_has_its_rooms(chapter, source):
    """A chapter about several methods shows the reference of each."""
    topic = chapter.split("_", 1)[1]
    assert topic in CHAPTERS
    shown = {m.split(".")[2] for m in modules(source) if m.startswith(REFERENCE)}
    assert topic in shown or len(shown) > 1
    for module in shown:
        importlib.import_module(f"{REFERENCE}{module}")
    for room in ("course_utils.checks", "autograder.hidden"):
        importlib.import_module(f"{room}.{topic}")
    bank = importlib.import_module(f"autograder.answers.{topic}").ANSWERS
    assert all(isinstance(a, Answer) for a in bank)


def test_every_exercise_has_points_minutes_difficulty_and_hints(source):
    found = exercises(source)
    assert len(found) >= 6
    for number, cell, rest in found:
        facts = FACTS.search(cell.source)
        assert facts, f"exercise {number} lacks its line of points, minutes and difficulty"
        (cells,) = [[c for c in rest if c.metadata.get("nbgrader", {}).get("grade")]]
        assert float(facts.group(1)) == cells[0].metadata.nbgrader.points, number
        if cells[0].cell_type == "code":
            assert cell.source.count("<summary>Hint") >= 2, number
            assert "Example" in cell.source, number


def test_points_agree_with_checks_and_with_the_opening_card(source, chapter):
    checks = importlib.import_module(f"course_utils.checks.{chapter.split('_', 1)[1]}")
    total = 0.0
    for cell in graded(source):
        total += cell.metadata.nbgrader.points
        if cell.cell_type == "code":
            name = cell.metadata.nbgrader.grade_id.removeprefix("test_")
            assert getattr(checks, name).points == cell.metadata.nbgrader.points, name
    assert f"| **Points** | {total:g}:" in source.cells[0].source


def test_test_cells_hold_no_test_logic(source):
    for cell in graded(source):
        if cell.cell_type == "code":
            name = cell.metadata.nbgrader.grade_id.removeprefix("test_")
            topic = name and re.search(r"checks\.(\w+)\.", cell.source).group(1)
            assert cell.source.splitlines() == [
                "from course_utils import checks",
                "",
                f"report = checks.{topic}.{name}({name})",
                "### BEGIN HIDDEN TESTS",
                f"from autograder.hidden import {topic} as hidden",
                "",
                f"report += hidden.{name}({name})",
                "### END HIDDEN TESTS",
                "report",
            ]


def test_one_reflection_is_graded_by_a_person_with_a_rubric(source):
    manual = [c for c in graded(source) if c.cell_type == "markdown"]
    assert len(manual) == 1
    assert "### BEGIN MARK SCHEME" in manual[0].source
    assert "one point each" in manual[0].source
    points = manual[0].metadata.nbgrader.points
    for earned in (points, points / 2):
        assert f"#### Model answer, {earned:g} of {points:g} points\n" in manual[0].source


def test_the_flow_has_its_stations(source):
    text = "\n".join(c.source for c in source.cells if c.cell_type == "markdown")
    for station in ("You will be able to", "**Time**", "**You need**", "Follows the slides",
                    "Notation of this chapter", "## Failure gallery",
                    "## Summary", "## Further reading"):  # fmt: skip
        assert station in text, station


def test_every_picture_has_an_alt_text(executed_chapter, chapter):
    pictures = 0
    for cell in executed_chapter(chapter).cells:
        for output in cell.get("outputs", []):
            for mime in {"image/png", "image/jpeg"} & set(output.get("data", {})):
                pictures += 1
                assert len(output.metadata[mime]["alt"].split()) >= 8, cell.id
    assert pictures >= 5


def test_the_budget_of_memory_is_kept(executed_chapter, chapter):
    assert 0 < executed_chapter(chapter).metadata["course"]["peak_mb"] <= MEGABYTES


def test_the_solutions_earn_full_marks_and_say_so(executed_chapter, chapter):
    cells = [c for c in graded(executed_chapter(chapter)) if c.cell_type == "code"]
    for cell in cells:
        (result,) = [o for o in cell.outputs if o.output_type == "execute_result"]
        assert float(result.data["text/plain"]) == cell.metadata.nbgrader.points


def test_cells_for_nbval_exist_and_store_text(source):
    tagged = [c for c in source.cells if "nbval-check-output" in c.metadata.get("tags", [])]
    assert len(tagged) >= 3
    assert all(c.outputs for c in tagged)


def test_the_unsolved_notebook_runs_to_its_end(source, chapter, course):
    """Only cells of exercises raise, and they raise NotImplementedError."""
    folder = course.cache / "unsolved"
    stubs = "NotImplementedError"
    released = release_notebook(source, course.root / "book" / "references.bib")
    nb = kept_run(course.source(chapter), released, folder, may_raise=stubs)
    raised = {}
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raised[cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)] = (
                    output.ename
                )
    code = [c for c in nb.cells if c.cell_type == "code" and "nbgrader" in c.metadata]
    assert set(raised) == {c.metadata.nbgrader.grade_id for c in code}
    assert set(raised.values()) == {stubs}
