"""Grades one submission: plain data in, plain data out, nothing shared.

``grade`` is the unit that runs in a worker process, here or on another machine: its argument
holds everything it reads, its value everything it makes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.utils import is_grade, is_task

from autograder.execution import scratch
from autograder.execution.verdict import judge
from autograder.gradebook.assignment import Assignment, answer_of
from autograder.gradebook.converters import STUDENT, run
from autograder.gradebook.records import Grade, Result, Task
from autograder.gradebook.settings import COURSE_ID
from autograder.gradebook.status import Status
from autograder.intake.refusal import refused
from autograder.reports import feedback, plain
from autograder.sandbox.kind import SandboxError
from autograder.sandbox.warm import zygote
from course_utils import handin
from course_utils.course import CourseError


def grade(task: Task) -> Result:
    """The result of one submission, see ``stages``."""
    *_, result = stages(task)
    return result


def stages(task: Task) -> Iterator[Result]:
    """Grade one submission: its result without a page, if it can be graded, then the whole.

    Raises nothing that the submission could cause but a MemoryError.

    Raises:
        SandboxError: there is no sandbox, or it died.
    """
    started = time.monotonic()
    if task.handin.data is None:
        yield refused(task, task.handin.status, task.handin.reason)
        return
    submission = handin.read(task.handin.data, task.assignment.released())
    if submission.notebook is None:
        yield refused(task, Status(submission.status), submission.reason)
        return
    sandbox = zygote(task.limits.sandbox)  # its failure is none of the submission
    notes = (*task.handin.notes, *submission.notes)
    submission.notebook.metadata[feedback.NOTES] = list(notes)
    with scratch.folder() as root:
        gradebook = _scratch_course(
            root, task.assignment, submission.notebook, task.handin.files
        )
        try:
            _autograde(root, task, gradebook)
            nb = _autograded(root, task.assignment.name)
            points, comments = _recorded(gradebook, task.assignment.name)
        except SandboxError:
            raise
        except CourseError as error:
            if not sandbox.alive():
                raise SandboxError(f"the sandbox died: {error}") from None
            yield refused(task, Status.ERROR, f"nbgrader could not grade this: {error}")
            return
        result = Result(
            student=task.student,
            assignment=task.assignment.name,
            status=Status.GRADED,
            reason="",
            notes=notes,
            grades=_grades(nb, points, submission.asks),
            comments=comments,
            notebook=nbformat.writes(nb),
            seconds=round(time.monotonic() - started, 2),
        )
        yield result
        try:
            page = feedback.render(root, task.assignment.name, gradebook)
        except (CourseError, MemoryError):
            page = plain.page(result)
    yield replace(result, feedback=page, seconds=round(time.monotonic() - started, 2))


def _scratch_course(
    root: Path, assignment: Assignment, notebook: NotebookNode, own: dict[str, bytes]
) -> str:
    """A course folder with this one submission; the address of its gradebook.

    The student's own modules lie where nothing but the sandbox reads them.
    """
    name = assignment.name
    files = {
        "gradebook.db": assignment.gradebook,
        "release.ipynb": assignment.release.encode(),
        f"notebooks/{name}/{name}.ipynb": assignment.source,
        f"submitted/{STUDENT}/{name}/{name}.ipynb": nbformat.writes(notebook).encode(),
        **{f"notebooks/{name}/{file}": data for file, data in assignment.files.items()},
        **{f"modules/{file}": data for file, data in assignment.modules.items()},
        **{f"own/{file}": data for file, data in own.items() if file not in assignment.files},
    }
    for file, data in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return scratch.gradebook(root)


def _autograde(root: Path, task: Task, gradebook: str) -> None:
    execute = {
        "timeout": task.limits.cell,
        "wall_seconds": task.limits.wall,
        "sandbox": task.limits.sandbox.value,
        "modules": str(root / "modules"),
        "release": str(root / "release.ipynb"),
        "own": str(root / "own"),
    }
    run(Autograde, root, task.assignment.name, gradebook, SandboxedExecute=execute)


def _autograded(root: Path, name: str) -> NotebookNode:
    return nbformat.read(root / "autograded" / STUDENT / name / f"{name}.ipynb", as_version=4)


def _recorded(
    gradebook: str, name: str
) -> tuple[dict[str, float | None], dict[str, str | None]]:
    """nbgrader's automatic points and comments, by cell."""
    with Gradebook(gradebook, COURSE_ID) as book:
        notebook = book.find_submission_notebook(name, name, STUDENT)
        points = {g.name: g.auto_score for g in notebook.grades}
        comments = {c.name: c.auto_comment for c in notebook.comments}
    return points, comments


def _grades(
    nb: NotebookNode, points: dict[str, float | None], asks: dict[str, str]
) -> tuple[Grade, ...]:
    """What nbgrader found; a person looks where the intake asks for it and points are lost."""
    answers = answer_of(nb)
    grades = []
    for cell in nb.cells:
        if not (is_grade(cell) or is_task(cell)):
            continue
        name = cell.metadata.nbgrader.grade_id
        status, reason = judge(cell, answers[name], points[name])
        max_points = float(cell.metadata.nbgrader.points)
        if name in asks and points[name] != max_points:
            status, reason = Status.MANUAL, asks[name]
        grades.append(Grade(name, points[name], max_points, status, reason))
    return tuple(grades)
