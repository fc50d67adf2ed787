"""The results.json of one submission."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution, is_task

from autograder.execution.verdict import report_of
from autograder.gradebook.records import Grade, Result
from autograder.gradebook.status import Status
from course_utils.checks.report import Report, Verdict

_NUMBER = re.compile(r"^#+ Exercise (\d+(?:\.\d+)*)", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """What Gradescope shows of an exercise beside its grade."""

    number: str
    by_hand: bool


def exercises(release: NotebookNode) -> dict[str, Exercise]:
    """The exercises of a chapter by name, with the numbers of their headings."""
    found: dict[str, Exercise] = {}
    number = ""
    for cell in release.cells:
        if cell.cell_type == "markdown" and (heading := _NUMBER.search(cell.source)):
            number = heading[1]
        if is_grade(cell) or is_task(cell):
            by_hand = is_task(cell) or is_solution(cell)
            name = cell.metadata.nbgrader.grade_id
            found[name] = Exercise(number or str(len(found) + 1), by_hand)
            number = ""
    return found


def of_result(result: Result, known: dict[str, Exercise], hidden: str) -> dict:
    """A graded submission in Gradescope's form.

    Args:
        hidden: visibility of the hidden properties.
    """
    reports = _reports(result)
    tests: list[dict] = []
    for grade in result.grades:
        tests += _tests(grade, known[grade.exercise], reports.get(grade.exercise), hidden)
    automatic = [g for g in result.grades if not known[g.exercise].by_hand]
    told = [result.reason, *result.notes] if result.reason else list(result.notes)
    return {
        "score": round(sum(g.points or 0 for g in automatic), 2),
        "execution_time": round(result.seconds),
        "output": "\n".join(told) or "All cells were run.",
        "tests": tests,
        **_PLAIN,
    }


def failure(sentence: str) -> dict:
    """What stands for a submission that could not be graded."""
    return {"score": 0, "output": sentence, "tests": [], **_PLAIN}


# Names and messages hold what students wrote: never HTML or Markdown.
_PLAIN = {
    "visibility": "visible",
    "output_format": "text",
    "test_output_format": "text",
    "test_name_format": "text",
}


def _tests(
    grade: Grade, exercise: Exercise, report: Report | None, hidden: str
) -> Iterator[dict]:
    """The entries of one exercise: its properties where they were tried, else itself."""
    if exercise.by_hand:
        text = f"A person reads this answer and gives up to {grade.max_points:g} points."
        if grade.status is not Status.MANUAL:
            text += f" {grade.reason}"  # why there is nothing to read
        yield _entry(exercise.number, grade.title, text, "visible")
    elif report and math.isclose(report.points, grade.points or 0, abs_tol=0.01):
        for place, verdict in enumerate(report.verdicts, 1):
            visibility = hidden if verdict.hidden else "visible"
            name = f"{grade.title}: {verdict.name}"
            entry = _entry(f"{exercise.number}.{place}", name, verdict.message, visibility)
            yield entry | _score(verdict)
    else:
        passed = grade.points == grade.max_points
        yield _entry(exercise.number, grade.title, grade.reason, "visible") | {
            "score": grade.points or 0,
            "max_score": grade.max_points,
            "status": "passed" if passed else "failed",
        }


def _entry(number: str, name: str, output: str, visibility: str) -> dict:
    return {"number": number, "name": name, "output": output, "visibility": visibility}


def _score(verdict: Verdict) -> dict:
    return {
        "score": verdict.points if verdict.passed else 0,
        "max_score": verdict.points,
        "status": "passed" if verdict.passed else "failed",
    }


def _reports(result: Result) -> dict[str, Report]:
    """The reports in the autograded notebook, by exercise."""
    if not result.notebook:
        return {}
    cells = nbformat.reads(result.notebook, as_version=4).cells
    found = {c.metadata.nbgrader.grade_id: report_of(c) for c in cells if is_grade(c)}
    return {name: report for name, report in found.items() if report}
