"""The sample class is what ``build`` makes, and each of its students gets what is expected."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder import sample
from autograder.gradebook.assignment import prepare
from autograder.gradebook.status import Status
from autograder.pipeline import grade_class
from autograder.reports.summary import Summary
from course_utils import cli
from course_utils.course import Course

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def graded_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, list[dict]]:
    out = tmp_path_factory.mktemp("sample") / "out"
    summary = grade_class(Course(ROOT), sample.FOLDER, out, cell_timeout=20, progress=False)
    with (out / "grades.csv").open(encoding="utf-8", newline="") as stream:
        return summary, list(csv.DictReader(stream))


def test_the_folder_is_what_build_makes(tmp_path: Path) -> None:
    sample.build(Course(ROOT), tmp_path / "made")
    made = sample.contents(tmp_path / "made")
    assert made == sample.contents(sample.FOLDER), "run python -m autograder.sample"
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


def test_only_the_unchanged_class_is_ours(tmp_path: Path, monkeypatch: Any) -> None:
    assert sample.is_ours(Course(ROOT), sample.FOLDER)
    mine = tmp_path / "sample_class"
    shutil.copytree(sample.FOLDER, mine)
    assert not sample.is_ours(Course(ROOT), mine)
    monkeypatch.setattr(sample, "FOLDER", mine)
    assert sample.is_ours(Course(ROOT), mine)
    (mine / "new" / sample.CHAPTER).mkdir(parents=True)
    (mine / "new" / sample.CHAPTER / "x.ipynb").write_text("{}")
    assert not sample.is_ours(Course(ROOT), mine)
    shutil.rmtree(mine / "new")
    (mine / "new").symlink_to(mine / "amira")
    assert not sample.is_ours(Course(ROOT), mine)


def test_without_bubblewrap_the_class_is_graded_with_limits_and_others_are_refused(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    asked = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("autograder.execution.head_start.head_start", asked.append)
    monkeypatch.chdir(ROOT)
    other = tmp_path / "class" / "ada" / sample.CHAPTER
    other.mkdir(parents=True)
    for folder, kind in ((sample.FOLDER, "limits-only"), (other.parents[1], "bubblewrap")):
        monkeypatch.setattr("autograder.pipeline.grade_class", _given(kind))
        assert cli.main(["grade", str(folder), "--out", str(tmp_path / "out")]) == 7
    assert asked == ["limits-only", "bubblewrap"]
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("note: bubblewrap is missing on this machine; our own sample class")
    assert note.endswith("apt install bubblewrap")


def _given(kind: str) -> Any:
    def grade(*_: object, sandbox: str, **__: object) -> Any:
        assert sandbox == kind
        return SimpleNamespace(exit_code=7)

    return grade
