"""Makes the integrity report of a grades folder."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from autograder.gradebook import store
from autograder.gradebook.records import Result
from autograder.integrity import PAGE, TABLE, reference_use, work
from autograder.integrity.changed import changes
from autograder.integrity.detours import detours
from autograder.integrity.findings import Finding, Kind
from autograder.integrity.given import Given
from autograder.integrity.outcome import Report
from autograder.integrity.page import page
from autograder.integrity.refused import refusals
from autograder.integrity.similarity import COMMON, Match, compare, groups
from autograder.integrity.table import integrity_csv
from autograder.integrity.work import LeftOut, Work
from course_utils.course import Course, UsageError

SECONDS = 60  # for comparing; what is not done by then is named


def again(course: Course, out: Path) -> Report:
    """Write the report of a folder that ``course grade`` has filled.

    Raises:
        UsageError: there are no grades in it.
        CourseError: it cannot be written, or is being graded into.
    """
    if not (out / ".results").is_dir():
        raise UsageError(f"{out} holds no grades: run course grade SUBMISSIONS --out {out}")
    with store.lock(out):
        return write(course, out, store.Results(out).all())


def write(course: Course, out: Path, results: Iterable[Result]) -> Report:
    """Find what there is in ``results`` and the autograded notebooks, and write both files."""
    report = find(course, out, results)
    store.write(out / TABLE, integrity_csv(report.findings))
    store.write(out / PAGE, page(report))
    return report


def find(course: Course, out: Path, results: Iterable[Result]) -> Report:
    """All findings, sorted by kind, assignment, exercise, student."""
    report = Report()
    works: dict[tuple[str, str], list[Work]] = {}
    given: dict[str, Given | None] = {}
    students = set()
    for result in results:
        students.add(result.student)
        report.findings += changes(result)
        if result.assignment not in given:
            given[result.assignment] = _given(course, result.assignment, report)
        if known := given[result.assignment]:
            for done in work.read(out, result.student, result.assignment):
                if isinstance(done, LeftOut):
                    report.left_out.append(done)
                    continue
                report.findings += _alone(done, known)
                works.setdefault((done.assignment, done.exercise), []).append(done)
    report.students = len(students)
    deadline = time.monotonic() + SECONDS
    for place, answers in sorted(works.items()):
        known = given[place[0]]
        assert known is not None
        _together(report, place, answers, known, deadline)
    order = list(Kind)
    report.findings.sort(
        key=lambda f: (order.index(f.kind), f.assignment, f.exercise, f.student, f.other)
    )
    return report


def _given(course: Course, chapter: str, report: Report) -> Given | None:
    if course.source(chapter).is_file():
        return Given.of(course, chapter)
    report.left_out.append(LeftOut(chapter, "the course has no such chapter"))
    return None


def _alone(done: Work, given: Given) -> Iterable[Finding]:
    """Findings in one answer by itself."""
    where = done.student, done.assignment, done.exercise
    if done.prose:
        return
    for said in refusals(done.test):
        yield Finding(*where, Kind.REFUSED, said)
    for said in reference_use.uses(done.source, done.exercise, given.names, given.statements):
        yield Finding(*where, Kind.REFERENCE, said)
    for said in detours(done.source, given.statements):
        yield Finding(*where, Kind.DETOUR, said)


def _together(
    report: Report, place: tuple[str, str], works: list[Work], given: Given, deadline: float
) -> None:
    """Compare all answers to one exercise."""
    compared = compare(works, given.hashes, deadline)
    name = ", ".join(place)
    if not compared.complete:
        why = f"comparing took longer than {SECONDS} seconds: not all pairs were tried"
        report.left_out.append(LeftOut(name, why))
    if compared.common:
        count = len(compared.common)
        why = f"more than {COMMON} students share the passages of which these {count} consist"
        report.left_out.append(LeftOut(name, f"{why}: {', '.join(sorted(compared.common))}"))
    if compared.matches:
        report.groups[place] = groups(compared.matches)
        report.findings += [f for match in compared.matches for f in _rows(match)]


def _rows(match: Match) -> Iterable[Finding]:
    """One row for each of the two."""
    for me, you in ((0, 1), (1, 0)):
        done, other = match.works[me], match.works[you]
        detail = (
            f"{100 * match.scores[me]:.0f} % of this answer's own tokens stand in the other's; "
            f"{match.tokens} tokens match"
        )
        yield Finding(
            done.student,
            done.assignment,
            done.exercise,
            Kind.SIMILAR,
            detail,
            match.scores[me],
            other.student,
        )
