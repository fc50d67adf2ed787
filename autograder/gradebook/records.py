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
    """What lies in a student's folder: the bytes to grade, or why there are none.

    Attributes:
        files: small modules of the student's own, by name.
        status: of a submission without data.
        timestamp: what ``timestamp.txt`` says beside the notebook, as nbgrader writes it.
    """

    data: bytes | None
    reason: str = ""
    notes: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: str = ""
    status: Status = Status.MISSING


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

    @property
    def is_unread(self) -> bool:
        """Whether a person has still to read it, or to read it again."""
        return self.points is None or self.status is Status.MANUAL


@dataclass(frozen=True)
class Standing:
    """How a submission stands in the course's calendar and on its roster.

    Attributes:
        late_minutes: begun minutes; None where due date or time of handing in is not known.
        penalty: points that the late policy takes off the whole submission.
        due: with the student's extension, in UTC.
    """

    late_minutes: int | None = None
    penalty: float = 0.0
    extension_minutes: int = 0
    excused: bool = False
    left: bool = False
    reason: str = ""
    due: str = ""

    @property
    def counts(self) -> bool:
        """Whether it counts in means and is asked for."""
        return not (self.excused or self.left)

    @property
    def word(self) -> str:
        return "excused" if self.excused else "left" if self.left else ""

    def sentences(self) -> list[str]:
        """What a student is told; nothing where nothing is out of the ordinary."""
        said = []
        why = f" ({self.reason})" if self.reason else ""
        if self.excused:
            said.append(f"You are excused from this chapter{why}: it does not count.")
        if self.extension_minutes and self.due:
            said.append(f"Your extension{'' if self.excused else why} ends {self.due} UTC.")
        if self.late_minutes:
            text = f"Handed in {self.late_minutes} minutes after it was due ({self.due} UTC)"
            said.append(f"{text}: {self.penalty:g} points are taken off.")
        return said


@dataclass(frozen=True)
class Result:
    """What became of a submission.

    ``status`` is that of the whole: GRADED as soon as its cells could be run. ``standing`` is
    not kept with it: it is added where a class is looked at as a whole.
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
    standing: Standing = Standing()

    def data(self) -> dict:
        return {k: v for k, v in asdict(self).items() if k != "standing"}

    @classmethod
    def from_data(cls, data: dict) -> Result:
        grades = tuple(Grade(**{**g, "status": Status(g["status"])}) for g in data["grades"])
        fixed = {"status": Status(data["status"]), "notes": tuple(data["notes"])}
        return cls(**{**data, **fixed, "grades": grades})
