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
    if given.roster:
        register, absent, problems = _compared(given.roster, register, folders, known)
    else:
        absent, problems = _as_before(register, folders)
    if given.extensions:
        leaves = calendar.read_leaves(given.extensions, course.chapters(), register.zone)
        leaves, strange = _of_class(leaves, {*known, *absent})
        problems += strange
        register = replace(register, leaves=leaves)
    return Class(register, absent, tuple(problems))


def _compared(
    path: Path, register: Register, folders: Sequence[str], known: Sequence[str]
) -> tuple[Register, tuple[str, ...], list[str]]:
    """The register with a new roster, who is absent, and what does not fit."""
    on_it = roster.compare(roster.read(path), folders)
    now = {*on_it.folders, *on_it.absent}
    was = {*(register.roster or ()), *register.left}
    left = sorted(n for n in known if n not in now and (n in was or n not in folders))
    strangers = [f"{n}: {why}" for n, why in on_it.strangers.items() if n not in left]
    register = replace(register, roster=sorted(now), left=left)
    return register, on_it.absent, [*on_it.problems, *strangers]


def _as_before(register: Register, folders: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Who is absent, and who is not on the roster of an earlier run."""
    if register.roster is None:
        return (), []
    absent = tuple(n for n in register.roster if n not in folders)
    known = {*register.roster, *register.left}
    return absent, [f"{name}: not on the roster" for name in folders if name not in known]


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
    """With the students called as their folders are; a sentence for those who are unknown.

    Raises:
        UsageError: a student who is written in two ways has two different lines.
    """
    kept: dict[tuple[str, str], Leave] = {}
    problems: dict[str, str] = {}
    for leave in leaves:
        given = leave.student
        near = [name for name in sorted(students) if tables.same(name, given)]
        fits = [given] if given in near else near
        if len(fits) != 1:
            why = f"may be {near[0]} or {near[1]}" if fits else "is not in the class"
            problems[given] = f"extensions: {given} {why}"
            continue
        mine = replace(leave, student=fits[0])
        if kept.setdefault((mine.student, mine.assignment), mine) != mine:
            raise UsageError(
                f"extensions: {given} is the student {mine.student}, who has another line for "
                f"{'all chapters' if mine.assignment == late.ANY else mine.assignment}"
            )
    return list(kept.values()), list(problems.values())


def only(known: Iterable[str], wanted: Sequence[str], what: str) -> list[str]:
    """Those of ``known`` that are wanted; all where none is.

    Raises:
        UsageError: one is not known.
    """
    known = list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(f"there is no {what} {unknown[0]!r} in this class")
    return [name for name in known if name in wanted] if wanted else known
