"""grades.csv: one row for each exercise of each submission.

The columns behind the reason are of the whole submission, the same in each of its rows: the
penalty is taken off its total once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.exports import Exported
from autograder.gradebook.book import Row
from autograder.gradebook.records import Grade, Result, Standing
from course_utils.files import write_atomically

HEADER = (
    *("student", "assignment", "exercise", "points", "max_points", "status", "reason"),
    *("late_minutes", "penalty", "extension_minutes", "standing"),
)


def export(rows: Iterable[Row], out: Path) -> Exported:
    """Write the table to ``out``; an answer that nobody has read has no points in it."""
    rows = list(rows)
    write_atomically(out, grades_csv(rows))
    unread = sorted({r.student for r, g in rows if r.standing.counts and g.is_unread})
    return Exported(out, problems=left_out("without all their points", unread))


def left_out(how: str, unread: Sequence[str], or_else: str = "") -> tuple[str, ...]:
    """What is said of students whose answers a person has still to read."""
    if not unread:
        return ()
    who = ", ".join(unread)
    why = "because nobody has read an answer yet"
    return (f"{how}, {why}: {who} (grade them in formgrader{or_else})",)


def grades_csv(rows: Iterable[Row]) -> str:
    """The table as text, sorted by student and assignment; exercises in the chapter's order."""
    table: list[Iterable[str]] = [HEADER]
    for result, grade in sorted(rows, key=lambda row: (row[0].student, row[0].assignment)):
        table.append(
            [
                safe(result.student),
                result.assignment,
                grade.title,
                "" if grade.points is None else number(grade.points),
                number(grade.max_points),
                str(grade.status),
                safe(_reason(result, grade)),
                *_standing(result.standing),
            ]
        )
    return text_of(table)


def _standing(standing: Standing) -> list[str]:
    """Empty where it is not known: there is no due date, or no time of handing in."""
    late = standing.late_minutes
    return [
        "" if late is None else str(late),
        "" if late is None else number(standing.penalty),
        str(standing.extension_minutes or ""),
        standing.word,
    ]


def text_of(rows: Iterable[Iterable[str]]) -> str:
    """Rows as the text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def number(points: float) -> str:
    """Points as a table shows them: 3, 2.5."""
    return f"{points:g}"


def safe(text: str) -> str:
    """A spreadsheet runs cells that begin with one of these as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def _reason(result: Result, grade: Grade) -> str:
    notes = "; ".join(result.notes)
    return " ".join(part for part in (grade.reason, f"[{notes}]" if notes else "") if part)
