"""What a person entered is in question only where that very answer changed."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.gradebook import book as gradebook
from autograder.gradebook import by_hand
from autograder.gradebook.assignment import Assignment
from autograder.pipeline import grade_class
from autograder.reports.summary import Summary
from course_utils import cli, handin
from course_utils.course import Course, CourseError
from course_utils.publish import points
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT


class Marked:
    """A class of one student whom a person has graded: points, extra credit, a comment."""

    def __init__(self, root: Path, tiny: Course, assignment: Assignment) -> None:
        ignored = shutil.ignore_patterns(".cache")
        shutil.copytree(tiny.root, root / "course", ignore=ignored)
        self.course, self.out = Course(root / "course"), root / "out"
        self.submissions, self._assignment = root / "submissions", assignment
        self.hand_in()
        assert self.grade().graded == 1

    def hand_in(self, **sources: str) -> None:
        answers = {**RIGHT, "reflection": "Because so.", **sources}
        data = tiny_course.answer(self._assignment.release, **answers)
        tiny_course.hand_in(self.submissions, "ada", data)

    def grade(self, **options: Any) -> Summary:
        return grade_class(self.course, self.submissions, self.out, progress=False, **options)

    def mark(self, exercise: str, points: float | None, extra: float | None = None) -> None:
        """What formgrader does when a person has entered something (``GradeHandler.put``)."""
        with gradebook.opened(gradebook.address(self.out / "gradebook.db")) as book:
            grade = book.find_grade(exercise, CHAPTER, CHAPTER, "ada")
            grade.manual_score, grade.extra_credit = points, extra
            grade.needs_manual_grade = points is None and grade.auto_score is None
            book.db.commit()

    def say(self, cell: str, comment: str) -> None:
        with gradebook.opened(gradebook.address(self.out / "gradebook.db")) as book:
            book.find_comment(cell, CHAPTER, CHAPTER, "ada").manual_comment = comment
            book.db.commit()

    def rows(self) -> dict[str, tuple[str, str, str]]:
        text = (self.out / "grades.csv").read_text("utf-8")
        rows = csv.DictReader(text.splitlines())
        return {r["exercise"]: (r["points"], r["status"], r["reason"]) for r in rows}


@pytest.fixture(scope="module")
def marked(
    tiny: Course, assignment: Assignment, tmp_path_factory: pytest.TempPathFactory
) -> Marked:
    marked = Marked(tmp_path_factory.mktemp("marked"), tiny, assignment)
    marked.mark("reflection", 2.5)
    marked.say("reflection", "Nice!")
    marked.mark("test_double", None, extra=0.5)
    marked.say("flip", "Short.")
    assert marked.grade().graded == 0
    return marked


KEPT = {
    "double": ("4.5", "graded", "0.5 extra by hand"),
    "flip": ("2", "graded", ""),
    "reflection": ("2.5", "graded", "Nice!"),
}


def test_changes_of_checks_and_limits_leave_it_alone(marked: Marked) -> None:
    assert marked.rows() == KEPT
    hidden = marked.course.root / "autograder" / "hidden" / "tiny.py"
    hidden.write_text(hidden.read_text() + "\n# a comment\n")
    assert marked.grade().graded == 1
    assert marked.grade(cell_timeout=31).graded == 1
    assert marked.rows() == KEPT


def test_only_the_answer_that_changed_is_asked_for_again(marked: Marked) -> None:
    changed = "def double(x):\n    return x + x\n"
    marked.hand_in(double=changed)
    assert marked.grade(cell_timeout=31).graded == 1
    rows = marked.rows()
    assert rows.pop("double")[:2] == ("4.5", "manual")
    assert rows == {name: KEPT[name] for name in rows}

    marked.hand_in(double=changed, flip=RIGHT["flip"] + "# the same, said otherwise\n")
    marked.grade(cell_timeout=31)  # its comment stands on the answer's cell
    earned, status, reason = marked.rows()["flip"]
    assert (earned, status) == ("2", "manual")
    assert reason.startswith("The answer changed after a person had graded it (on 20")
    assert "handed in again" not in reason.lower()

    marked.mark("test_double", None, extra=0.5)  # confirmed as it was
    marked.mark("test_flip", None)
    marked.grade(cell_timeout=31)
    assert marked.rows() == KEPT
    marked.grade(cell_timeout=32)
    assert marked.rows() == KEPT, "and it stays confirmed"


def test_the_old_answer_handed_in_again_has_its_points(marked: Marked) -> None:
    marked.hand_in(reflection="Something else.")
    marked.grade(cell_timeout=32)
    assert marked.rows()["reflection"][:2] == ("2.5", "manual")
    out = marked.out.parent / "table.csv"
    command = ["export", "canvas", str(marked.out), "--out", str(out), "--roster"]
    roster = marked.out.parent / "roster.csv"
    roster.write_text("Student,ID,SIS Login ID,Section\nAda,1,ada,A\n")
    assert cli.main([*command, str(roster)]) == 1
    marked.hand_in()
    marked.grade(cell_timeout=32)
    assert marked.rows()["reflection"] == KEPT["reflection"]


def test_a_lost_gradebook_gets_back_what_people_entered(marked: Marked) -> None:
    before = marked.rows()
    (marked.out / "gradebook.db").unlink()
    assert marked.grade(cell_timeout=32).graded == 0
    assert marked.rows() == before
    with gradebook.opened(gradebook.address(marked.out / "gradebook.db")) as book:
        assert book.find_grade("reflection", CHAPTER, CHAPTER, "ada").manual_score == 2.5


@pytest.mark.parametrize("version", ["724cde206c17", None])
def test_a_gradebook_of_another_version(marked: Marked, version: str | None) -> None:
    path = marked.out / "gradebook.db"
    whole = path.read_bytes()
    with contextlib.closing(sqlite3.connect(path)) as book, book:
        if version:
            book.execute("UPDATE alembic_version SET version_num = ?", [version])
        else:
            book.execute("DROP TABLE alembic_version")
    try:
        with pytest.raises(CourseError, match="was made by another version of nbgrader"):
            marked.grade(cell_timeout=32)
    finally:
        path.write_bytes(whole)


def test_force_grades_again_and_loses_nothing(marked: Marked) -> None:
    before = marked.rows()
    options = {"cell_timeout": 32, "force": True}
    assert marked.grade(**options).graded == 1
    assert marked.rows() == before
    state = marked.out / ".results" / CHAPTER / "ada.merged"
    assert json.loads(state.read_text("utf-8"))["by_hand"]["reflection"]["score"] == 2.5


def test_an_exercise_may_change_its_points(marked: Marked) -> None:
    """As CONTRIBUTING says: in the check, then ``course format``; what people entered stays."""
    rows = marked.rows()
    checks = marked.course.source(CHAPTER).with_name("tiny_checks.py")
    text = checks.read_text("utf-8")
    text = text.replace('"flip", points=2', '"flip", points=3')
    checks.write_text(text.replace('"reverses", points=1', '"reverses", points=2'))
    assert points.write_points(marked.course, CHAPTER)
    assert marked.grade(cell_timeout=32).graded == 1
    before, rows = rows, marked.rows()
    assert (before["flip"][0], rows["flip"][0]) == ("2", "3")
    assert {**rows, "flip": before["flip"]} == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda cells: cells.append(code("print('a scratch cell at the end')")),
        lambda cells: cells.insert(9, code("print('above the reflection')")),
        lambda cells: cells.insert(0, {**code("Anna's notebook"), "cell_type": "markdown"}),
        lambda cells: cells[0].update(source="# A tiny chapter (Anna)"),
        lambda cells: cells[-1].update(source="Because\n  so."),
        lambda cells: cells[4].update(source="\n\ndef double(x):\n\n    return 2 * x  "),
    ],
)
def test_what_is_no_answer_leaves_the_digests(assignment: Assignment, edit: Any) -> None:
    def digests() -> dict[str, str]:
        read = handin.read(json.dumps(notebook).encode(), assignment.released())
        return by_hand.answers(nbformat.writes(read.notebook))

    answers = {**RIGHT, "reflection": "Because so."}
    notebook = json.loads(tiny_course.answer(assignment.release, **answers))
    before = digests()
    edit(notebook["cells"])
    assert digests() == before


def code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "id": "scratch"}
