"""grades.csv: one row for each exercise of each submission."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from autograder.task import Grade, Result

HEADER = ("student", "assignment", "exercise", "points", "max_points", "status", "reason")


def grades_csv(rows: Iterable[tuple[Result, Grade]]) -> str:
    """The table as text, sorted by student and assignment; exercises in the chapter's order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for result, grade in sorted(rows, key=lambda row: (row[0].student, row[0].assignment)):
        writer.writerow(
            [
                _safe(result.student),
                result.assignment,
                grade.exercise.removeprefix("test_"),  # as the student knows it
                "" if grade.points is None else f"{grade.points:g}",
                f"{grade.max_points:g}",
                str(grade.status),
                _safe(_reason(result, grade)),
            ]
        )
    return text.getvalue()


def _reason(result: Result, grade: Grade) -> str:
    notes = "; ".join(result.notes)
    return " ".join(part for part in (grade.reason, f"[{notes}]" if notes else "") if part)


def _safe(text: str) -> str:
    """A spreadsheet runs cells that begin with one of these as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
