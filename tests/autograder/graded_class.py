"""The class that the tests of this folder share: who hands in what, and what came out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from autograder.reports.summary import Summary
from course_utils.course import Course
from tests.autograder.tiny_course import CHAPTER, RIGHT

CELL_TIMEOUT = 8  # shorter than the 10 s a check waits for one call

STUBBORN = "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n"

# What each student of the class puts into the solution cells.
ANSWERS = {
    "right": RIGHT,
    "reflects": {**RIGHT, "reflection": "Because <script>alert(1)</script> *so*."},
    "partial": {**RIGHT, "double": "def double(x):\n    return 2.0 * x\n"},
    "noisy": {
        "double": "import sys, warnings\nprint('oh', file=sys.stderr)\n"
        "def double(x):\n    warnings.warn('deprecated')\n    return 2 * x\n",
        "flip": RIGHT["flip"],
    },
    "unsolved": {},
    "loop": {**RIGHT, "double": "def double(x):\n    while True: pass\n"},
    "stubborn": {**RIGHT, "double": STUBBORN},
    "crash": {**RIGHT, "double": "import os\ndef double(x):\n    os._exit(1)\n"},
    "memory": {**RIGHT, "double": "raise MemoryError\n"},
    "syntax": {**RIGHT, "double": "def double(x:\n    return 2 * x\n"},
    "leaks": {
        **RIGHT,
        "double": "def double(x):\n    if not x.is_floating_point():\n"
        "        raise KeyboardInterrupt\n    return 2 * x\n",
    },
    "murderer": {"double": "import os\nos.kill(os.getppid(), 9)\nimport time\ntime.sleep(9)\n"},
}


@dataclass
class Graded:
    """The folder that ``grade_class`` filled, and what it said."""

    course: Course
    submissions: Path
    out: Path
    summary: Summary

    def rows(self, student: str) -> dict[str, dict[str, str]]:
        """Rows of grades.csv by exercise."""
        with (self.out / "grades.csv").open(encoding="utf-8", newline="") as stream:
            return {r["exercise"]: r for r in csv.DictReader(stream) if r["student"] == student}

    def feedback(self, student: str) -> str:
        return (self.out / "feedback" / student / f"{CHAPTER}.html").read_text("utf-8")
