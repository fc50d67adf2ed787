"""The page of a submission whose feedback cannot be drawn: points and reasons as a table."""

from __future__ import annotations

from html import escape

from autograder.gradebook.records import Grade, Result

WHY = (
    "What you handed in, or what it printed, is too large or too deeply nested for a page. "
    "Your points are not affected."
)


def page(result: Result) -> str:
    """Nothing of the student's own notebook is in it."""
    rows = "".join(_row(grade) for grade in result.grades)
    notes = "".join(f"<p>{escape(note)}</p>" for note in (WHY, *result.notes))
    name = escape(result.assignment)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        "<style>body { font: 16px/1.5 sans-serif; max-width: 50em; margin: 3em auto; "
        "padding: 0 1em; } td, th { text-align: left; vertical-align: top; "
        f"padding: .3em .8em; }}</style></head><body><h1>{name}</h1>{notes}"
        "<table><tr><th>exercise</th><th>points</th><th>reason</th></tr>"
        f"{rows}</table></body></html>\n"
    )


def _row(grade: Grade) -> str:
    points = "read by a person" if grade.points is None else f"{grade.points:g}"
    cells = grade.title, f"{points} / {grade.max_points:g}", grade.reason
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
