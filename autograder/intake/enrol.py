"""Brings together what a course knows of a class: roster, calendar, extensions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.gradebook import late
from autograder.gradebook.standing import Leave, Register
from autograder.intake import calendar, roster, tables
from course_utils.course import Course, UsageError


@dataclass(frozen=True)
class Given:
    """Files and options of one run; what is None stays as it was given before."""

    calendar: Path | None = None
    extensions: Path | None = None
    roster: Path | None = None
    late_policy: str | None = None


@dataclass(frozen=True)
class Class:
    """The register after this run's files, and who belongs to the class.

    Attributes:
        absent: on the roster, without a folder.
    """

    register: Register
    absent: tuple[str, ...]
    problems: tuple[str, ...]


def enrol(
    course: Course,
    given: Given,
    register: Register,
    folders: Sequence[str],
    graded: Iterable[str],
) -> Class:
    """Read what was given.

    Args:
        folders: students who have handed in something.
        graded: students who have grades from earlier runs.

    Raises:
        UsageError: a file cannot be read, or what it says is not clear.
    """
    register = _scheduled(course, given, register)
    known = sorted({*folders, *graded})
    problems: list[str] = []
    absent: tuple[str, ...] = ()
    if given.roster:
        on_it = roster.compare(roster.read(given.roster), folders)
        absent, problems = on_it.absent, list(on_it.problems)
        now = {*on_it.folders, *on_it.absent}
        was = {*(register.roster or ()), *register.left}
        left = sorted(n for n in known if n not in now and (n in was or n not in folders))
        strangers = ((n, why) for n, why in on_it.strangers.items() if n not in left)
        problems += [f"{name}: {why}" for name, why in strangers]
        register = replace(register, roster=sorted(now), left=left)
    elif register.roster is not None:
        absent = tuple(n for n in register.roster if n not in folders)
        problems += [
            f"{name}: not on the roster"
            for name in folders
            if name not in register.roster and name not in register.left
        ]
    if given.extensions:
        leaves = calendar.read_leaves(given.extensions, course.chapters(), register.zone)
        leaves, strange = _of_class(leaves, {*known, *absent})
        problems += strange
        register = replace(register, leaves=leaves)
    return Class(register, absent, tuple(problems))


def _scheduled(course: Course, given: Given, register: Register) -> Register:
    """With the calendar that was given, else that in the course's folder."""
    path = given.calendar or course.root / calendar.NAME
    if given.calendar or path.is_file():
        found = calendar.read(path, course.chapters())
        register = replace(register, **vars(found))
    if given.late_policy:
        policy = late.absolute(given.late_policy, Path.cwd())
        late.load(policy)
        register = replace(register, policies={late.ANY: policy})
    return register


def _of_class(leaves: list[Leave], students: Collection[str]) -> tuple[list[Leave], list[str]]:
    """With the students called as their folders are; a sentence for those who are unknown."""
    names = sorted(students)
    rows, problems = tables.pair(
        dict.fromkeys(x.student for x in leaves), [[n] for n in names], ["student"]
    )
    called = {given: names[place] for place, given in rows.items()}
    kept = [replace(x, student=called[x.student]) for x in leaves if x.student in called]
    return kept, [f"extensions: {name} is not in the class" for name in problems]


def only(known: Iterable[str], wanted: Sequence[str], what: str) -> list[str]:
    """Those of ``known`` that are wanted; all where none is.

    Raises:
        UsageError: one is not known.
    """
    known = list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(f"there is no {what} {unknown[0]!r} in this class")
    return [name for name in known if name in wanted] if wanted else known
