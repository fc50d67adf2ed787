"""What each student wrote to each exercise, read from the autograded notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_task

from autograder.gradebook.assignment import answer_of

MAX_FILE = 40 << 20  # bytes of a notebook with its outputs
MAX_ANSWER = 20_000  # characters of one answer; the longest right one has 1 500


@dataclass(frozen=True)
class Work:
    """One student's answer to one exercise.

    Attributes:
        source: the cells of the answer, joined.
        prose: the answer is text, not code.
        test: the executed cell that gave the points.
    """

    student: str
    assignment: str
    exercise: str
    source: str
    prose: bool = False
    test: NotebookNode = field(default_factory=NotebookNode)


@dataclass(frozen=True)
class LeftOut:
    """What was not looked at, and why."""

    what: str
    why: str


def read(out: Path, student: str, assignment: str) -> Iterator[Work | LeftOut]:
    """The answers in one autograded notebook; what is too large or broken is named."""
    path = out / "autograded" / student / assignment / f"{assignment}.ipynb"
    if not path.is_file():
        return  # nothing could be graded
    whole = f"{student}, {assignment}"
    if path.stat().st_size > MAX_FILE:
        yield LeftOut(whole, f"the notebook is larger than {MAX_FILE >> 20} MB")
        return
    try:
        works = list(_works(path, student, assignment))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        yield LeftOut(whole, "the autograded notebook cannot be read")
        return
    for work in works:
        if len(work.source) > MAX_ANSWER:
            why = f"the answer has {len(work.source)} characters, more than {MAX_ANSWER}"
            yield LeftOut(f"{whole}, {work.exercise}", why)
        else:
            yield work


def _works(path: Path, student: str, assignment: str) -> Iterator[Work]:
    nb = nbformat.v4.reads(path.read_text("utf-8"))  # without the slow validation
    answers = answer_of(nb)
    for cell in nb.cells:
        if not (is_grade(cell) or is_task(cell)):
            continue
        name = cell.metadata.nbgrader.grade_id
        prose = cell.cell_type == "markdown"
        kind = "markdown" if prose else "code"
        cells = [cell] if prose else [c for c in answers[name] if c.cell_type == kind]
        source = "\n\n".join(c.source for c in cells)
        yield Work(student, assignment, name.removeprefix("test_"), source, prose, cell)
