"""A small class, graded once for all tests of this folder."""

from __future__ import annotations

import pytest

from autograder.gradebook.assignment import Assignment, prepare
from autograder.pipeline import grade_class
from course_utils.course import Course
from tests.autograder import tiny_course
from tests.autograder.graded_class import ANSWERS, CELL_TIMEOUT, Graded
from tests.autograder.tiny_course import CHAPTER


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return tiny_course.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def assignment(tiny: Course) -> Assignment:
    return prepare(tiny, CHAPTER)


@pytest.fixture(scope="session")
def graded(
    tiny: Course, assignment: Assignment, tmp_path_factory: pytest.TempPathFactory
) -> Graded:
    """The class of ``ANSWERS`` and a few bad files; tests must not change its folders."""
    folder = tmp_path_factory.mktemp("class")
    submissions, out = folder / "submissions", folder / "out"
    for student, sources in ANSWERS.items():
        tiny_course.hand_in(
            submissions, student, tiny_course.answer(assignment.release, **sources)
        )
    tiny_course.hand_in(submissions, "empty", b"")
    tiny_course.hand_in(submissions, "=formula", b"")
    tiny_course.hand_in(submissions, "lost", b"{}", "77_unknown")
    summary = grade_class(tiny, submissions, out, cell_timeout=CELL_TIMEOUT, progress=False)
    return Graded(tiny, submissions, out, summary)
