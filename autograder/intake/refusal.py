"""A submission that could not be graded: its rows and its page."""

from __future__ import annotations

from html import escape

from autograder.gradebook.records import Grade, Result, Task
from autograder.gradebook.status import Status


def refused(task: Task, status: Status, reason: str) -> Result:
    """No points, and the reason why, for every exercise."""
    grades = (
        Grade(e.name, 0.0, e.max_points, status, reason) for e in task.assignment.exercises
    )
    return Result(
        student=task.student,
        assignment=task.assignment.name,
        status=status,
        reason=reason,
        notes=task.handin.notes,
        grades=tuple(grades),
        feedback=page(task.assignment.name, reason),
    )


def page(assignment: str, sentence: str) -> str:
    """The page of a submission that could not be graded."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(assignment)}</title><style>body {{ font: 16px/1.5 sans-serif; "
        "max-width: 40em; margin: 3em auto; padding: 0 1em; }</style></head><body>"
        f"<h1>{escape(assignment)}: not graded</h1><p>{escape(sentence)}</p></body></html>\n"
    )
