"""The sample class is what ``build`` makes, and each of its students gets what is expected."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from autograder import sample
from autograder.gradebook.assignment import prepare
from autograder.gradebook.status import Status
from autograder.pipeline import grade_class
from autograder.reports.summary import Summary
from course_utils.course import Course

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def graded_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, list[dict]]:
    out = tmp_path_factory.mktemp("sample") / "out"
    summary = grade_class(Course(ROOT), sample.FOLDER, out, cell_timeout=20, progress=False)
    with (out / "grades.csv").open(encoding="utf-8", newline="") as stream:
        return summary, list(csv.DictReader(stream))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_folder_is_what_build_makes(tmp_path: Path) -> None:
    sample.build(Course(ROOT), tmp_path / "made")
    made = contents(tmp_path / "made")
    assert made == contents(sample.FOLDER), "run python -m autograder.sample"
    assert len({name.split("/")[0] for name in made}) >= 13


def test_every_student_gets_what_is_expected(
    graded_sample: tuple[Summary, list[dict]],
) -> None:
    _, rows = graded_sample
    assignment = prepare(Course(ROOT), sample.CHAPTER)
    everyone = {s.name: s for s in sample.students(assignment.released())}
    assert {row["student"] for row in rows} == set(everyone)
    assert len(rows) == len(everyone) * len(assignment.exercises)
    for row in rows:
        student = everyone[row["student"]]
        expected = student.exercises.get(row["exercise"])
        if expected:
            status, reason = expected
            assert (row["status"], True) == (status, reason in row["reason"]), row
            assert float(row["points"]) < float(row["max_points"]), row
        elif row["exercise"] == "reflection":
            manual = "reflection" in student.sources
            assert row["status"] == (Status.MANUAL if manual else Status.UNSOLVED), row
        else:
            assert row["status"] == Status.GRADED, row
            assert row["points"] == row["max_points"], row


def test_nothing_of_it_is_a_problem(graded_sample: tuple[Summary, list[dict]]) -> None:
    summary, _ = graded_sample
    assert summary.exit_code == 0
    assert summary.problems == ()
