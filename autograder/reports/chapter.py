"""The instructor's notebook of a chapter, for pages that need its words."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from course_utils.course import CourseError

RELEASE = "release.ipynb"  # in a scratch course
SCHEME = re.compile(r"### BEGIN MARK SCHEME\n(.*?)### END MARK SCHEME", re.DOTALL)


def chapter(config: Config, assignment: str, notebook: str) -> NotebookNode | None:
    """The source notebook that ``CourseDirectory`` of ``config`` names; None if it is gone."""
    place = config.CourseDirectory
    path = Path(str(place.root), str(place.source_directory), assignment, f"{notebook}.ipynb")
    return _read(path)


def words(config: Config, assignment: str, notebook: str) -> set[str]:
    """The cells that students got, as text: whatever else is in a notebook is their own.

    A scratch course has the released notebook in it; elsewhere it is made from the source.
    """
    place = config.CourseDirectory
    path = Path(str(place.root), str(place.source_directory), assignment, f"{notebook}.ipynb")
    known = [_read(path), _read(Path(str(place.root), RELEASE))]
    if known[1] is None and known[0] is not None:
        known[1] = _released(path, path.stat().st_mtime_ns)
    return {cell.source.strip() for nb in known if nb for cell in nb.cells}


@lru_cache(maxsize=16)
def _released(source: Path, changed: int) -> NotebookNode | None:
    """The released notebook; one page of formgrader after another asks for it."""
    from course_utils.publish.release import released_text

    try:
        return nbformat.reads(released_text(source), as_version=4)
    except CourseError:
        return None


def _read(path: Path) -> NotebookNode | None:
    try:
        return nbformat.reads(path.read_text("utf-8"), as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None


def mark_scheme(nb: NotebookNode | None, name: str) -> str:
    """Rubric and model answers of a cell that a person grades, as Markdown."""
    for cell in nb.cells if nb else ():
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            return "\n".join(part.strip() for part in SCHEME.findall(cell.source))
    return ""
