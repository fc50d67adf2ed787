"""grades.csv: one row for each exercise of each submission."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from autograder.exports import Exported
from autograder.gradebook.book import Row
from autograder.gradebook.records import Grade, Result
from course_utils.files import write_atomically

HEADER = ("student", "assignment", "exercise", "points", "max_points", "status", "reason")


def export(rows: Iterable[Row], out: Path) -> Exported:
    """Write the table to ``out``."""
    write_atomically(out, grades_csv(rows))
    return Exported(out)


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
            ]
        )
    return text_of(table)


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
