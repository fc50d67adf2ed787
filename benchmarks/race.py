"""Works timed side by side: in every round each of them once, in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import torch

Work = Callable[[], object]


def timed(work: Work) -> float:
    """Seconds, until a GPU is done too."""
    begin = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def race(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """Seconds of each in every round, after two rounds to warm up."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for n in range(rounds + 2):
        for name, work in works.items():
            seconds = timed(work)
            if n > 1:
                times[name].append(seconds)
    return times


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> float:
    """How many times as fast ours is: the median of the rounds' ratios."""
    return round(statistics.median(a / b for a, b in zip(theirs, ours, strict=True)), 2)
