"""Grades one submission: plain data in, plain data out, nothing shared.

``grade`` is the unit that runs in a worker process, here or on another machine: its argument
holds everything it reads, its value everything it makes.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.utils import is_grade, is_task

from autograder import feedback, intake
from autograder.assignment import Assignment, answer_of
from autograder.converters import STUDENT, run
from autograder.execute import zygote
from autograder.sandbox.launch import Kind, SandboxError
from autograder.settings import COURSE_ID
from autograder.status import Status
from autograder.verdict import judge
from course_utils.course import CourseError


@dataclass(frozen=True)
class Limits:
    """Seconds for a cell and for a whole submission, and how its code is kept apart."""

    cell: int = 30
    wall: int = 300
    sandbox: Kind = Kind.BUBBLEWRAP


@dataclass(frozen=True)
class Task:
    """A submission to grade."""

    student: str
    assignment: Assignment
    handin: intake.Handin
    limits: Limits = Limits()


@dataclass(frozen=True)
class Grade:
    """One exercise of one student. ``points`` is None until a person has read it."""

    exercise: str
    points: float | None
    max_points: float
    status: Status
    reason: str

    @property
    def title(self) -> str:
        """The exercise as the student knows it."""
        return self.exercise.removeprefix("test_")


@dataclass(frozen=True)
class Result:
    """What became of a submission.

    ``status`` is that of the whole: GRADED as soon as its cells could be run.
    """

    student: str
    assignment: str
    status: Status
    reason: str
    notes: tuple[str, ...]
    grades: tuple[Grade, ...]
    comments: dict[str, str | None] = field(default_factory=dict)
    notebook: str = ""
    feedback: str = ""
    seconds: float = 0.0

    def data(self) -> dict:
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict) -> Result:
        grades = tuple(Grade(**{**g, "status": Status(g["status"])}) for g in data["grades"])
        fixed = {"status": Status(data["status"]), "notes": tuple(data["notes"])}
        return cls(**{**data, **fixed, "grades": grades})


def grade(task: Task) -> Result:
    """Grade one submission. Raises nothing that the submission could cause.

    Raises:
        SandboxError: there is no sandbox, or it died.
    """
    started = time.monotonic()
    if task.handin.data is None:
        return refused(task, Status.MISSING, task.handin.reason)
    submission = intake.read(task.handin.data, task.assignment.released())
    if submission.notebook is None:
        return refused(task, submission.status, submission.reason)
    sandbox = zygote(task.limits.sandbox)  # its failure is none of the submission
    notes = (*task.handin.notes, *submission.notes)
    submission.notebook.metadata[feedback.NOTES] = list(notes)
    with tempfile.TemporaryDirectory(prefix="grade-") as tmp:
        root = Path(tmp).resolve()
        gradebook = _scratch_course(root, task.assignment, submission.notebook)
        try:
            _autograde(root, task, gradebook)
            nb = _autograded(root, task.assignment.name)
            points, comments = _recorded(gradebook, task.assignment.name)
            page = feedback.render(root, task.assignment.name, gradebook)
        except CourseError as error:
            if not sandbox.alive() or "sandbox" in str(error):
                raise SandboxError(f"the sandbox failed: {error}") from None
            return refused(task, Status.ERROR, f"nbgrader could not grade this: {error}")
    return Result(
        student=task.student,
        assignment=task.assignment.name,
        status=Status.GRADED,
        reason="",
        notes=notes,
        grades=_grades(nb, points),
        comments=comments,
        notebook=nbformat.writes(nb),
        feedback=page,
        seconds=round(time.monotonic() - started, 2),
    )


def refused(task: Task, status: Status, reason: str) -> Result:
    """No points, and the reason why, for every exercise."""
    grades = (
        Grade(e.name, 0.0, e.max_points, status, reason) for e in task.assignment.exercises
    )
    return Result(
        student=task.student,
        assignment=task.assignment.name,
        status=status,
        reason=reason,
        notes=task.handin.notes,
        grades=tuple(grades),
        feedback=feedback.refusal(task.assignment.name, reason),
    )


def _scratch_course(root: Path, assignment: Assignment, notebook: NotebookNode) -> str:
    """A course folder with this one submission; the address of its gradebook."""
    name = assignment.name
    files = {
        "gradebook.db": assignment.gradebook,
        f"notebooks/{name}/{name}.ipynb": assignment.source,
        f"submitted/{STUDENT}/{name}/{name}.ipynb": nbformat.writes(notebook).encode(),
        **{f"notebooks/{name}/{file}": data for file, data in assignment.files.items()},
        **{f"modules/{file}": data for file, data in assignment.modules.items()},
    }
    for file, data in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return f"sqlite:///{root}/gradebook.db"


def _autograde(root: Path, task: Task, gradebook: str) -> None:
    execute = {
        "timeout": task.limits.cell,
        "wall_seconds": task.limits.wall,
        "sandbox": task.limits.sandbox.value,
        "modules": str(root / "modules"),
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


def _grades(nb: NotebookNode, points: dict[str, float | None]) -> tuple[Grade, ...]:
    answers = answer_of(nb)
    grades = []
    for cell in nb.cells:
        if not (is_grade(cell) or is_task(cell)):
            continue
        name = cell.metadata.nbgrader.grade_id
        status, reason = judge(cell, answers[name], points[name])
        max_points = float(cell.metadata.nbgrader.points)
        grades.append(Grade(name, points[name], max_points, status, reason))
    return tuple(grades)
