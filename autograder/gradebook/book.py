"""The one writer of a gradebook."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from sqlalchemy import URL, inspect, text
from sqlalchemy.exc import SAWarning

from autograder.gradebook import database, store, swift
from autograder.gradebook.records import Grade, Result
from autograder.gradebook.settings import COURSE_ID
from autograder.gradebook.status import Status

Row = tuple[Result, Grade]


@dataclass(frozen=True)
class ByHand:
    """What a person entered in formgrader for one exercise."""

    score: float | None
    comment: str
    read_again: bool  # the answer changed after the person had read it


@contextlib.contextmanager
def opened(url: str) -> Iterator[Gradebook]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, on each new submission
        with Gradebook(url, COURSE_ID) as book:
            yield book


def ensure(url: URL) -> None:
    """An empty gradebook at ``url`` where there is none, whole or not at all."""
    if url.get_backend_name() == "sqlite":
        _ensure_file(Path(str(url.database)))
        return
    with opened(database.address(url)) as book, _transaction(book):
        # nbgrader makes the tables in one transaction and notes their version in the next
        if not inspect(book.engine).has_table("alembic_version"):
            book.db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            version = {"version": swift.alembic_version()}
            book.db.execute(text("INSERT INTO alembic_version VALUES (:version)"), version)


def _ensure_file(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{store.PART}{path.name}")
    part.unlink(missing_ok=True)
    with opened(address(part)):
        pass
    part.replace(path)


def merge(book: Gradebook, result: Result) -> None:
    """Enter a result, all of it or nothing. Scores and comments of people stay."""
    with _transaction(book):
        book.update_or_create_student(result.student)
        if result.status is Status.MISSING and _notebook(book, result) is None:
            return  # nbgrader's way to say so
        book.update_or_create_submission(result.assignment, result.student)
        notebook = _notebook(book, result)
        assert notebook is not None
        points = {g.exercise: g.points for g in result.grades}
        for grade in notebook.grades:
            grade.auto_score = points.get(grade.name, 0.0)
            grade.needs_manual_grade = (
                grade.manual_score is not None or grade.auto_score is None
            )
        for comment in notebook.comments:
            comment.auto_comment = result.comments.get(comment.name)


def by_hand(book: Gradebook, result: Result) -> dict[str, ByHand]:
    """What people entered for a submission, by exercise."""
    notebook = _notebook(book, result)
    if notebook is None:
        return {}
    comments = {c.name: c.manual_comment or "" for c in notebook.comments}
    entered = {}
    for grade in notebook.grades:
        comment = comments.pop(grade.name, "")
        if grade.manual_score is not None or grade.extra_credit or comment:
            score = (
                None if grade.manual_score is None and not grade.extra_credit else grade.score
            )
            entered[grade.name] = ByHand(score, comment, bool(grade.needs_manual_grade))
    # comments on solution cells that give no points themselves
    entered.update({name: ByHand(None, text, False) for name, text in comments.items() if text})
    return entered


def enter(book: Gradebook, result: Result, entered: dict[str, ByHand]) -> None:
    """Enter by program what people entered elsewhere."""
    notebook = _notebook(book, result)
    assert notebook is not None
    with _transaction(book):
        for grade in notebook.grades:
            if grade.name in entered and entered[grade.name].score is not None:
                grade.manual_score = entered[grade.name].score
                grade.needs_manual_grade = entered[grade.name].read_again
        for comment in notebook.comments:
            if comment.name in entered:
                comment.manual_comment = entered[comment.name].comment


def overlay(grade: Grade, entered: ByHand | None) -> Grade:
    """The grade as it counts, with what a person entered."""
    if entered is None or entered.score is None:
        return grade
    if entered.read_again:
        reason = "Handed in again after a person had graded it: read it again."
        return replace(grade, points=entered.score, status=Status.MANUAL, reason=reason)
    reason = entered.comment or "graded by hand"
    return replace(grade, points=entered.score, status=Status.GRADED, reason=reason)


def final_grades(book: Gradebook, results: Iterable[Result]) -> list[Row]:
    """Grades as they count, with what people entered in formgrader."""
    rows = []
    for result in results:
        entered = by_hand(book, result)
        rows += [(result, overlay(g, entered.get(g.exercise))) for g in result.grades]
    return rows


def knows(book: Gradebook, result: Result) -> bool:
    """Whether the student is in the gradebook, with a submission where there is one."""
    if result.status is Status.MISSING:
        return any(s.id == result.student for s in book.students)
    return _notebook(book, result) is not None


def address(path: Path) -> str:
    return f"sqlite:///{path}"


def _notebook(book: Gradebook, result: Result) -> SubmittedNotebook | None:
    name = result.assignment
    try:
        return book.find_submission_notebook(name, name, result.student)
    except MissingEntry:
        return None


@contextlib.contextmanager
def _transaction(book: Gradebook) -> Iterator[None]:
    """nbgrader's methods commit one by one; here they flush, and one commit ends it."""
    session = book.db
    commit, session.commit = session.commit, session.flush
    try:
        yield
        commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.commit = commit
