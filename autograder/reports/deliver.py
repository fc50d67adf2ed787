"""Puts one result where people look for it: gradebook, feedback page, autograded notebook."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook

from autograder.gradebook import book as gradebook
from autograder.gradebook import by_hand, standing, store
from autograder.gradebook.assignment import Assignment, answer_of
from autograder.gradebook.by_hand import Entries
from autograder.gradebook.converters import STUDENT
from autograder.gradebook.records import Handin, Result, Task
from autograder.reports import feedback
from autograder.reports.chapter import RELEASE

Render = Callable[[Assignment, Result, Entries], str]


@dataclass(frozen=True)
class Desk:
    """Where results are put.

    Attributes:
        render: ``render_again``, in a process that may die of it.
    """

    out: Path
    book: Gradebook
    results: store.Results
    register: standing.Register
    render: Render


def merge(desk: Desk, task: Task, result: Result, key: str) -> None:
    """Put ``result``, made of ``task`` with this key; only what is new is written again.

    Without a key it is not the result of the submission: what people entered stays as it is.
    """
    before = desk.results.merged(result)
    known = gradebook.knows(desk.book, result)
    noted = _noted(desk, task.assignment, result, before)
    file = _digest(task.handin) if key else before.get("file", "")
    made = key and f"{key} {_made(result)}"  # grading again by force has the same key
    if not key or before.get("key") != made or not known:
        if by_hand.dumped(noted) != before.get("by_hand", {}):
            # Which answers were read is kept before the page that showed them is replaced.
            kept = {**before, "key": "", "by_hand": by_hand.dumped(noted)}
            desk.results.set_merged(result, kept)
        noted = _compared(noted, desk, result, file == before.get("file", ""))
        again = {entry.exercise for entry in noted.values() if entry.read_again}
        gradebook.merge(desk.book, result, again)
        if not known:
            by_hand.enter(desk.book, result, noted)
        before = {}
    standing.set_times(desk.book, result, desk.register, task.handin.timestamp)
    grades = [by_hand.overlay(g, noted) for g in result.grades]
    stands = gradebook.stands(desk.book, result, grades, desk.register)
    standing.set_penalty(desk.book, result, stands)
    entered = by_hand.dumped(noted)
    state = {"key": made, "file": file, "by_hand": entered, "standing": asdict(stands)}
    if state != before:
        _write(desk, task.assignment, replace(result, standing=stands), noted)
        desk.results.set_merged(result, state)


def _noted(
    desk: Desk, assignment: Assignment, result: Result, before: dict[str, Any]
) -> Entries:
    """What people entered, with the answers they had read; of a lost gradebook, as noted."""
    old = by_hand.loaded(before.get("by_hand", {}))
    if not gradebook.knows(desk.book, result):
        return old
    owners = _owners(assignment) if by_hand.entries(desk.book, result, {}) else {}
    now = by_hand.entries(desk.book, result, owners)
    return by_hand.note(now, old, _answers(desk, result)) if now else {}


def _compared(noted: Entries, desk: Desk, result: Result, same_file: bool) -> Entries:
    """``noted`` beside the answers of now: to be read again where they are others."""
    new = by_hand.answers(result.notebook) if noted else {}
    if same_file:  # or the grader has failed: nothing is known of the answers
        return by_hand.moved(noted, _answers(desk, result), new) if new else noted
    changed = by_hand.changed(noted, new)
    return {name: replace(e, read_again=name in changed) for name, e in noted.items()}


def _answers(desk: Desk, result: Result) -> dict[str, str]:
    """Digests of the answers that formgrader shows."""
    notebook = _notebook(desk.out, result)
    return by_hand.answers(notebook.read_text("utf-8")) if notebook.is_file() else {}


def _owners(assignment: Assignment) -> dict[str, str]:
    """The exercise of each answer's cell: a comment may stand there."""
    return {
        cell.metadata.nbgrader.grade_id: exercise
        for exercise, cells in answer_of(assignment.released()).items()
        for cell in cells
    }


def _made(result: Result) -> str:
    return hashlib.sha256(repr(result).encode(errors="surrogatepass")).hexdigest()[:20]


def _digest(handin: Handin) -> str:
    """Of the files that were handed in."""
    digest = hashlib.sha256(handin.data or b"")
    for name, data in sorted(handin.files.items()):
        digest.update(f"\0{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()[:20]


def _notebook(out: Path, result: Result) -> Path:
    name = result.assignment
    return out / "autograded" / result.student / name / f"{name}.ipynb"


def _write(desk: Desk, assignment: Assignment, result: Result, noted: Entries) -> None:
    page = result.feedback
    if result.notebook and (noted or result.standing.sentences()):
        page = desk.render(assignment, result, noted)
    pages = desk.out / "feedback" / result.student
    store.write(pages / f"{result.assignment}.html", page)
    notebook = _notebook(desk.out, result)
    if result.notebook:
        store.write(notebook, result.notebook)
    else:
        notebook.unlink(missing_ok=True)  # of a file handed in earlier


def render_again(assignment: Assignment, result: Result, entered: Entries) -> str:
    """The feedback page with what people entered and lateness, made in a scratch course."""
    if not result.notebook:
        return result.feedback
    name = assignment.name
    with tempfile.TemporaryDirectory(prefix="feedback-") as tmp:
        root = Path(tmp).resolve()
        (root / "gradebook.db").write_bytes(assignment.gradebook)
        (root / RELEASE).write_text(assignment.release, "utf-8")
        notebook = root / "autograded" / STUDENT / name / f"{name}.ipynb"
        notebook.parent.mkdir(parents=True)
        nb = nbformat.reads(result.notebook, as_version=4)
        nb.metadata[feedback.NOTES] = [*result.notes, *result.standing.sentences()]
        nbformat.write(nb, notebook)
        url = gradebook.address(root / "gradebook.db")
        with gradebook.opened(url) as scratch:
            copy = replace(result, student=STUDENT)
            gradebook.merge(scratch, copy)
            by_hand.enter(scratch, copy, entered)
        return feedback.render(root, name, url)
