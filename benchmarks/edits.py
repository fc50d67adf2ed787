"""Right answers in notebooks that were edited at random: do they keep their points?

    python -m benchmarks.edits [NOTEBOOKS]

A class hands in the small chapter of the tests, solved, each notebook with two to four
harmless edits: cells copied, moved, split, merged, retyped, marks lost, as people and programs
leave them. ``course grade`` grades it. Writes ``results/edits.json``.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from autograder.gradebook.assignment import prepare
from autograder.pipeline import grade_class
from benchmarks import record
from course_utils.course import Course
from tests.autograder import tiny_course
from tests.autograder.edits import Edited
from tests.autograder.tiny_course import CHAPTER

FULL, ASKED, LOST = "full marks", "a person is asked", "points lost"


def graded(course: Course, folder: Path, notebooks: int) -> dict[int, tuple[str, Edited]]:
    """What became of each notebook; its reflection counts as kept if a person reads it."""
    release = prepare(course, CHAPTER).release
    edited = {seed: Edited(release, seed) for seed in range(notebooks)}
    for seed, notebook in edited.items():
        tiny_course.hand_in(folder / "submissions", f"s{seed:04}", notebook.data())
    grade_class(course, folder / "submissions", folder / "out", progress=False)
    found = dict.fromkeys(edited, FULL)
    with (folder / "out" / "grades.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            seed = int(row["student"][1:])
            asked = row["status"] == "manual"
            if row["exercise"] == "reflection":
                found[seed] = found[seed] if asked else LOST
            elif row["points"] != row["max_points"] and found[seed] != LOST:
                found[seed] = ASKED if asked else LOST
    return {seed: (what, edited[seed]) for seed, what in found.items()}


def main() -> None:
    notebooks = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    start = time.perf_counter()
    root = Path(tempfile.mkdtemp(prefix="edits-"))
    found = graded(tiny_course.build(root / "course"), root / "class", notebooks)
    counts = Counter(what for what, _ in found.values())
    steps = Counter(step for _, nb in found.values() for step in nb.steps)
    print(f"{notebooks} notebooks, {counts[FULL]} {FULL}, {counts[ASKED]} {ASKED}")
    for seed, (what, nb) in found.items():
        if what == LOST:
            print(f"seed {seed}: {LOST} after {', '.join(nb.steps)}")
    rows = [{"notebooks": notebooks, **{what: counts[what] for what in (FULL, ASKED, LOST)}}]
    seconds = time.perf_counter() - start
    caption = "Solved notebooks after random harmless edits, graded"
    print(record.write("edits", rows, caption=caption, seed=0, seconds=seconds, edits=steps))


if __name__ == "__main__":
    main()
