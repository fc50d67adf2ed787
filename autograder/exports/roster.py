"""The gradebook that Canvas exports, read to find students in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.intake import tables
from course_utils.course import UsageError

KEYS = ("SIS Login ID", "SIS User ID", "ID")  # in this order a student is looked for
_TITLE = re.compile(r"(?P<title>.+?)\s*\(\d+\)")  # "Homework 2 (4711)"


@dataclass(frozen=True)
class Roster:
    """Header and students' rows of the file.

    Attributes:
        info: number of the columns that say who a student is: those up to "Section".
    """

    header: list[str]
    students: list[list[str]]
    points_possible: list[str]
    info: int

    @property
    def assignments(self) -> list[str]:
        """Columns of assignments, ``Homework 2 (4711)``; totals have no number."""
        return [name for name in self.header[self.info :] if _TITLE.fullmatch(name)]

    def cell(self, row: list[str], column: str) -> str:
        """What a row says in a column; "" where there is no such column."""
        place = self.header.index(column) if column in self.header else len(row)
        return row[place] if place < len(row) else ""

    def column(self, name: str) -> list[str]:
        """The assignment's columns that ``name`` may mean: by header, or by title."""
        if name in self.assignments:
            return [name]
        return [column for column in self.assignments if tables.same(title(column), name)]


def title(column: str) -> str:
    """The assignment's name without Canvas's number."""
    found = _TITLE.fullmatch(column)
    return found["title"] if found else column


def read(path: Path) -> Roster:
    """Read the file, however a spreadsheet has saved it.

    Raises:
        UsageError: there is no such file, or it is not what Canvas exports.
    """
    lines = tables.lines(path, "the roster")
    header = [name.strip() for name in lines[0]] if lines else []
    if "Section" not in header or "ID" not in header or len(lines) < 2:
        raise _not_a_roster(path)
    rows = [[*line, *[""] * (len(header) - len(line))] for line in lines[1:]]
    places = [header.index(key) for key in KEYS if key in header]
    return Roster(
        header=header,
        students=[row for row in rows if any(row[i].strip() for i in places)],
        points_possible=next((r for r in rows if "Points Possible" in r[0]), []),
        info=header.index("Section") + 1,
    )


def _not_a_roster(path: Path) -> UsageError:
    return UsageError(
        f"{path} is not the gradebook that Canvas exports, with the columns Student, ID, "
        "SIS Login ID and Section: in Canvas choose Grades → Export → Export Entire Gradebook"
    )
