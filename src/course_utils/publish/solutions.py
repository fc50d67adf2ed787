"""Write the notebooks with their solutions, for after the due date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from course_utils.course import Course, CourseError
from course_utils.publish.cite import bibliography
from course_utils.publish.execute import read
from course_utils.publish.release import release
from course_utils.publish.strip import solved_notebook

NOTE = "*The solutions of the book. Other ones are right too, if they pass the same checks.*"


def write(course: Course, chapters: Iterable[str], out: Path) -> list[Path]:
    """Write ``<out>/<chapter>/<chapter>_solutions.ipynb`` and the files beside the source.

    Hidden tests, rubrics and model answers stay where they are.

    Raises:
        CourseError: a notebook is broken or the folder cannot be written.
    """
    return release(course, chapters, out, make=solved_text, suffix="_solutions")


def require_past(
    chapters: Iterable[str], due: Mapping[str, str], now: datetime | None = None
) -> None:
    """Refuse chapters that are not due yet.

    Args:
        due: the times in UTC that a calendar knows, without a zone.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    early = [c for c in chapters if c in due and now < datetime.fromisoformat(due[c])]
    if early:
        dates = ", ".join(f"{c} ({due[c][:16].replace('T', ' ')} UTC)" for c in early)
        raise CourseError(
            f"not due yet: {dates}; wait, name other chapters, or write them with --force"
        )


def solved_text(source: Path) -> str:
    """The notebook with its solutions as the text of its file."""
    try:
        nb = solved_notebook(read(source), bibliography(source))
    except CourseError as error:
        raise CourseError(f"{source.name}: {error}") from None
    nb.cells.insert(1, new_markdown_cell(NOTE, id="solutions"))
    return nbformat.writes(nb) + "\n"
