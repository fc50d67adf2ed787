"""A table for the gradebook import of Canvas.

Header and rows are those of Canvas's own export: who the student is, up to "Section", then
one column an assignment, ``Title (number)``, with a row "Points Possible". A column without
a number is a new assignment (community.canvaslms.com, "How do I import grades in the
Gradebook"; ``lib/gradebook_importer.rb`` of canvas-lms).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.exports import Exported
from autograder.exports.csv_table import left_out, number, text_of
from autograder.exports.grades import Totals
from autograder.exports.roster import KEYS, Roster, title
from autograder.intake import tables
from course_utils.course import UsageError
from course_utils.files import write_atomically

POINTS_POSSIBLE = "    Points Possible"
EXCUSED = "EX"  # in Canvas's own words


def export(
    totals: Totals,
    roster: Roster,
    out: Path,
    *,
    columns: Mapping[str, str] | None = None,
    so_far: bool = False,
) -> Exported:
    """Write one row for each student of the roster who has a grade.

    Where a total is not final yet, because nobody has read an answer, the cell is the
    roster's own, so the import leaves it; ``so_far`` counts such answers as 0 points. The
    penalty for lateness is taken off.

    Args:
        columns: the assignment in Canvas of a chapter, by title or header; default the one
            of the chapter's name.
    """
    columns = columns or {}
    if unknown := [name for name in columns if name not in totals.assignments]:
        raise UsageError(
            f"--column {unknown[0]}=…: there are grades of {', '.join(totals.assignments)}"
        )
    names = {a: _column(a, roster, columns) for a in totals.assignments}
    students, problems = _match(totals, roster)
    table = [_header(roster, names), _points_possible(totals, roster, names)]
    unread = []
    for place, student in sorted(students.items()):
        cells = {a: _cell(totals, student, a, so_far) for a in names}
        if None in cells.values():
            unread.append(student)
        row = roster.students[place]
        kept = (roster.cell(row, names[a]) if c is None else c for a, c in cells.items())
        table.append([*row[: roster.info], *kept])
    write_atomically(out, text_of(table))
    problems += left_out("left as they are in Canvas", unread, ", or --so-far")
    problems += _without_grade(roster, students)
    notes = (*_about_columns(totals, roster, names), *_about_students(totals))
    return Exported(out, notes, tuple(problems))


def _cell(totals: Totals, student: str, assignment: str, so_far: bool) -> str | None:
    """What Canvas gets; None where the total is not final."""
    if totals.standing(student, assignment).excused:
        return EXCUSED
    total = totals.of(student, assignment, so_far=so_far)
    return number(total.points) if total else None


def _header(roster: Roster, names: Mapping[str, str]) -> list[str]:
    return [*roster.header[: roster.info], *names.values()]


def _points_possible(totals: Totals, roster: Roster, names: Mapping[str, str]) -> list[str]:
    points = [number(totals.max_points(assignment)) for assignment in names]
    return [POINTS_POSSIBLE, *[""] * (roster.info - 1), *points]


def _column(assignment: str, roster: Roster, chosen: Mapping[str, str]) -> str:
    """The header of an assignment's column."""
    if assignment not in chosen:
        found = roster.column(assignment)
        return found[0] if len(found) == 1 else assignment
    found = roster.column(chosen[assignment])
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"{'no' if not found else 'more than one'} assignment of the roster is called "
        f"{chosen[assignment]!r}; there are: {', '.join(roster.assignments) or 'none'}"
    )


def _match(totals: Totals, roster: Roster) -> tuple[dict[int, str], list[str]]:
    """Students by the number of their row, and a sentence for each who has none."""
    keys = [key for key in KEYS if key in roster.header]
    rows = [[roster.cell(row, key) for key in keys] for row in roster.students]
    found, reasons = tables.pair(totals.students, rows, keys)
    problems = [f"{s}: {why}" for s, why in reasons.items() if not totals.has_left(s)]
    return found, problems


def _about_columns(totals: Totals, roster: Roster, names: Mapping[str, str]) -> list[str]:
    notes = []
    for assignment, column in names.items():
        ours = number(totals.max_points(assignment))
        if column not in roster.header:
            notes.append(
                f"the roster has no assignment “{assignment}”: Canvas will offer to create it; "
                f"--column {assignment}=TITLE names another"
            )
        elif (theirs := roster.cell(roster.points_possible, column)) and not _equal(
            theirs, ours
        ):
            notes.append(f"“{title(column)}” has {theirs} points in Canvas, here {ours}")
    return notes


def _about_students(totals: Totals) -> list[str]:
    notes = []
    if excused := totals.excused():
        notes.append(f"excused, {EXCUSED} in Canvas: {', '.join(excused)}")
    if left := [s for s in totals.students if totals.has_left(s)]:
        notes.append(f"no longer in the class: {', '.join(left)}")
    return notes


def _without_grade(roster: Roster, students: dict[int, str]) -> list[str]:
    rest = [row[0] for place, row in enumerate(roster.students) if place not in students]
    return [f"on the roster, but without a grade here: {'; '.join(rest)}"] if rest else []


def _equal(theirs: str, ours: str) -> bool:
    try:
        return float(theirs.replace(",", ".")) == float(ours)
    except ValueError:
        return False
