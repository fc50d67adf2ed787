"""The same marks with the demonstrations run once for the class, and with each submission's.

    python -m benchmarks.template [CHAPTER ...]

Every answer of the bank, right and wrong, is graded both ways: the n-th submission of a chapter
holds the n-th answer to each exercise. Writes ``results/template.json``.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from unittest.mock import patch

import nbformat

from autograder.execution import demonstrations
from autograder.execution.execute import SandboxedExecute
from autograder.execution.task import grade
from autograder.gradebook.assignment import Assignment, prepare
from autograder.gradebook.records import Handin, Result, Task
from autograder.gradebook.settings import find_alembic
from autograder.sample import solved
from autograder.sandbox import warm
from autograder.sandbox.kind import Kind
from benchmarks import record
from benchmarks.grading import IMPORTS
from course_utils.course import Course

COURSE = Course(Path(__file__).parents[1])


def submissions(chapter: Assignment) -> list[bytes]:
    bank = importlib.import_module(f"autograder.answers.{chapter.name.split('_', 1)[1]}")
    answers: dict[str, list[str]] = {}
    for answer in bank.ANSWERS:
        answers.setdefault(answer.exercise, []).append(f"{IMPORTS}{answer.source}")
    most = max(map(len, answers.values()))
    rows = [{name: a[n] for name, a in answers.items() if n < len(a)} for n in range(most)]
    return [nbformat.writes(solved(chapter.released(), row)).encode() for row in rows]


def compared(chapter: Assignment) -> dict[str, object]:
    """A row of the table."""
    demonstrations.grow(warm.start(Kind.BUBBLEWRAP), chapter)
    short: list[bool] = []
    before = SandboxedExecute._short

    def told(*args: object) -> bool:
        short.append(before(*args))  # type: ignore[arg-type]
        return short[-1]

    seconds = {True: 0.0, False: 0.0}
    different = []
    for n, data in enumerate(submissions(chapter)):
        task, begin = Task(f"s{n}", chapter, Handin(data)), time.perf_counter()
        with patch.object(SandboxedExecute, "_short", told):
            quick = grade(task)
        middle = time.perf_counter()
        with patch.object(SandboxedExecute, "_short", lambda *_: False):
            whole = grade(task)
        seconds[True] += middle - begin
        seconds[False] += time.perf_counter() - middle
        if verdicts(quick) != verdicts(whole):
            different.append(f"s{n}")
            print(chapter.name, n, verdicts(quick), verdicts(whole), flush=True)
    return {
        "chapter": chapter.name,
        "submissions": len(short),
        "without demonstrations": sum(short),
        "other marks": len(different),
        "s a submission, each with its own": round(seconds[False] / len(short), 1),
        "s a submission, run once": round(seconds[True] / len(short), 1),
    }


def verdicts(result: Result) -> list[tuple]:
    return [(g.exercise, g.points, g.status) for g in result.grades]


def main() -> None:
    find_alembic()
    start = time.perf_counter()
    rows = []
    for name in sys.argv[1:] or COURSE.chapters():
        rows.append(compared(prepare(COURSE, name)))
        print(rows[-1], flush=True)
    caption = "All answers of the bank, graded with demonstrations run once and run each time"
    seconds = time.perf_counter() - start
    print(record.write("template", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
