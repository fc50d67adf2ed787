"""Our grader and stock nbgrader on the same submissions.

    python -m benchmarks.grading [CHAPTER ...] [--students 40] [--stock 10] [--rounds 3]

A class hands in right answers, out of the bank in turn. Stock is ``nbgrader autograde`` with
its own configuration in one process, the way it is run; ours is ``course grade`` as it comes,
starts and feedback pages included. Both are measured from the start of their process, one
after the other, and may use every core. Stock grades one notebook after the other at an even
pace, so a part of the class (``--stock``) tells its time. Writes ``results/grading.json``.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.gradebook.settings import find_alembic
from autograder.sample import solved
from benchmarks import record
from course_utils.course import Course
from course_utils.publish.release import released_text
from course_utils.tables import counted

CHAPTERS = ("02_convolution", "04_resnet", "10_simclr")
COURSE = Path(sys.executable).with_name("course")
ROOT = Path(__file__).parents[1]
# What some answers of the bank need beside the chapter's own imports.
IMPORTS = "import math\nimport numpy as np\nfrom torch import nn\n"
STOCK = """
c = get_config()
c.CourseDirectory.source_directory = "notebooks"
c.Execute.timeout = 600
"""


@functools.cache
def answered(chapter: str, which: int) -> bytes:
    """The released notebook with a right answer to each exercise, the ``which``-th of them."""
    bank = importlib.import_module(f"autograder.answers.{chapter.split('_', 1)[1]}").ANSWERS
    right: dict[str, list[str]] = {}
    for answer in bank:
        if answer.right:
            right.setdefault(answer.exercise, []).append(f"{IMPORTS}{answer.source}")
    sources = {name: all_[which % len(all_)] for name, all_ in right.items()}
    release = nbformat.reads(released_text(Course(ROOT).source(chapter)), as_version=4)
    return nbformat.writes(solved(release, sources)).encode()


def hand_in(folder: Path, chapter: str, students: int) -> None:
    for n in range(students):
        path = folder / f"s{n:04d}" / chapter / f"{chapter}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(answered(chapter, n % 7))


def ours(chapter: str, students: int) -> dict[str, float]:
    """Seconds: whole, until the first submission is graded, of the grading, of the rest."""
    folder = Path(tempfile.mkdtemp(prefix="ours-"))
    hand_in(folder / "submissions", chapter, students)
    command = [COURSE, "grade", folder / "submissions", "--out", folder / "out"]
    begin = time.time()
    subprocess.run(command, cwd=ROOT, capture_output=True)  # 1: answers are left to be read
    whole = time.time() - begin
    kept = sorted((folder / "out" / ".results" / chapter).glob("*.json"))
    ends = sorted(path.stat().st_mtime - begin for path in kept)
    for path in kept:
        lost = [
            g
            for g in json.loads(path.read_text())["result"]["grades"]
            if g["status"] != "unsolved" and g["points"] not in (None, g["max_points"])
        ]
        assert not lost, f"a right answer lost points: {lost}"
    shutil.rmtree(folder)
    return {
        "whole": whole,
        "first": ends[0],
        "grading": ends[-1] - ends[0],
        "rest": whole - ends[-1],
    }


def stock(chapter: str, students: int) -> float:
    """Seconds for the class."""
    folder = Path(tempfile.mkdtemp(prefix="stock-"))
    shutil.copytree(ROOT / "notebooks" / chapter, folder / "notebooks" / chapter)
    (folder / "nbgrader_config.py").write_text(STOCK)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": str(os.cpu_count()),
    }

    def nbgrader(*words: str) -> None:
        command = [sys.executable, "-m", "nbgrader", *words]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    nbgrader("generate_assignment", chapter, "--create")
    hand_in(folder / "submitted", chapter, students)
    begin = time.perf_counter()
    nbgrader("autograde", chapter)
    seconds = time.perf_counter() - begin
    shutil.rmtree(folder)
    return seconds


def row(chapter: str, students: int, part: int, rounds: int) -> dict[str, object]:
    """Both graders in turn; medians of the rounds."""
    mine: list[dict[str, float]] = []
    theirs: list[float] = []
    for _ in range(rounds):
        mine.append(ours(chapter, students))
        theirs.append(stock(chapter, part))
        print(chapter, mine[-1], theirs[-1], flush=True)
    took = {name: statistics.median(m[name] for m in mine) for name in mine[0]}
    pace = statistics.median(theirs) / part
    return {
        "chapter": chapter,
        "students": students,
        "nbgrader, s a submission": round(pace, 2),
        "ours, s a submission": round(took["whole"] / students, 2),
        "times nbgrader": round(pace * students / took["whole"], 1),
        "ours, s for the class": round(took["whole"], 1),
        "until the first is graded": round(took["first"], 1),
        "the others": round(took["grading"], 1),
        "tables and reports": round(took["rest"], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("chapters", nargs="*", default=CHAPTERS)
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--stock", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    find_alembic()
    start = time.perf_counter()
    rows = [row(c, asked.students, asked.stock, asked.rounds) for c in asked.chapters]
    caption = (
        f"Right answers, {os.cpu_count()} cores, medians of "
        f"{counted(asked.rounds, 'round')}; stock nbgrader's pace is that of "
        f"{asked.stock} submissions"
    )
    seconds = time.perf_counter() - start
    print(record.write("grading", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
