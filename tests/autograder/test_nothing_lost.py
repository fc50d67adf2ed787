"""The grader is killed, shut out of its gradebook, out of room: nothing that was done is lost.

Every test goes through the ``course`` command or ``grade_class`` and looks at the folder alone.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from autograder import pipeline
from autograder.gradebook import book as gradebook
from autograder.gradebook import database
from autograder.gradebook.assignment import Assignment
from autograder.pipeline import grade_class
from course_utils.course import Course, CourseError
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT
from tests.patience import until

COURSE = Path(sys.executable).with_name("course")
ANSWERS = {
    "ada": RIGHT,
    "ben": {**RIGHT, "double": "print('x' * 200_000)\ndef double(x):\n    return 2.0 * x\n"},
    "cem": {**RIGHT, "reflection": "Because so."},
    "dee": {},
    "eva": {**RIGHT, "flip": "def flip(x:\n"},
    "fay": RIGHT,
}


@dataclass
class Folder:
    """A class and the folder of its grades."""

    course: Course
    submissions: Path
    out: Path
    seconds: float = 0.0  # an undisturbed run takes

    def start(self, limit: int | None = None) -> subprocess.Popen[str]:
        """The command as a process of its own, with at most ``limit`` bytes a file."""

        def limited() -> None:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.Popen(
            [COURSE, "grade", self.submissions, "--out", self.out, "--workers", "2"],
            cwd=self.course.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limited,
        )

    def finish(self) -> str:
        """Run the command to its end; what it says."""
        process = self.start()
        said, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
        return said

    def results(self) -> dict[str, tuple[int, str]]:
        """Of each student whose result is written: when it was, and its key."""
        found = {}
        for path in (self.out / ".results" / CHAPTER).glob("*.json"):
            record = json.loads(path.read_text("utf-8"))  # whole at any moment
            found[path.stem] = path.stat().st_mtime_ns, record["key"]
        return found

    def times(self) -> dict[Path, int]:
        kept = ("autograded", "feedback", ".results")
        files = (p for k in kept for p in (self.out / k).rglob("*") if p.is_file())
        return {p: p.stat().st_mtime_ns for p in files}

    @property
    def table(self) -> str:
        return (self.out / "grades.csv").read_text("utf-8")

    def scores(self) -> dict[str, float]:
        """As nbgrader's gradebook has them."""
        with gradebook.opened(gradebook.address(self.out / "gradebook.db")) as book:
            return {s.student.id: s.score for s in book.assignment_submissions(CHAPTER)}

    def pages(self) -> set[str]:
        return {p.parent.name for p in (self.out / "feedback").glob(f"*/{CHAPTER}.html")}

    def scraps(self) -> list[Path]:
        """Half-written files."""
        names = re.compile(r"^\.part-|\.tmp$|-journal$")
        return [p for p in self.out.rglob("*") if names.search(p.name)]

    def hand_in(self, student: str, assignment: Assignment, **sources: str) -> None:
        data = tiny_course.answer(assignment.release, **sources)
        tiny_course.hand_in(self.submissions, student, data)


@pytest.fixture(scope="module")
def undisturbed(
    tiny: Course, assignment: Assignment, tmp_path_factory: pytest.TempPathFactory
) -> Folder:
    root = tmp_path_factory.mktemp("undisturbed")
    folder = Folder(tiny, root / "submissions", root / "out")
    for student, sources in ANSWERS.items():
        folder.hand_in(student, assignment, **sources)
    started = time.monotonic()
    assert "6 graded now, 0 unchanged" in folder.finish()
    folder.seconds = time.monotonic() - started
    return folder


@pytest.fixture
def copy(undisturbed: Folder, tmp_path: Path) -> Folder:
    """The graded class, for a test to change."""
    shutil.copytree(undisturbed.submissions, tmp_path / "submissions")
    shutil.copytree(undisturbed.out, tmp_path / "out")
    return Folder(undisturbed.course, tmp_path / "submissions", tmp_path / "out")


def wait_for(true: Callable[[], object], process: subprocess.Popen[str]) -> None:
    until(lambda: process.poll() is not None or true(), pause=0.005)


def kill(process: subprocess.Popen[str]) -> None:
    """All that it started ends with it."""
    started = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: not any(p.is_running() for p in started), "for the end of its processes")


# -- killed --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again(undisturbed: Folder, tmp_path: Path, seed: int) -> None:
    """Somewhere in the beginning, then whenever a few more results are written."""
    folder = Folder(undisturbed.course, undisturbed.submissions, tmp_path / "out")
    draw = random.Random(seed)
    process = folder.start()
    wait_for((folder.out / ".lock").exists, process)
    time.sleep(draw.uniform(0, undisturbed.seconds / 3))
    kill(process)
    kept = folder.results()
    for more in (1, 2):
        process, goal = folder.start(), min(len(kept) + more, len(ANSWERS) - 1)
        wait_for(lambda goal=goal: len(folder.results()) >= goal, process)  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.3))
        kill(process)
        now = folder.results()
        assert len(now) >= goal
        assert {s: now[s] for s in kept} == kept, "graded again"
        kept = now

    said = folder.finish()
    assert f"{len(ANSWERS) - len(kept)} graded now, {len(kept)} unchanged" in said
    now = folder.results()
    assert {s: now[s] for s in kept} == kept, "graded again"
    assert {s: key for s, (_, key) in now.items()} == {
        s: key for s, (_, key) in undisturbed.results().items()
    }
    assert folder.table == undisturbed.table
    assert folder.scores() == undisturbed.scores()
    assert folder.pages() == set(ANSWERS)
    assert not folder.scraps()


def test_killed_while_a_resubmission_is_entered(copy: Folder, assignment: Assignment) -> None:
    """It replaces only its own; points and comments of a person survive."""
    with gradebook.opened(gradebook.address(copy.out / "gradebook.db")) as book:
        grade = book.find_grade("reflection", CHAPTER, CHAPTER, "cem")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.find_comment("reflection", CHAPTER, CHAPTER, "cem").manual_comment = "Nice!"
        book.db.commit()
    copy.hand_in("ben", assignment, **RIGHT)
    before, old = copy.times(), copy.results()["ben"]
    process = copy.start()
    wait_for(lambda: copy.results()["ben"] != old, process)
    kill(process)
    assert "1 unchanged" not in copy.finish()
    assert "ben,01_tiny,double,4,4,graded," in copy.table
    assert "cem,01_tiny,reflection,2.5,3,graded,Nice!" in copy.table
    assert copy.scores()["cem"] == 8.5
    changed = {p for p, t in copy.times().items() if before.get(p) != t}
    assert {s for s in ANSWERS if any(s in p.parts or p.stem == s for p in changed)} == {
        "ben",
        "cem",  # the page with the comment
    }
    assert not copy.scraps()


def test_what_a_killed_grader_left_half_written_is_removed(copy: Folder) -> None:
    scraps = [
        copy.out / ".part-gradebook.db",
        copy.out / ".results" / CHAPTER / ".part-x",
        copy.out / "feedback" / "ada" / ".part-y",
    ]
    for path in scraps:
        path.write_text("half")
    own = copy.out / "notes" / ".part-of-mine"  # somebody else's
    own.parent.mkdir()
    own.touch()
    grade_class(copy.course, copy.submissions, copy.out, progress=False)
    assert copy.scraps() == [own]


# -- the gradebook is held by another program ----------------------------------------------

HOLD = """
import sqlite3, sys, time
book = sqlite3.connect(sys.argv[1])
book.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def held(path: Path, seconds: float) -> Iterator[None]:
    """Another process has the gradebook for itself, at most for ``seconds``."""
    words = [sys.executable, "-c", HOLD, path, str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.kill()


def test_a_gradebook_that_is_busy_is_waited_for(
    copy: Folder, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than SQLite's 5 seconds, after which stock nbgrader aborts the class."""
    copy.hand_in("new", assignment, **RIGHT)
    steps = {"define": pipeline.define, "merge": pipeline.merge}
    waited = set()

    def busy(step: str, *args: object) -> None:
        if step in waited:
            steps[step](*args)
            return
        with held(copy.out / "gradebook.db", 7):
            waited.add(step)
            steps[step](*args)

    for step in steps:
        monkeypatch.setattr(pipeline, step, lambda *args, step=step: busy(step, *args))
    summary = grade_class(copy.course, copy.submissions, copy.out, progress=False)
    assert summary.graded == 1
    assert waited == {"define", "merge"}
    assert copy.scores()["new"] == 6
    assert "new,01_tiny,double,4,4,graded," in copy.table


def test_a_gradebook_that_stays_locked(
    copy: Folder, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence, and what was graded is entered by the next run."""
    copy.hand_in("new", assignment, **RIGHT)
    monkeypatch.setattr(database, "PATIENCE", 1)
    enter, before = pipeline.merge, copy.times()

    def shut_out(*args: object) -> None:
        with held(copy.out / "gradebook.db", 100):
            enter(*args)  # type: ignore[arg-type]

    def grade() -> int:
        return grade_class(copy.course, copy.submissions, copy.out, progress=False).graded

    with (
        held(copy.out / "gradebook.db", 100),
        pytest.raises(CourseError, match="database is locked; another program holds it"),
    ):
        grade()  # cannot define the assignment
    assert copy.times() == before
    (copy.out / ".results" / CHAPTER / "ada.merged").unlink()  # so that it is entered first
    monkeypatch.setattr(pipeline, "merge", shut_out)
    with pytest.raises(CourseError, match="database is locked; another program holds it"):
        grade()
    monkeypatch.setattr(pipeline, "merge", enter)
    assert grade() == 1
    assert copy.scores()["new"] == 6
    assert set(before) <= set(copy.times())


# -- no room -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        (10_000, "cannot put a sandbox into .*: make room there"),
        (100_000, "cannot use a scratch gradebook in .*; make room"),
        (180_000, "problem: ben/01_tiny: The grader itself failed: OSError"),  # ben's notebook
        (220_000, "cannot write to .*: File too large"),  # all of ben's result
    ],
)
def test_out_of_room(undisturbed: Folder, tmp_path: Path, limit: int, says: str) -> None:
    """It says so, counts nothing against the student, and goes on when there is room."""
    folder = Folder(undisturbed.course, tmp_path / "submissions", tmp_path / "out")
    for student in ("ada", "ben"):
        shutil.copytree(undisturbed.submissions / student, folder.submissions / student)
    process = folder.start(limit)
    said, error = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Traceback" not in error + said
    assert re.search(says, error + said)
    assert not folder.scraps()
    folder.finish()
    assert folder.table.splitlines() == undisturbed.table.splitlines()[:7]  # 3 exercises each
    assert folder.scores() == {s: undisturbed.scores()[s] for s in ("ada", "ben")}


# -- two at once ---------------------------------------------------------------------------


def test_a_second_grader_at_the_same_time(copy: Folder, assignment: Assignment) -> None:
    copy.hand_in("new", assignment, **RIGHT)
    first = copy.start()
    wait_for(lambda: (copy.out / ".lock").read_text() == str(first.pid), first)
    second = copy.start()
    _, error = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"is being graded into by process {first.pid}: wait for it" in error
    assert len(error.strip().splitlines()) == 1
    assert first.poll() is None, "the second came too late to test anything"
    said, _ = first.communicate(timeout=300)
    assert first.returncode == 0
    assert "1 graded now, 6 unchanged" in said
