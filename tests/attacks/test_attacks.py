"""Nobody gains a point unearned, nobody loses one: one class, through the real pipeline."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import psutil
import pytest

from autograder.gradebook.assignment import prepare
from autograder.pipeline import grade_class
from autograder.sandbox.kind import Kind, SandboxError, require
from tests.attacks.catalogue import Attack
from tests.attacks.families import ATTACKS
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT

VICTIMS = range(0, len(ATTACKS), 10)  # an honest student after every tenth attack


def attacker(number: int) -> str:
    return f"{number:03d}-attacker"


def victim(number: int) -> str:
    return f"{number:03d}-victim"


@pytest.fixture(scope="module")
def earned(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Points of (student, exercise), as grades.csv has them."""
    try:
        require(Kind.BUBBLEWRAP)
    except SandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    root = tmp_path_factory.mktemp("attacked")
    course = tiny_course.build(root / "course")
    release = prepare(course, CHAPTER).release
    files = {attacker(n): attack.make(release) for n, attack in enumerate(ATTACKS)}
    files |= {victim(n): tiny_course.answer(release, **RIGHT) for n in VICTIMS}
    for student, data in files.items():
        tiny_course.hand_in(root / "submissions", student, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_OF_THE_GRADER", "1")
        grade_class(
            course,
            root / "submissions",
            root / "grades",
            cell_timeout=4,
            wall_timeout=60,
            progress=False,
            integrity=False,
        )
    with (root / "grades" / "grades.csv").open(encoding="utf-8", newline="") as stream:
        return {(r["student"], r["exercise"]): r["points"] for r in csv.DictReader(stream)}


def test_the_catalogue_is_large_and_says_what_it_tries() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize(
    ("number", "attack"), list(enumerate(ATTACKS)), ids=[attack.name for attack in ATTACKS]
)
def test_an_attack_earns_what_it_is_worth(
    number: int, attack: Attack, earned: dict[tuple[str, str], str]
) -> None:
    assert float(earned[attacker(number), "double"]) == attack.double
    assert float(earned[attacker(number), "flip"]) == attack.flip


@pytest.mark.parametrize("number", VICTIMS)
def test_an_honest_student_among_them_loses_nothing(
    number: int, earned: dict[tuple[str, str], str]
) -> None:
    assert float(earned[victim(number), "double"]) == 4
    assert float(earned[victim(number), "flip"]) == 2


def test_nothing_is_left_running_or_written(earned: dict[tuple[str, str], str]) -> None:
    commands = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if "987654" in command]
    assert not Path("/tmp/pwned").exists()
