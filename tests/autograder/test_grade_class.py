"""A class as a whole: again, interrupted, two graders at once, grades by hand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.gradebook import book as gradebook
from autograder.gradebook import store
from autograder.gradebook.assignment import Assignment
from autograder.pipeline import grade_class
from autograder.reports.summary import Summary
from course_utils.course import Course, CourseError, UsageError
from tests.autograder import tiny_course
from tests.autograder.graded_class import CELL_TIMEOUT, Graded
from tests.autograder.tiny_course import CHAPTER, RIGHT
from tests.patience import until


@pytest.fixture
def again(graded: Graded, tmp_path: Path) -> Graded:
    """A copy of the graded class that a test may change."""
    submissions, out = tmp_path / "submissions", tmp_path / "out"
    shutil.copytree(graded.submissions, submissions)
    shutil.copytree(graded.out, out)
    return Graded(graded.course, submissions, out, graded.summary)


def regrade(class_: Graded) -> Summary:
    return grade_class(
        class_.course,
        class_.submissions,
        class_.out,
        cell_timeout=CELL_TIMEOUT,
        progress=False,
    )


def times(out: Path) -> dict[Path, int]:
    kept = ("autograded", "feedback", ".results")
    return {p: p.stat().st_mtime_ns for k in kept for p in (out / k).rglob("*") if p.is_file()}


def test_the_same_command_again_grades_nothing(again: Graded) -> None:
    before, table = times(again.out), (again.out / "grades.csv").read_text()
    summary = regrade(again)
    assert summary.graded == 0
    assert times(again.out) == before
    assert (again.out / "grades.csv").read_text() == table


def test_a_resubmission_replaces_its_own_and_nothing_else(
    again: Graded, assignment: Assignment
) -> None:
    before = times(again.out)
    data = tiny_course.answer(assignment.release, **RIGHT)
    tiny_course.hand_in(again.submissions, "empty", data)
    tiny_course.hand_in(again.submissions, "unsolved", b"no JSON")
    assert regrade(again).graded == 2
    changed = {p for p, t in times(again.out).items() if before.get(p) != t}
    assert all("empty" in str(p) or "unsolved" in str(p) for p in changed)
    assert again.rows("empty")["double"]["points"] == "4"
    assert again.rows("unsolved")["double"]["status"] == "unreadable"
    assert not list((again.out / "autograded" / "unsolved").rglob("*.ipynb"))


def test_grades_by_hand_survive(again: Graded, assignment: Assignment) -> None:
    with gradebook.opened(gradebook.address(again.out / "gradebook.db")) as book:
        grade = book.find_grade("reflection", CHAPTER, CHAPTER, "reflects")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.find_comment("reflection", CHAPTER, CHAPTER, "reflects").manual_comment = "Nice!"
        book.db.commit()
    assert regrade(again).graded == 0
    row = again.rows("reflects")["reflection"]
    assert (row["points"], row["status"], row["reason"]) == ("2.5", "graded", "Nice!")
    page = again.feedback("reflects")
    assert "Nice!" in page
    assert "2.5" in page
    assert "is read by a person" not in page

    data = tiny_course.answer(assignment.release, **RIGHT, reflection="Something else.")
    tiny_course.hand_in(again.submissions, "reflects", data)
    assert regrade(again).graded == 1
    row = again.rows("reflects")["reflection"]
    assert (row["points"], row["status"]) == ("2.5", "manual")
    assert row["reason"].startswith("The answer changed after a person had graded it (on 20")


def test_a_lost_gradebook_is_made_again_from_the_results(again: Graded) -> None:
    table = (again.out / "grades.csv").read_text()
    (again.out / "gradebook.db").unlink()
    assert regrade(again).graded == 0
    assert (again.out / "grades.csv").read_text() == table
    with gradebook.opened(gradebook.address(again.out / "gradebook.db")) as book:
        assert book.find_submission(CHAPTER, "partial").score == 4


def test_a_changed_check_grades_again(
    graded: Graded, assignment: Assignment, tmp_path: Path
) -> None:
    root, submissions, out = tmp_path / "c", tmp_path / "s", tmp_path / "o"
    shutil.copytree(graded.course.root, root)
    tiny_course.hand_in(submissions, "empty", b"")
    assert grade_class(Course(root), submissions, out, progress=False).graded == 1
    assert grade_class(Course(root), submissions, out, progress=False).graded == 0
    hidden = root / "autograder" / "hidden" / "tiny.py"
    hidden.write_text(hidden.read_text() + "\n")
    assert grade_class(Course(root), submissions, out, progress=False).graded == 1


SCRIPT = """
import sys
from pathlib import Path
from autograder.pipeline import grade_class
from course_utils.course import Course
if __name__ == "__main__":
    root, submissions, out = map(Path, sys.argv[1:])
    print(grade_class(Course(root), submissions, out, workers=1, progress=False))
"""


def test_a_killed_run_is_finished_by_the_same_command(
    tiny: Course, assignment: Assignment, tmp_path: Path
) -> None:
    submissions, out = tmp_path / "s", tmp_path / "o"
    data = tiny_course.answer(assignment.release, **RIGHT)
    for student in ("ada", "ben", "cem"):
        tiny_course.hand_in(submissions, student, data)
    script = tmp_path / "grade.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tiny.root), str(submissions), str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = out / ".results" / CHAPTER / "ada.json"
    until(first.exists)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "grades.csv").exists(), "nothing half-written"
    until(lambda: not any(c.is_running() for c in children))  # no orphans

    kept = first.stat().st_mtime_ns
    summary = grade_class(tiny, submissions, out, workers=1, progress=False)
    assert summary.reused >= 1
    assert summary.graded == 3 - summary.reused
    assert first.stat().st_mtime_ns == kept
    assert (out / "grades.csv").read_text().count(",4,4,graded,") == 3
    with gradebook.opened(gradebook.address(out / "gradebook.db")) as book:
        assert [s.score for s in book.assignment_submissions(CHAPTER)] == [6, 6, 6]
    assert not list(out.rglob(".part-*"))


def test_a_second_grader_is_told_so(graded: Graded, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with store.lock(out), pytest.raises(CourseError, match=f"process {os.getpid()}: wait"):
        grade_class(graded.course, graded.submissions, out)
    with store.lock(out):
        pass  # free again


def test_an_output_that_cannot_be_written(graded: Graded, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/grades")):
        with pytest.raises(CourseError, match="cannot write to") as caught:
            grade_class(graded.course, graded.submissions, out)
        assert caught.value.exit_code == 1


def test_wrong_usage_is_said_in_a_sentence(tiny: Course, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    cases = [
        (tmp_path / "nowhere", "is not a folder: expected SUBMISSIONS/<student>"),
        (tmp_path / "s", "no student's folder"),
    ]
    for folder, says in cases:
        with pytest.raises(UsageError, match=says):
            grade_class(tiny, folder, tmp_path / "out")
    (tmp_path / "s" / "amy" / "99_other").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"no assignment in .* one of 01_tiny"):
        grade_class(tiny, tmp_path / "s", tmp_path / "out")
    with pytest.raises(UsageError, match="inside the submissions"):
        grade_class(tiny, tmp_path / "s", tmp_path / "s" / "out")
    assert not (tmp_path / "out").exists()


def test_exercises_that_changed_need_a_new_folder(again: Graded, tmp_path: Path) -> None:
    root = tmp_path / "changed"
    shutil.copytree(again.course.root, root)
    source = Course(root).source(CHAPTER)
    nb = json.loads(source.read_text())
    nb["cells"] = [c for c in nb["cells"] if c["id"] not in ("flip", "test-flip")]
    source.write_text(json.dumps(nb))
    with pytest.raises(CourseError, match="grade it into a new folder"):
        grade_class(Course(root), again.submissions, again.out, progress=False)


def test_a_notebook_that_is_no_assignment(tiny: Course, tmp_path: Path) -> None:
    root = tmp_path / "broken"
    shutil.copytree(tiny.root, root)
    source = Course(root).source(CHAPTER)
    source.write_text(source.read_text().replace("### END SOLUTION", ""))
    tiny_course.hand_in(tmp_path / "s", "amy", b"")
    with pytest.raises(CourseError, match=CHAPTER):
        grade_class(Course(root), tmp_path / "s", tmp_path / "out", progress=False)
