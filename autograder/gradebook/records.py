"""A submission to grade and what became of it: plain data that can travel."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from autograder.gradebook.assignment import Assignment
from autograder.gradebook.status import Status
from autograder.sandbox.kind import Kind


@dataclass(frozen=True)
class Limits:
    """Seconds for a cell and for a whole submission, and how its code is kept apart."""

    cell: int = 30
    wall: int = 300
    sandbox: Kind = Kind.BUBBLEWRAP


@dataclass(frozen=True)
class Handin:
    """What lies in a student's folder: the bytes to grade, or why there are none."""

    data: bytes | None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A submission to grade."""

    student: str
    assignment: Assignment
    handin: Handin
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
