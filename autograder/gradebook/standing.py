"""How a submission stands in the course's calendar and on its roster.

nbgrader has places for due dates, extensions, times of handing in and penalties: they are in
the gradebook. What it has none for, excuses and the roster, is kept in ``.class.json`` beside
it, with the extensions of those who have handed in nothing yet.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import parse_utc

from autograder.gradebook import late, store
from autograder.gradebook.by_hand import notebook_of
from autograder.gradebook.records import Result, Standing

FILE = ".class.json"


@dataclass(frozen=True)
class Leave:
    """An extension or an excuse of a student; ``assignment`` is ``*`` for all chapters."""

    student: str
    assignment: str
    minutes: float | None = None
    until: str = ""  # UTC
    excused: bool = False
    reason: str = ""


@dataclass
class Register:
    """What was last given of a class; what is not given again stays.

    Attributes:
        due: by chapter, in UTC as nbgrader keeps it.
        policies: of lateness, by chapter (see ``late``).
        zone: the time zone of times that name none.
        leaves: extensions and excuses; None where none were ever given.
        roster: the students on it; None where none was ever given.
        left: students who were on an earlier roster, or have grades, and are not on this one.
    """

    due: dict[str, str] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    leaves: list[Leave] | None = None
    roster: list[str] | None = None
    left: list[str] = field(default_factory=list)

    def save(self, out: Path) -> None:
        store.write(out / FILE, json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, out: Path) -> Register:
        try:
            data = json.loads((out / FILE).read_text("utf-8"))
            leaves = data.pop("leaves")
            return cls(**data, leaves=leaves and [Leave(**entry) for entry in leaves])
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return cls()

    def of(self, student: str, assignment: str) -> Leave | None:
        """What was granted for this chapter, else for all."""
        found = {x.assignment: x for x in self.leaves or () if x.student == student}
        return found.get(assignment) or found.get(late.ANY)


def set_due(book: Gradebook, register: Register, assignments: Iterable[str]) -> None:
    """Write the due dates of the calendar where nbgrader has its own."""
    for name in set(assignments) & set(register.due):
        book.find_assignment(name).duedate = parse_utc(register.due[name])
    book.db.commit()


def set_times(book: Gradebook, result: Result, register: Register, handed_in: str) -> None:
    """Write when a submission was handed in, and its extension, as nbgrader keeps them."""
    notebook = notebook_of(book, result)
    if notebook is None:
        return
    submission = notebook.assignment
    submission.timestamp = moment(handed_in)
    if register.leaves is not None:
        due = submission.assignment.duedate
        submission.extension = extension(register.of(result.student, result.assignment), due)


def set_penalty(book: Gradebook, result: Result, stands: Standing) -> None:
    """Write the penalty where nbgrader takes it off."""
    notebook = notebook_of(book, result)
    if notebook is not None:
        notebook.late_submission_penalty = stands.penalty or None
        book.db.commit()


def extension(leave: Leave | None, due: datetime.datetime | None) -> datetime.timedelta | None:
    """How much later than all others; never earlier."""
    if leave is None or due is None:
        return None
    last = datetime.datetime.max - due  # 9999-12-31 means for ever
    if leave.until:
        return min(max(parse_utc(leave.until) - due, datetime.timedelta(0)), last) or None
    if not leave.minutes:
        return None
    return min(datetime.timedelta(minutes=min(leave.minutes, 1e9)), last) or None


def moment(text: str) -> datetime.datetime | None:
    """The time in a ``timestamp.txt``, in UTC without saying so, as nbgrader keeps it."""
    text = text.strip()
    if (
        not re.match(r"\d{4}", text) or len(text) > 100
    ):  # dateutil reads "7" as a day of this month
        return None
    try:
        return parse_utc(text)
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None


def ahead(text: str) -> str:
    """The time in a ``timestamp.txt`` that has not come yet, a day's slip of zones aside."""
    when = moment(text)
    tomorrow = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(1)
    return when.isoformat(" ", "minutes") if when and when > tomorrow else ""


def standing(book: Gradebook, result: Result, register: Register, points: float) -> Standing:
    """How the submission stands with so many points."""
    leave = register.of(result.student, result.assignment)
    notebook = notebook_of(book, result)
    if notebook is None:
        due, handed_in = _due(book, result.assignment), None
        more = extension(leave, due)
        due = due + more if due and more else due
    else:
        submission = notebook.assignment
        # nbgrader's own property fails for an extension where there is no due date
        due, handed_in = submission.assignment.duedate, submission.timestamp
        more = submission.extension
        due = due + more if due and more else due
    late_seconds = (handed_in - due).total_seconds() if due and handed_in else None
    taken = 0.0
    excused = bool(leave and leave.excused)
    if late_seconds is not None and late_seconds > 0 and not excused:
        policies = register.policies
        taken = late.penalty(policies, result.assignment, result.student, points, late_seconds)
    return Standing(
        late_minutes=None if late_seconds is None else math.ceil(max(late_seconds, 0) / 60),
        penalty=taken,
        extension_minutes=round(more.total_seconds() / 60) if more else 0,
        excused=excused,
        left=result.student in register.left,
        reason=leave.reason if leave else "",
        due=due.isoformat(" ", "minutes") if due else "",
    )


def _due(book: Gradebook, assignment: str) -> datetime.datetime | None:
    try:
        return book.find_assignment(assignment).duedate
    except MissingEntry:
        return None
