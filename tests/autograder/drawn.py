"""A feedback page of a notebook that was never run: what its cells hold is given."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.gradebook import book as gradebook
from autograder.gradebook.assignment import Assignment
from autograder.gradebook.cells import is_test
from autograder.gradebook.converters import STUDENT
from autograder.reports import feedback
from autograder.reports.chapter import RELEASE
from course_utils.checks.report import Report, Verdict


def notebook(assignment: Assignment, reflection: str, outputs: list[NotebookNode]) -> str:
    """The graded notebook of a student who solved everything and printed ``outputs``."""
    nb = assignment.released()
    for cell in nb.cells:
        if cell.id == "double":
            cell.outputs = outputs
        elif cell.id == "reflection":
            cell.source = reflection
        elif is_test(cell):
            name = cell.metadata.nbgrader.grade_id.removeprefix("test_")
            cell.outputs = [_result(name, cell.metadata.nbgrader.points)]
    return nbformat.writes(nb)


def page(
    folder: Path, assignment: Assignment, reflection: str = "", outputs: list | None = None
) -> Path:
    """The page, written to a file that lies alone."""
    name = assignment.name
    place = folder / "autograded" / STUDENT / name / f"{name}.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text(notebook(assignment, reflection, outputs or []), "utf-8")
    (folder / RELEASE).write_text(assignment.release, "utf-8")
    (folder / "gradebook.db").write_bytes(assignment.gradebook)
    url = gradebook.address(folder / "gradebook.db")
    with gradebook.opened(url) as book:
        book.update_or_create_student(STUDENT)
        book.update_or_create_submission(name, STUDENT)
    mailed = folder / "mailed" / "page.html"
    mailed.parent.mkdir()
    mailed.write_text(feedback.render(folder, name, url), "utf-8")
    return mailed


def html(text: str) -> NotebookNode:
    return new_output("display_data", data={"text/html": text, "text/plain": "an object"})


def _result(name: str, points: float) -> NotebookNode:
    verdict = Verdict("does what it should", points, True, "", False)
    report = Report("1.1", name, points, [verdict])
    return new_output("execute_result", data=report.bundle(), execution_count=None)
