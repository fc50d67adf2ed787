"""The one writer of a gradebook."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy import URL, NullPool, create_engine, inspect, text
from sqlalchemy.exc import SAWarning

from autograder.gradebook import by_hand, database, store, swift
from autograder.gradebook.by_hand import notebook_of
from autograder.gradebook.records import Grade, Result, Standing
from autograder.gradebook.settings import COURSE_ID
from autograder.gradebook.standing import Register, standing
from autograder.gradebook.status import Status
from course_utils.course import CourseError

Row = tuple[Result, Grade]


@contextlib.contextmanager
def opened(url: str) -> Iterator[Gradebook]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, on each new submission
        with Gradebook(url, COURSE_ID) as book:
            yield book


def ensure(url: URL) -> None:
    """An empty gradebook at ``url`` where there is none, whole or not at all.

    Raises:
        CourseError: the one there was made by another version of nbgrader.
    """
    _require_version(url)
    if url.get_backend_name() == "sqlite":
        _ensure_file(Path(str(url.database)))
        return
    with opened(database.address(url)) as book, _transaction(book):
        # nbgrader makes the tables in one transaction and notes their version in the next
        if not inspect(book.engine).has_table("alembic_version"):
            book.db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            version = {"version": swift.alembic_version()}
            book.db.execute(text("INSERT INTO alembic_version VALUES (:version)"), version)


def _require_version(url: URL) -> None:
    """nbgrader itself opens old tables, and fails in the middle of the class."""
    is_file = url.get_backend_name() == "sqlite"
    if is_file and not Path(str(url.database)).exists():
        return
    engine, here = create_engine(url, poolclass=NullPool), swift.alembic_version()
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        found = "none" if is_file and "assignment" in tables else here
        if "alembic_version" in tables:
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found != here:
        raise CourseError(
            f"the gradebook {database.shown(url)} was made by another version of nbgrader "
            f"(version of its tables: {found}, here: {here}): keep a copy of it and run "
            "`nbgrader db upgrade`, or give another --out"
        )


def _ensure_file(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{store.PART}{path.name}")
    part.unlink(missing_ok=True)
    with opened(address(part)):
        pass
    part.replace(path)


def merge(book: Gradebook, result: Result, read_again: Collection[str] = ()) -> None:
    """Enter a result, all of it or nothing. Scores and comments of people stay.

    Args:
        read_again: exercises for which a person has entered something that is now in question.
    """
    with _transaction(book):
        book.update_or_create_student(result.student)
        if result.status is Status.MISSING and notebook_of(book, result) is None:
            return  # nbgrader's way to say so
        book.update_or_create_submission(result.assignment, result.student)
        notebook = notebook_of(book, result)
        assert notebook is not None
        points = {g.exercise: g.points for g in result.grades}
        asked = {g.exercise for g in result.grades if g.status is Status.MANUAL}
        for grade in notebook.grades:
            grade.auto_score = points.get(grade.name, 0.0)
            unread = grade.manual_score is None and grade.name in asked
            grade.needs_manual_grade = unread or grade.name in read_again
        for comment in notebook.comments:
            comment.auto_comment = result.comments.get(comment.name)


def final_grades(
    book: Gradebook, results: store.Results, register: Register | None = None
) -> list[Row]:
    """Grades as they count, with what people entered in formgrader, and how each stands.

    Args:
        register: of the class; without it there are neither excuses nor a late policy.
    """
    rows = []
    for result in results.all():
        noted = by_hand.loaded(results.merged(result).get("by_hand"))
        owners = {name: entry.exercise for name, entry in noted.items()}
        entered = by_hand.as_noted(by_hand.entries(book, result, owners), noted)
        grades = [by_hand.overlay(g, entered) for g in result.grades]
        seen = replace(result, standing=stands(book, result, grades, register or Register()))
        rows += [(seen, grade) for grade in grades]
    return rows


def stands(
    book: Gradebook, result: Result, grades: list[Grade], register: Register
) -> Standing:
    """How a submission with these grades stands."""
    points = sum(grade.points or 0 for grade in grades)
    return standing(book, result, register, points)


def knows(book: Gradebook, result: Result) -> bool:
    """Whether the student is in the gradebook, with a submission where there is one."""
    if result.status is Status.MISSING:
        return any(s.id == result.student for s in book.students)
    return notebook_of(book, result) is not None


def address(path: Path) -> str:
    return f"sqlite:///{path}"


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
