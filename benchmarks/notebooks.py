"""What each chapter's notebook takes from a fresh kernel, with its own solutions.

    python -m benchmarks.notebooks

The budget of a chapter is 90 s and 3 GB on two cores. The clock is right on a quiet machine
only; CPU seconds are the same beside other work. Writes ``results/notebooks.json`` and ends
with 1 where a chapter is over its budget.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import record
from course_utils.course import Course
from course_utils.publish.execute import executed

SECONDS, MEGABYTES = 90, 3000


def row(course: Course, chapter: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as nothing_kept:
        nb = executed(course.source(chapter), Path(nothing_kept))
    took = nb.metadata["course"]
    return {
        "chapter": chapter,
        "code cells": sum(cell.cell_type == "code" for cell in nb.cells),
        "seconds": took["seconds"],
        "CPU seconds": took["cpu_seconds"],
        "peak MB": took["peak_mb"],
    }


def main() -> int:
    start, course, rows = time.perf_counter(), Course(record.ROOT), []
    for chapter in course.chapters():
        rows.append(row(course, chapter))
        print(rows[-1], flush=True)
    seconds = time.perf_counter() - start
    budget = {"seconds": SECONDS, "peak MB": MEGABYTES}
    told = {"caption": "Chapters from a fresh kernel", "seed": 0, "seconds": seconds}
    print(record.write("notebooks", rows, **told, budget=budget))
    over = [r["chapter"] for r in rows if any(r[what] > most for what, most in budget.items())]
    if over:
        print(f"over the budget of {SECONDS} s and {MEGABYTES} MB: {', '.join(over)}")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
