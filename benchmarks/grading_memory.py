"""Memory of the grader: of one submission beyond what is shared, and over a large class.

    python -m benchmarks.grading_memory [STUDENTS]

Watches a ``course grade`` of 1 000 submissions from outside. Pages that a submission's process
shares with the warmed process it was forked from are not its own. Writes
``results/grading_memory.json``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from autograder.gradebook.assignment import prepare
from autograder.gradebook.settings import find_alembic
from benchmarks import record
from benchmarks.grading import COURSE
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT

PERIOD = 0.1


@dataclass
class Watch:
    """Samples of a grader's processes, in MB."""

    root: psutil.Process
    submissions: dict[int, float] = field(default_factory=dict)  # largest private memory
    grader: list[tuple[float, float]] = field(default_factory=list)  # when, private memory

    def sample(self) -> None:
        total = 0.0
        for process in [self.root, *self.root.children(recursive=True)]:
            try:
                words = " ".join(process.cmdline())
                if "autograder.sandbox.zygote" not in words:
                    total += private_mb(process.pid)
                elif _serves(process):
                    peak = self.submissions.get(process.pid, 0.0)
                    self.submissions[process.pid] = max(peak, private_mb(process.pid))
            except (psutil.Error, OSError):
                continue  # it has just ended
        self.grader.append((time.monotonic(), total))


def _serves(process: psutil.Process) -> bool:
    """A submission's process: bubblewrap starts the warmed one, it a supervisor, that this."""
    return "bwrap" not in {p.name() for p in (process, *process.parents()[:2])}


def private_mb(pid: int) -> float:
    """Pages that no other process has, from smaps_rollup (proc(5))."""
    kb = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Private_Clean", "Private_Dirty")):
            kb += int(line.split()[1])
    return kb / 1024


def hand_in(folder: Path, release: str, students: int) -> None:
    for n in range(students):
        right = {**RIGHT, "double": f"{RIGHT['double']}\n# student {n}\n"}
        tiny_course.hand_in(folder, f"s{n:04d}", tiny_course.answer(release, **right))


def main() -> None:
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    find_alembic()
    folder = Path(tempfile.mkdtemp(prefix="memory-"))
    course = tiny_course.build(folder / "course")
    hand_in(folder / "submissions", prepare(course, CHAPTER).release, students)
    command = [COURSE, "grade", folder / "submissions", "--out", folder / "out"]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=course.root, stdout=subprocess.DEVNULL) as process:
        watch = Watch(psutil.Process(process.pid))
        ended = threading.Event()
        threading.Thread(target=lambda: (process.wait(), ended.set()), daemon=True).start()
        while not ended.wait(PERIOD):
            watch.sample()
    seconds = time.perf_counter() - start
    rows = (folder / "out" / "grades.csv").read_text().splitlines()
    assert sum(",4,4,graded" in row for row in rows) == students, "a right answer lost points"
    middle = [mb for _, mb in watch.grader[len(watch.grader) // 5 :]]
    tenth = max(1, len(middle) // 10)
    table = [
        {
            "submissions": students,
            "s": round(seconds),
            "private MB a submission, median": round(
                statistics.median(watch.submissions.values())
            ),
            "and largest": round(max(watch.submissions.values())),
            "grader MB, after a fifth": round(statistics.median(middle[:tenth])),
            "grader MB, at the end": round(statistics.median(middle[-2 * tenth : -tenth])),
        }
    ]
    caption = f"Memory of course grade, {os.cpu_count()} workers"
    print(record.write("grading_memory", table, caption=caption, seed=0, seconds=seconds))
    print(table)


if __name__ == "__main__":
    main()
