"""Our grader and stock nbgrader on the same submissions.

    python -m benchmarks.grading [STUDENTS]

A class of students hands in the small chapter of the tests: `import torch`, two exercises.
Stock is ``nbgrader autograde`` with its own configuration in one process, the way it is run;
ours is ``course grade`` as it comes, starts and feedback pages included. Both are measured
from the start of their process. Writes ``results/grading.json``.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.gradebook.assignment import prepare
from autograder.gradebook.settings import find_alembic
from benchmarks import record
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT

ROUNDS = 3
COURSE = Path(sys.executable).with_name("course")
STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "notebooks"
"""


def hand_in(folder: Path, release: str, students: int) -> None:
    for n in range(students):
        right = {**RIGHT, "double": f"{RIGHT['double']}\n# student {n}\n"}
        tiny_course.hand_in(folder, f"s{n:03d}", tiny_course.answer(release, **right))


def ours(root: Path, students: int, release: str) -> float:
    folder = Path(tempfile.mkdtemp(prefix="ours-"))
    hand_in(folder / "submissions", release, students)
    command = [COURSE, "grade", folder / "submissions", "--out", folder / "out"]
    begin = time.perf_counter()
    subprocess.run(command, cwd=root, capture_output=True)  # 1: answers are left to be read
    seconds = time.perf_counter() - begin
    rows = (folder / "out" / "grades.csv").read_text().splitlines()
    assert sum(",4,4,graded" in row for row in rows) == students, "a right answer lost points"
    shutil.rmtree(folder)
    return seconds


def stock(root: Path, students: int, release: str) -> float:
    folder = Path(tempfile.mkdtemp(prefix="stock-"))
    shutil.copytree(root / "notebooks", folder / "notebooks")
    (folder / "nbgrader_config.py").write_text(STOCK)
    environment = os.environ | {"PYTHONPATH": f"{root}:{os.environ.get('PYTHONPATH', '')}"}

    def nbgrader(*words: str) -> None:
        command = [sys.executable, "-m", "nbgrader", *words]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    nbgrader("generate_assignment", CHAPTER, "--create")
    hand_in(folder / "submitted", release, students)
    for student in (folder / "submitted").iterdir():
        companion = folder / "notebooks" / CHAPTER / "tiny_checks.py"
        shutil.copy(companion, student / CHAPTER)
    begin = time.perf_counter()
    nbgrader("autograde", CHAPTER)
    seconds = time.perf_counter() - begin
    shutil.rmtree(folder)
    return seconds


def main() -> None:
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    find_alembic()
    start = time.perf_counter()
    root = Path(tempfile.mkdtemp(prefix="course-"))
    release = prepare(tiny_course.build(root), CHAPTER).release
    times: dict[str, list[float]] = {"stock nbgrader": [], "course grade": []}
    for _ in range(ROUNDS if students <= 40 else 1):
        times["course grade"].append(ours(root, students, release))
        times["stock nbgrader"].append(stock(root, students, release))
        print(times, flush=True)
    median = {name: statistics.median(seconds) for name, seconds in times.items()}
    rows = [
        {
            "grader": name,
            "s for the class": round(seconds, 1),
            "s a submission": round(seconds / students, 2),
            "submissions a minute": round(60 * students / seconds, 1),
            "times stock": round(median["stock nbgrader"] / seconds, 1),
        }
        for name, seconds in median.items()
    ]
    caption = f"A class of {students}, {os.cpu_count()} cores, median of the rounds"
    seconds = time.perf_counter() - start
    print(record.write("grading", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
