"""Nobody gains a point unearned, nobody loses one: through the real pipeline."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from autograder.assignment import Assignment, prepare
from autograder.intake import Handin
from autograder.sandbox.launch import SandboxError, require
from autograder.task import Kind, Limits, Result, Task, grade
from tests.attacks.catalogue import ATTACKS, Attack
from tests.autograder import tiny_course

LIMITS = Limits(cell=4, wall=60)


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    try:
        require(Kind.BUBBLEWRAP)
    except SandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    course = tiny_course.build(tmp_path_factory.mktemp("attacked"))
    return prepare(course, tiny_course.CHAPTER)


def graded(assignment: Assignment, data: bytes) -> dict[str, float | None]:
    result = grade(Task("student", assignment, Handin(data), LIMITS))
    return points(result)


def points(result: Result) -> dict[str, float | None]:
    return {g.exercise.removeprefix("test_"): g.points for g in result.grades}


def test_the_catalogue_is_large_and_says_what_it_tries():
    assert len(ATTACKS) >= 60
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_earns_what_it_is_worth(
    attack: Attack, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_GRADER", "1")
    earned = graded(assignment, attack.make(assignment.release))
    assert earned["double"] == attack.double
    assert earned["flip"] == attack.flip


def test_the_next_student_is_graded_as_if_nothing_had_been(assignment: Assignment) -> None:
    """After all of the above, in the same worker."""
    earned = graded(assignment, tiny_course.answer(assignment.release, **tiny_course.RIGHT))
    assert earned["double"] == 4
    assert earned["flip"] == 2


def test_nothing_is_left_running_or_written(assignment: Assignment) -> None:
    commands = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if "987654" in command]
    assert not Path("/tmp/pwned").exists()
