"""What hostile members cost a class: its time, and its marks.

    python -m benchmarks.hostile [CHAPTER] [--students 100] [--hostile 5]

The same class of right answers is graded twice, the second time with some of its members
replaced by attacks of ``tests/attacks``, from each family in turn: the first exercise of the
chapter is answered by the attack. Writes ``results/hostile.json``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.utils import is_solution

from autograder.gradebook.assignment import prepare
from benchmarks import record
from benchmarks.grading import COURSE, ROOT, answered
from tests.attacks.catalogue import Attack
from tests.attacks.families import FAMILIES
from tests.autograder import tiny_course

USED = ("resources", "theft", "forgery", "replies", "feedback pages")


def chosen(count: int) -> list[Attack]:
    """Attacks of the families in turn, spread over each."""
    each = [FAMILIES[name] for name in USED]
    rounds = range(-(-count // len(each)))
    return [f[r * len(f) // len(rounds)] for r in rounds for f in each][:count]


def attacked(chapter: str, attack: Attack, release: str) -> bytes:
    """A right submission whose first answer is an attack of the tests' small chapter."""
    theirs = json.loads(attack.make(release))["cells"]
    source = next(c["source"] for c in theirs if c.get("id") == "double")
    nb = nbformat.reads(answered(chapter, 0).decode(), as_version=4)
    cell = next(c for c in nb.cells if c.cell_type == "code" and is_solution(c))
    cell.source = f"{source}\n{cell.metadata.nbgrader.grade_id} = double\n"
    return nbformat.writes(nb).encode()


def grade(chapter: str, files: list[bytes]) -> tuple[float, list[float]]:
    """Seconds, and the points of each."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        for n, data in enumerate(files):
            path = Path(folder, "submissions", f"s{n:04d}", chapter, f"{chapter}.ipynb")
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        command = [COURSE, "grade", f"{folder}/submissions", "--out", f"{folder}/out"]
        begin = time.perf_counter()
        subprocess.run([*command, "--no-integrity"], cwd=ROOT, capture_output=True)
        seconds = time.perf_counter() - begin
        points = [0.0] * len(files)
        with Path(folder, "out", "grades.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                points[int(row["student"][1:])] += float(row["points"] or 0)
    return seconds, points


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("chapter", nargs="?", default="02_convolution")
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--hostile", type=int, default=5)
    asked = parser.parse_args()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tiny-") as root:
        release = prepare(tiny_course.build(Path(root, "c")), tiny_course.CHAPTER).release
    honest = [answered(asked.chapter, n % 7) for n in range(asked.students)]
    places = {n * asked.students // asked.hostile: n for n in range(asked.hostile)}
    attacks = chosen(asked.hostile)
    mixed = [
        attacked(asked.chapter, attacks[places[n]], release) if n in places else data
        for n, data in enumerate(honest)
    ]
    alone, fair = grade(asked.chapter, honest)
    seconds, points = grade(asked.chapter, mixed)
    hurt = sum(points[n] < fair[n] for n in range(asked.students) if n not in places)
    times = {"honest": alone, f"{asked.hostile} hostile": seconds}
    rows = [
        {"class": name, "s": round(s, 1), "times honest": round(s / alone, 2)}
        | {"neighbours that lost points": hurt if name != "honest" else 0}
        for name, s in times.items()
    ]
    caption = f"{asked.students} students, {asked.chapter}, {os.cpu_count()} cores: "
    caption += ", ".join(attack.name for attack in attacks)
    whole = time.perf_counter() - start
    print(record.write("hostile", rows, caption=caption, seed=0, seconds=whole))


if __name__ == "__main__":
    main()
