"""Who belongs to the class: a list of students beside the folders that were handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.intake import tables
from autograder.intake.submissions import MAX_NAME
from course_utils.course import UsageError

# Columns that may hold the names of folders: of Canvas, Moodle, nbgrader and plain lists.
KEYS = (
    *("SIS Login ID", "SIS User ID", "Username", "User name", "Login", "Login ID"),
    *("Student ID", "ID number", "idnumber", "Email address", "Email", "E-mail"),
    *("ID", "Student"),
)


@dataclass(frozen=True)
class Roster:
    """The students' rows: what each may be called, in the order of ``columns``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Enrolled:
    """A class as it was compared with its roster.

    Attributes:
        folders: those of students on the roster.
        absent: students on the roster without a folder.
        strangers: why other folders have no place on it.
    """

    folders: tuple[str, ...]
    absent: tuple[str, ...]
    strangers: dict[str, str]
    problems: tuple[str, ...]


def read(path: Path) -> Roster:
    """Canvas's or Moodle's export, or any list with a column of students.

    Raises:
        UsageError: it cannot be read, or there is no such column.
    """
    header, *lines = tables.lines(path, "the roster") or [[]]
    meant = [tables.plain(name) for name in header]
    keys = [k for k in KEYS if tables.plain(k) in meant]
    if not keys or not lines:
        raise UsageError(
            f"the roster {path} has no column of students: expected the export of Canvas or "
            "Moodle, or a table with a column “student” that has the names of their folders"
        )
    places = [meant.index(tables.plain(key)) for key in keys]
    rows = [tuple(r[i].strip() if i < len(r) else "" for i in places) for r in lines]
    first = [row[0].strip() for row in lines]
    people = (
        row
        for row, name in zip(rows, first, strict=True)
        if any(row) and name not in ("Points Possible", "Student, Test")
    )
    return Roster(tuple(keys), tuple(dict.fromkeys(people)))


def compare(roster: Roster, folders: Sequence[str]) -> Enrolled:
    """Find the students' folders on the roster.

    Those without one are called as the column has it in which most of the others were found.
    """
    found, strangers = tables.pair(folders, roster.rows, roster.columns)
    used = [0] * len(roster.columns)
    for place, folder in found.items():
        row = roster.rows[place]
        used[next(i for i, cell in enumerate(row) if tables.same(cell, folder))] += 1
    order = sorted(range(len(used)), key=lambda i: -used[i])
    absent, problems = [], []
    for place, row in enumerate(roster.rows):
        if place in found:
            continue
        name = next(row[i] for i in order if row[i])
        if not _is_folder_name(name):
            problems.append(f"{name[:20]!r} on the roster cannot be the name of a folder")
        elif name not in folders:
            absent.append(name)
    return Enrolled(
        folders=tuple(sorted(found.values())),
        absent=tuple(dict.fromkeys(absent)),
        strangers=strangers,
        problems=tuple(problems),
    )


def _is_folder_name(name: str) -> bool:
    """Whether it may be part of a path, and nbgrader's table can hold it."""
    return len(name) <= MAX_NAME and not name.startswith(".") and not set("/\\\0") & set(name)
