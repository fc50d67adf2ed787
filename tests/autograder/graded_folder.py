"""A grades folder as ``course grade`` leaves it, made without running anything."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.answers.convolution import ANSWERS
from autograder.gradebook import store
from autograder.gradebook.records import Result
from autograder.gradebook.status import Status
from autograder.sample import CHAPTER, solved
from course_utils.checks.report import MIME, Report
from course_utils.course import Course
from course_utils.publish.release import released_text

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)


@lru_cache
def _released() -> str:
    return released_text(COURSE.source(CHAPTER))


def release() -> NotebookNode:
    return nbformat.reads(_released(), as_version=4)


def source(exercise: str, name: str) -> str:
    """An answer of the bank."""
    return next(a.source for a in ANSWERS if (a.exercise, a.name) == (exercise, name))


def hand_in(out: Path, student: str, notes: tuple[str, ...] = (), **answers: str) -> Path:
    """Add a student with these functions in the solution cells."""
    return keep(out, student, solved(release(), answers), notes)


def keep(out: Path, student: str, nb: NotebookNode, notes: tuple[str, ...] = ()) -> Path:
    """Add a student with this autograded notebook."""
    text = nbformat.writes(nb)
    path = out / "autograded" / student / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    result = Result(student, CHAPTER, Status.GRADED, "", notes, (), notebook=text)
    store.Results(out).save("key", result)
    return path


def cell(nb: NotebookNode, grade_id: str) -> NotebookNode:
    return next(
        c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def show_report(test: NotebookNode, report: Report) -> None:
    """What IPython stores when the report is the last value of a test cell."""
    test.outputs = [new_output("execute_result", {MIME: report.data()}, execution_count=1)]
