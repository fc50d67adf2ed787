"""What wrong answers keep of the points, exercise by exercise.

    python -m benchmarks.marks

The answers are made from each exercise's own definition: with every slip in it, with each slip
made under one of three conditions only, with ten pairs of slips, and without any work. Counted
are those that are wrong on ordinary input. Writes ``results/marks.json``: a row an exercise,
and the regimes of ordinary input that each is tried on.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from benchmarks import record
from course_utils.checks.exercise import Exercise
from tests.checks import mutants


def wrong(visible: Exercise, hidden: Exercise) -> Iterator[Callable]:
    """Answers with wrong values on ordinary input; some that are right by chance too."""
    chance, whole = random.Random(0), visible.probes(Exercise.WHOLE)
    known = [mutants.known(visible, probe) for probe in whole]
    for slip in hidden.slips:
        yield mutants.slipped(visible, slip)
        for label in chance.sample(sorted(set().union(*known)), 3):
            yield mutants.slipped_when(visible, slip, label)
    pairs = list(itertools.combinations(hidden.slips, 2))
    for one, other in chance.sample(pairs, min(10, len(pairs))):
        if not set(one.change) & set(other.change):
            yield mutants.slipped(visible, one, other)


def kept(chapter: str, name: str, answers: Iterator[Callable]) -> list[float]:
    """The share of the points that each wrong answer keeps, in percent."""
    shares = []
    for answer in answers:
        report = mutants.graded(chapter, name, answer)
        if Exercise.WHOLE in report.failures:
            shares.append(100 * report.earned / report.max_points)
    return shares


def lines(chapter: str, name: str) -> int:
    module = importlib.import_module(f"course_utils.checks.{chapter}.{name}")
    return len(Path(inspect.getfile(module)).read_text().splitlines())


def row(chapter: str, name: str) -> dict[str, Any]:
    visible, hidden = mutants.parts(chapter, name)
    shares = kept(chapter, name, wrong(visible, hidden))
    idle = kept(chapter, name, iter(mutants.lazy(visible).values()))
    bank = importlib.import_module(f"autograder.answers.{chapter}").ANSWERS
    return {
        "exercise": f"{visible.number} {name}",
        "lines": lines(chapter, name),
        "slips": len(hidden.slips),
        "ordinary inputs": len(visible.probes(Exercise.WHOLE)),
        "right answers": sum(a.right for a in bank if a.exercise == name),
        "wrong answers": len(shares),
        "kept, median (%)": round(statistics.median(shares), 1),
        "kept, most (%)": round(max(shares), 1),
        "kept without work, most (%)": round(max(idle), 1),
    }


def regimes(chapter: str, name: str) -> list[str]:
    """The ordinary inputs of an exercise, in words."""
    visible, _ = mutants.parts(chapter, name)
    return [p.on(visible.signature) for p in visible.probes(Exercise.WHOLE)]


def _number(exercise: tuple[str, str]) -> tuple[int, ...]:
    visible, _ = mutants.parts(*exercise)
    return tuple(map(int, visible.number.split(".")))


def main() -> None:
    torch.set_num_threads(1)
    started = time.perf_counter()
    every = sorted(mutants.exercises(), key=_number)
    record.write(
        "marks",
        [row(*exercise) for exercise in tqdm(every)],
        caption="What wrong answers keep of an exercise's points",
        seed=0,
        seconds=time.perf_counter() - started,
        regimes=[
            {"exercise": name, "inputs": regimes(chapter, name)} for chapter, name in every
        ],
    )


if __name__ == "__main__":
    main()
