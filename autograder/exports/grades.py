"""What a finished grades folder holds, for every table that is made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.gradebook import book as gradebook
from autograder.gradebook import database, store
from autograder.gradebook.book import Row
from autograder.gradebook.records import Grade, Result, Standing
from autograder.gradebook.standing import Register
from course_utils.course import CourseError, UsageError, select


@dataclass(frozen=True)
class Total:
    """One assignment of one student."""

    result: Result
    grades: tuple[Grade, ...]

    @property
    def points(self) -> float:
        """The sum so far, without the penalty: what nobody has read yet counts as 0."""
        earned = sum(g.points or 0 for g in self.grades)
        return round(max(0.0, earned - self.result.standing.penalty), 2)

    @property
    def max_points(self) -> float:
        return sum(g.max_points for g in self.grades)

    @property
    def is_final(self) -> bool:
        return not any(g.is_unread for g in self.grades)


class Totals:
    """The totals of a class."""

    def __init__(self, rows: Sequence[Row], chapters: Sequence[str] = ()) -> None:
        """Take ``chapters`` alone, by name, number or topic; all when none is given."""
        known = sorted({result.assignment for result, _ in rows})
        self.assignments = tuple(sorted(select(known, chapters)))
        grades: dict[tuple[str, str], list[Grade]] = {}
        results: dict[tuple[str, str], Result] = {}
        for result, grade in rows:
            if result.assignment in self.assignments:
                place = result.student, result.assignment
                results[place] = result
                grades.setdefault(place, []).append(grade)
        self._totals = {p: Total(r, tuple(grades[p])) for p, r in results.items()}
        self.students = tuple(sorted({student for student, _ in self._totals}))

    def of(self, student: str, assignment: str, *, so_far: bool = False) -> Total | None:
        """The total that counts; None where there is none yet.

        Args:
            so_far: count what nobody has read yet as 0 points.
        """
        total = self._totals.get((student, assignment))
        return total if total and (total.is_final or so_far) else None

    def standing(self, student: str, assignment: str) -> Standing:
        """How the submission stands in the calendar and on the roster."""
        total = self._totals.get((student, assignment))
        return total.result.standing if total else Standing()

    def has_left(self, student: str) -> bool:
        """Whether the student is on the roster no longer."""
        return any(self.standing(student, a).left for a in self.assignments)

    def excused(self) -> list[str]:
        """``student (assignment)`` for all who are excused."""
        places = ((s, a) for s in self.students for a in self.assignments)
        return [f"{s} ({a})" for s, a in places if self.standing(s, a).excused]

    def max_points(self, assignment: str) -> float:
        return next(t.max_points for (_, a), t in self._totals.items() if a == assignment)


def read(folder: Path, url: str | None = None) -> list[Row]:
    """Every grade in a folder that ``course grade`` has filled, as it counts now.

    Args:
        url: address of the gradebook, default ``gradebook.db`` in the folder.

    Raises:
        UsageError: the folder holds no grades.
        CourseError: grading is under way or was never finished, or the gradebook is broken.
    """
    path = folder / "gradebook.db"
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    if not (folder / ".results").is_dir() or not (url or path.is_file()):
        raise UsageError(
            f"{folder} is no folder of grades: give the one that "
            f"course grade SUBMISSIONS --out {folder} has filled"
        )
    with store.lock(folder):
        if not (folder / "grades.csv").is_file():
            raise CourseError(
                f"the grading into {folder} was never finished: "
                "the same course grade command finishes it"
            )
        where = database.parse(url, folder.resolve())
        with (
            database.failures(f"the gradebook {database.shown(where)}"),
            gradebook.opened(database.address(where)) as book,
        ):
            register = Register.load(folder)
            rows = gradebook.final_grades(book, store.Results(folder), register)
    if not rows:
        raise CourseError(f"there are no grades in {folder}")
    return rows
