"""What a class gets: points, status and reason of each exercise."""

from __future__ import annotations

import pytest

from autograder.gradebook.status import Status
from tests.autograder.graded_class import Graded

# student: exercise: (points, status, part of the reason)
EXPECTED = {
    "right": {
        "double": ("4", "graded", ""),
        "flip": ("2", "graded", ""),
        "reflection": ("0", "unsolved", "No answer"),
    },
    "reflects": {"reflection": ("", "manual", "A person reads")},
    "partial": {
        "double": ("2", "graded", "keeps integers: integers became floats"),
        "flip": ("2", "graded", ""),
    },
    "noisy": {"double": ("4", "graded", ""), "flip": ("2", "graded", "")},
    "unsolved": {
        "double": ("0", "unsolved", "stub"),
        "flip": ("0", "unsolved", "stub"),
    },
    "loop": {"double": ("0", "timeout", ""), "flip": ("2", "graded", "")},
    "stubborn": {"double": ("0", "timeout", "no end in the time"), "flip": ("2", "graded", "")},
    "crash": {
        "double": ("0", "crashed", "Python died"),
        "flip": ("2", "graded", ""),
    },
    "memory": {"double": ("0", "crashed", ""), "flip": ("2", "graded", "")},
    "syntax": {"double": ("0", "error", "SyntaxError"), "flip": ("2", "graded", "")},
    "leaks": {"double": ("2", "graded", "KeyboardInterrupt")},
    "murderer": {"double": ("0", "timeout", ""), "flip": ("0", "unsolved", "stub")},
    "empty": {"double": ("0", "unreadable", "The file is empty")},
    "lost": {"double": ("0", "missing", "No notebook 01_tiny.ipynb was handed in")},
}


@pytest.mark.parametrize(
    ("student", "exercise"), [(s, e) for s, rows in EXPECTED.items() for e in rows]
)
def test_each_exercise_has_its_row(graded: Graded, student: str, exercise: str) -> None:
    points, status, reason = EXPECTED[student][exercise]
    row = graded.rows(student)[exercise]
    assert (row["points"], row["status"]) == (points, status)
    assert reason in row["reason"]
    assert reason or status != "graded" or row["reason"] == ""


def test_every_student_has_every_exercise(graded: Graded) -> None:
    for student in EXPECTED:
        assert list(graded.rows(student)) == ["double", "flip", "reflection"]


def test_names_are_no_formulas_in_a_spreadsheet(graded: Graded) -> None:
    assert graded.rows("'=formula")
    assert not graded.rows("=formula")


def test_the_summary_names_what_it_could_not_grade(graded: Graded) -> None:
    assert graded.summary.exit_code == 1
    problems = "\n".join(graded.summary.problems)
    assert "lost/77_unknown: no chapter has this name" in problems
    assert len(graded.summary.problems) == 1
    for part in ("01_tiny: 15 students", "grades.csv", "gradebook.db"):
        assert part in str(graded.summary)


def test_every_status_has_a_sentence() -> None:
    assert all(status.sentence.endswith((".", "?")) for status in Status)
