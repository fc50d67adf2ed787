"""The instructor's notebook of a chapter, for pages that need its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution, is_task
from traitlets.config import Config

from course_utils.course import CourseError

RELEASE = "release.ipynb"  # in a scratch course
SCHEME = re.compile(r"### BEGIN MARK SCHEME\n(.*?)### END MARK SCHEME", re.DOTALL)


@dataclass(frozen=True)
class Chapter:
    """A chapter as its instructor wrote it and as its students got it.

    Attributes:
        source: None where it is no longer in its place.
        texts: of all cells that students got; whatever else is in a notebook is their own.
        places: the exercise that a cell belongs to, by the cell's id and nbgrader's name, in
            order. A graded notebook may have its cells in another order.
        heads: the ids of cells that set a task: those before an answer.
    """

    source: NotebookNode | None
    texts: frozenset[str]
    places: dict[str, str]
    heads: frozenset[str]


def chapter(config: Config, assignment: str, notebook: str, graded: NotebookNode) -> Chapter:
    """The chapter that ``CourseDirectory`` of ``config`` names.

    A scratch course has the released notebook in it; elsewhere it is made from the source.
    Where there is neither, the graded notebook must do: then all text in it is the student's.
    """
    place = config.CourseDirectory
    path = Path(str(place.root), str(place.source_directory), assignment, f"{notebook}.ipynb")
    source, released = _read(path), _read(Path(str(place.root), RELEASE))
    if source and not released:
        released = _released(path, path.stat().st_mtime_ns)
    known = [nb for nb in (released, source) if nb]
    texts = frozenset(cell.source.strip() for nb in known for cell in nb.cells)
    shape = known[0] if known else graded
    return Chapter(source, texts, _places(shape), _heads(shape))


def names(cell: NotebookNode) -> set[str]:
    """What a cell is known by: its id, and nbgrader's name."""
    return {cell.get("id", ""), cell.metadata.get("nbgrader", {}).get("grade_id", "")} - {""}


def _places(nb: NotebookNode) -> dict[str, str]:
    places: dict[str, str] = {}
    waiting: list[str] = []
    for cell in nb.cells:
        waiting += sorted(names(cell))
        if is_grade(cell) or is_task(cell):
            places |= dict.fromkeys(waiting, cell.metadata.nbgrader.grade_id)
            waiting = []
    return places | dict.fromkeys(waiting, "")


def _heads(nb: NotebookNode) -> frozenset[str]:
    return frozenset(
        before.get("id", "")
        for before, cell in pairwise(nb.cells)
        if before.cell_type == "markdown" and is_solution(cell)
    )


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


def mark_scheme(chapter: Chapter, name: str) -> str:
    """Rubric and model answers of a cell that a person grades, as Markdown."""
    for cell in chapter.source.cells if chapter.source else ():
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            return "\n".join(part.strip() for part in SCHEME.findall(cell.source))
    return ""
