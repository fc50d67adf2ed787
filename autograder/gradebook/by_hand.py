"""What people entered in formgrader, and which answer they had read when they did.

nbgrader keeps points, extra credit and comments by exercise, and not for which answer they
were meant. Here each is noted with a digest of that answer's source: it is asked for again
when that has changed, and for no other reason.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.utils import is_grade, is_solution, is_task

from autograder.gradebook.cells import EXTRA
from autograder.gradebook.records import Grade, Result
from autograder.gradebook.status import Status

NO_ANSWER = ""
UNKNOWN = "?"


@dataclass(frozen=True)
class ByHand:
    """What a person entered for one exercise, or as a comment on an answer's cell.

    Attributes:
        score: in place of the automatic points.
        read_again: the answer has changed since.
        exercise: the one that the cell belongs to.
        answer: digest of the answer that the person had read.
        seen: the day on which this was found here; it was entered then or before.
    """

    score: float | None
    extra: float
    comment: str
    read_again: bool
    exercise: str
    answer: str = UNKNOWN
    seen: str = ""

    def same_entry(self, other: ByHand) -> bool:
        """Whether nobody has entered or confirmed anything since ``other`` was found."""
        mine = self.score, self.extra, self.comment
        if mine != (other.score, other.extra, other.comment):
            return False
        return self.read_again or not other.read_again


Entries = dict[str, ByHand]


def notebook_of(book: Gradebook, result: Result) -> SubmittedNotebook | None:
    """What the gradebook has of a submission."""
    try:
        return book.find_submission_notebook(
            result.assignment, result.assignment, result.student
        )
    except MissingEntry:
        return None


def entries(book: Gradebook, result: Result, owners: Mapping[str, str]) -> Entries:
    """What people entered for a submission, by cell; empty for one that is not there.

    Args:
        owners: the exercise of an answer's cell that gives no points itself.

    Returns:
        Entries that are to be read again where nbgrader asks for a person at all.
    """
    notebook = notebook_of(book, result)
    if notebook is None:
        return {}
    grades = {g.name: g for g in notebook.grades}
    comments = {c.name: c.manual_comment or "" for c in notebook.comments}
    found = {}
    for name in dict.fromkeys([*grades, *comments]):
        exercise = name if name in grades else owners.get(name, name)
        asked = exercise not in grades or bool(grades[exercise].needs_manual_grade)
        score = grades[name].manual_score if name in grades else None
        extra = float(grades[name].extra_credit or 0) if name in grades else 0.0
        comment = comments.get(name, "")
        if score is not None or extra or comment:
            found[name] = ByHand(score, extra, comment, asked, exercise)
    return found


def enter(book: Gradebook, result: Result, entered: Entries) -> None:
    """Enter by program what people entered elsewhere."""
    notebook = notebook_of(book, result)
    if notebook is None:
        return
    for grade in notebook.grades:
        if entry := entered.get(grade.name):
            grade.manual_score, grade.extra_credit = entry.score, entry.extra or None
            unread = entry.score is None and grade.auto_score is None
            grade.needs_manual_grade = entry.read_again or unread
    for comment in notebook.comments:
        if comment.name in entered:
            comment.manual_comment = entered[comment.name].comment
    book.db.commit()


def overlay(grade: Grade, entered: Entries) -> Grade:
    """The grade as it counts, with what a person entered."""
    entry = entered.get(grade.exercise) or ByHand(None, 0.0, "", False, grade.exercise)
    points = grade.points if entry.score is None else entry.score
    if points is None:
        return grade  # extra credit or a comment, and still nobody has given points
    points += entry.extra
    again = [e for e in entered.values() if e.exercise == grade.exercise and e.read_again]
    if again:
        when = f" (on {again[0].seen} or before)" if again[0].seen else ""
        reason = f"The answer changed after a person had graded it{when}: read it again."
        return replace(grade, points=points, status=Status.MANUAL, reason=reason)
    if entry.score is not None:
        reason = entry.comment or "graded by hand"
        return replace(grade, points=points, status=Status.GRADED, reason=reason)
    extra = f"{entry.extra:g} extra by hand" if entry.extra else ""
    parts = (grade.reason, extra, entry.comment)
    return replace(grade, points=points, reason="; ".join(filter(None, parts)))


# -- which answer was read -----------------------------------------------------------------


def answers(notebook: str) -> dict[str, str]:
    """A digest of each answer's source in an autograded notebook, by the names of its cells."""
    digests = {}
    for exercise, cells in _answer_cells(notebook).items():
        digest = hashlib.sha256("\0".join(_plain(c) for c in cells).encode())
        names = [c.metadata.nbgrader.grade_id for c in cells if is_solution(c)]
        digests.update(dict.fromkeys([exercise, *names], digest.hexdigest()[:20]))
    return digests


def _answer_cells(notebook: str) -> dict[str, list[NotebookNode]]:
    """A text's own cell; of code the answer's cell and own code up to what gives the points."""
    found: dict[str, list[NotebookNode]] = {}
    since: list[NotebookNode] = []
    for cell in nbformat.reads(notebook, as_version=4).cells if notebook else ():
        own = cell.get("id", "").startswith(EXTRA)
        if is_solution(cell) or (own and cell.cell_type == "code"):
            since.append(cell)
        if is_grade(cell) or is_task(cell):
            text = is_solution(cell)  # the student's text beside it was gathered into it
            found[cell.metadata.nbgrader.grade_id] = [cell] if text else since
            since = []
    return found


def _plain(cell: NotebookNode) -> str:
    """Without what editors change by themselves: ends of lines, empty lines, wraps."""
    if cell.cell_type != "code":
        return " ".join(cell.source.split())
    return "\n".join(line.rstrip() for line in cell.source.splitlines() if line.strip())


def note(now: Entries, before: Entries, read: Mapping[str, str]) -> Entries:
    """``now`` with the answers that people had read.

    Args:
        before: as it was noted last time.
        read: digests of the answers that formgrader has shown since.
    """
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    known = as_noted(now, before)
    new = {
        name: replace(entry, answer=read.get(name, NO_ANSWER), seen=today)
        for name, entry in known.items()
        if entry.answer == UNKNOWN and not entry.read_again
    }
    return {**known, **new}


def as_noted(now: Entries, before: Entries) -> Entries:
    """``now``; what is in question and which answer was read, as in ``before``."""
    noted = {}
    for name, entry in now.items():
        old = before.get(name)
        if old and entry.same_entry(old):
            again = entry.read_again and old.read_again
            noted[name] = replace(entry, read_again=again, answer=old.answer, seen=old.seen)
        else:
            # An earlier version asked for hand grades again and noted nothing.
            again = old is None and entry.read_again and entry.score is not None
            noted[name] = replace(entry, read_again=again)
    return noted


def moved(noted: Entries, old: Mapping[str, str], new: Mapping[str, str]) -> Entries:
    """``noted`` where the grader has laid out the same file anew: the answers are the same."""
    return {
        name: replace(entry, answer=new.get(name, NO_ANSWER))
        if entry.answer == old.get(name, NO_ANSWER)
        else entry
        for name, entry in noted.items()
    }


def changed(noted: Entries, new: Mapping[str, str]) -> set[str]:
    """The names for which a person read another answer than that of now."""
    return {n for n, entry in noted.items() if entry.answer != new.get(n, NO_ANSWER)}


def dumped(noted: Entries) -> dict[str, dict]:
    return {name: vars(entry) for name, entry in sorted(noted.items())}


def loaded(data: object) -> Entries:
    """The reverse; nothing of a record that an earlier version wrote."""
    try:
        return {n: ByHand(**e) for n, e in json.loads(json.dumps(data)).items()}
    except (AttributeError, TypeError):
        return {}
