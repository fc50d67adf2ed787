"""A table for Moodle's grade import (Grades → Import → CSV file).

Moodle finds a student by one column and takes grades and feedback from others; which is which
is chosen after the upload. It drops the whole file when it cannot find one student, takes an
empty grade for "no grade", and reads feedback as HTML (docs.moodle.org, "Grade import").
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from autograder.exports import Exported
from autograder.exports.csv_table import left_out, number, safe, text_of
from autograder.exports.grades import Total, Totals
from autograder.gradebook.status import Status
from course_utils.course import UsageError
from course_utils.files import write_atomically

KEYS = ("username", "idnumber", "email")


def export(totals: Totals, out: Path, *, key: str, so_far: bool = False) -> Exported:
    """Write one row a student: who it is, then points and feedback of each assignment.

    A student with an answer that nobody has read yet gets no row, so the import leaves what
    Moodle has; ``so_far`` counts such answers as 0 points.

    Args:
        key: the field of Moodle that the names of the students' folders are.
    """
    if key == "email" and (odd := [s for s in totals.students if "@" not in s]):
        raise UsageError(
            f"--key email: no e-mail address are {', '.join(odd[:5])}; Moodle is given the "
            "names of the students' folders"
        )
    header = [key]
    for assignment in totals.assignments:
        header += [assignment, f"{assignment} feedback"]
    table, unread = [header], []
    for student in (s for s in totals.students if not totals.has_left(s)):
        row = [student]  # as it is: a changed name would not be found
        for assignment in totals.assignments:
            if totals.standing(student, assignment).excused:
                row += ["", "excused"]  # an empty grade is no grade
            elif total := totals.of(student, assignment, so_far=so_far):
                row += [number(total.points), safe(escape(_feedback(total), quote=False))]
        if len(row) == len(header):
            table.append(row)
        else:
            unread.append(student)
    write_atomically(out, text_of(table))
    problems = left_out("left out", unread, ", or --so-far")
    return Exported(out, (*_how_to(totals), *_about_students(totals)), problems)


def _feedback(total: Total) -> str:
    """One line an exercise, with the reason for points that were lost."""
    if total.result.status is not Status.GRADED:
        return total.result.reason
    lines = []
    for grade in total.grades:
        line = f"{grade.title} {number(grade.points or 0)} of {number(grade.max_points)}"
        lines.append(f"{line}: {grade.reason}" if grade.reason else line)
    return "\n".join([*lines, *total.result.notes, *total.result.standing.sentences()])


def _how_to(totals: Totals) -> list[str]:
    return [
        f"{name}: the grade item in Moodle needs the maximum grade "
        f"{number(totals.max_points(name))}"
        for name in totals.assignments
    ]


def _about_students(totals: Totals) -> list[str]:
    notes = []
    if excused := totals.excused():
        notes.append(f"excused, with no grade: {', '.join(excused)}")
    if left := [s for s in totals.students if totals.has_left(s)]:
        notes.append(f"left out, because no longer in the class: {', '.join(left)}")
    return notes
