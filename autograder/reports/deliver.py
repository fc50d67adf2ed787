"""Puts one result where people look for it: gradebook, feedback page, autograded notebook."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.gradebook import book as gradebook
from autograder.gradebook import store
from autograder.gradebook.assignment import Assignment
from autograder.gradebook.book import ByHand
from autograder.gradebook.converters import STUDENT
from autograder.gradebook.records import Result
from autograder.reports import feedback

Render = Callable[[Assignment, Result, dict[str, ByHand]], str]


def merge(
    out: Path,
    book: Gradebook,
    results: store.Results,
    assignment: Assignment,
    result: Result,
    key: str,
    render: Render,
) -> None:
    """Merge ``result``, made from ``key``; again only if it or a person's entry is new.

    Args:
        render: ``render_again``, in a process that may die of it.
    """
    before = json.loads(results.merged(result) or "{}")
    if not key or before.get("key") != key or not gradebook.knows(book, result):
        gradebook.merge(book, result)
        before = {}
    entered = gradebook.by_hand(book, result)
    state = {"key": key, "by_hand": {name: asdict(e) for name, e in sorted(entered.items())}}
    if state == before:
        return
    page = render(assignment, result, entered) if entered else result.feedback
    name = result.assignment
    store.write(out / "feedback" / result.student / f"{name}.html", page)
    notebook = out / "autograded" / result.student / name / f"{name}.ipynb"
    if result.notebook:
        store.write(notebook, result.notebook)
    else:
        notebook.unlink(missing_ok=True)  # of a file handed in earlier
    results.set_merged(result, json.dumps(state))


def render_again(assignment: Assignment, result: Result, entered: dict[str, ByHand]) -> str:
    """The feedback page with what people entered, made in a scratch course."""
    if not result.notebook:
        return result.feedback
    name = assignment.name
    with tempfile.TemporaryDirectory(prefix="feedback-") as tmp:
        root = Path(tmp).resolve()
        (root / "gradebook.db").write_bytes(assignment.gradebook)
        notebook = root / "autograded" / STUDENT / name / f"{name}.ipynb"
        notebook.parent.mkdir(parents=True)
        notebook.write_text(result.notebook, "utf-8")
        url = gradebook.address(root / "gradebook.db")
        with gradebook.opened(url) as scratch:
            copy = replace(result, student=STUDENT)
            gradebook.merge(scratch, copy)
            gradebook.enter(scratch, copy, entered)
        return feedback.render(root, name, url)
