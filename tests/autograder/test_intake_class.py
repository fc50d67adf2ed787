"""What lies in students' folders, graded as a class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.gradebook.assignment import Assignment
from autograder.pipeline import grade_class
from course_utils.course import Course
from tests.autograder import tiny_course
from tests.autograder.graded_class import Graded
from tests.autograder.tiny_course import CHAPTER, RIGHT

SECRET = "an_honest_name"
TRY = "def double(x):\n    return x\n"
PARTIAL = "def double(x):\n    return 2.0 * x\n"
FORGED = """
class Full:
    def __call__(self, *_): return self
    __getattr__ = __add__ = __radd__ = __iadd__ = __call__
double = flip = Full()
print("who imported this?")
"""


def with_cell(data: bytes, place: int, source: str, kind: str = "code") -> bytes:
    nb = json.loads(data)
    nb["cells"].insert(place, {"cell_type": kind, "source": source, "metadata": {}})
    return json.dumps(nb).encode()


@pytest.fixture(scope="module")
def class_(
    tiny: Course, assignment: Assignment, tmp_path_factory: pytest.TempPathFactory
) -> Graded:
    folder = tmp_path_factory.mktemp("intake")
    submissions, out = folder / "submissions", folder / "out"

    def hand_in(student: str, **sources: str) -> Path:
        data = tiny_course.answer(assignment.release, **sources)
        return tiny_course.hand_in(submissions, student, data)

    honest = hand_in("honest", **{**RIGHT, "double": f"{SECRET} = 1\n{RIGHT['double']}"})
    (submissions / "thief").mkdir()
    (submissions / "thief" / CHAPTER).symlink_to(honest.parent)
    (submissions / "twin").symlink_to("honest")
    (submissions / "spy").mkdir()
    (submissions / "spy" / CHAPTER).symlink_to(tiny.notebooks / CHAPTER)
    module = hand_in("module", **{**RIGHT, "double": "from my_utils import twice as double\n"})
    (module.parent / "my_utils.py").write_text("def twice(x):\n    return 2 * x\n")
    forger = hand_in("forger", double="import tiny_checks\n", flip="import torch\n")
    for name in ("tiny_checks", "torch", "autograder", "hidden"):
        (forger.parent / f"{name}.py").write_text(FORGED)
    deep = submissions / "deep" / "deep" / CHAPTER / f"{CHAPTER}.ipynb"
    deep.parent.mkdir(parents=True)
    deep.write_bytes(tiny_course.answer(assignment.release, **RIGHT))
    data = tiny_course.answer(assignment.release, **RIGHT)
    tiny_course.hand_in(submissions, "tried", with_cell(data, 9, TRY))
    data = tiny_course.answer(assignment.release, **{**RIGHT, "double": PARTIAL})
    tiny_course.hand_in(submissions, "unclear", with_cell(data, 9, RIGHT["double"]))
    data = tiny_course.answer(assignment.release, **RIGHT)
    tiny_course.hand_in(
        submissions, "below", with_cell(data, 10, "Rows are alone.", "markdown")
    )
    return Graded(tiny, submissions, out, grade_class(tiny, submissions, out, progress=False))


@pytest.mark.parametrize("student", ["honest", "module", "deep", "tried", "below"])
def test_right_answers_get_all_points(class_: Graded, student: str) -> None:
    rows = class_.rows(student)
    assert [rows[e]["points"] for e in RIGHT] == ["4", "2"], rows


@pytest.mark.parametrize("student", ["thief", "spy"])
def test_who_links_a_folder_gets_nothing_and_sees_nothing(class_: Graded, student: str) -> None:
    rows = class_.rows(student)
    assert all(r["status"] == "missing" and "is a link" in r["reason"] for r in rows.values())
    assert SECRET not in class_.feedback(student)
    assert "secret rubric" not in class_.feedback(student)
    problems = "\n".join(class_.summary.problems)
    assert f"{student}/{CHAPTER}: is a link, and links are not followed" in problems
    assert "twin: is a link" in problems
    assert not class_.rows("twin")
    assert class_.summary.exit_code == 1


def test_own_modules_reach_no_test(class_: Graded) -> None:
    rows = class_.rows("forger")
    assert [rows[e]["points"] for e in RIGHT] == ["0", "0"]
    assert "who imported this?" not in class_.feedback("forger")


def test_a_person_is_asked_which_answer_is_meant(class_: Graded) -> None:
    row = class_.rows("unclear")["double"]
    assert (row["points"], row["status"]) == ("2", "manual")
    assert "“double” is defined in several cells" in row["reason"]


def test_a_reflection_in_the_cell_below_is_read(class_: Graded) -> None:
    row = class_.rows("below")["reflection"]
    assert (row["points"], row["status"]) == ("", "manual")
    assert "Rows are alone." in class_.feedback("below")
    assert class_.rows("honest")["reflection"]["status"] == "unsolved"
