"""The gradebook that Canvas exports, read to find students in it."""

from __future__ import annotations

import csv
import functools
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from course_utils.course import UsageError

KEYS = ("SIS Login ID", "SIS User ID", "ID")  # in this order a student is looked for
_TITLE = re.compile(r"(?P<title>.+?)\s*\(\d+\)")  # "Homework 2 (4711)"


class NoMatch(Exception):
    """A student is not on the roster, or more than once."""


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

    def find(self, student: str) -> int:
        """The number of a student's row.

        Raises:
            NoMatch: none has the student, or more than one.
        """
        for key in (key for key in KEYS if key in self.header):
            rows = [
                i for i, row in enumerate(self.students) if _same(self.cell(row, key), student)
            ]
            if len(rows) > 1:
                raise NoMatch(f"{len(rows)} rows of the roster have this {key}")
            if rows:
                return rows[0]
        raise NoMatch("not on the roster")

    def column(self, name: str) -> list[str]:
        """The assignment's columns that ``name`` may mean: by header, or by title."""
        if name in self.assignments:
            return [name]
        return [column for column in self.assignments if _same(title(column), name)]


def title(column: str) -> str:
    """The assignment's name without Canvas's number."""
    found = _TITLE.fullmatch(column)
    return found["title"] if found else column


def read(path: Path) -> Roster:
    """Read the file, however a spreadsheet has saved it.

    Raises:
        UsageError: there is no such file, or it is not what Canvas exports.
    """
    try:
        text = _text(path.read_bytes())
    except OSError as error:
        raise UsageError(f"the roster {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _not_a_roster(path) from None
    try:
        lines = _lines(text)
    except csv.Error:
        raise _not_a_roster(path) from None
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


def _lines(text: str) -> list[list[str]]:
    """The cells of each line, between whatever sign is most frequent in the first."""
    first = text.partition("\n")[0]
    return list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))


def _text(data: bytes) -> str:
    """UTF-8 as Canvas writes it; UTF-16 or Windows' own as Excel does."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _same(one: str, other: str) -> bool:
    """Equal but for case, blanks around, and the two ways to write an umlaut."""
    return _plain(one) == _plain(other)


@functools.cache
def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
