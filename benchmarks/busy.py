"""Works timed side by side while others use the machine: by the clock, and in CPU time.

A process that waits for its turn ages by the clock, but spends nothing: on a busy machine the
CPU time says more. Also here: peers that are no dependencies, and the memory of one pass.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from benchmarks.race import Work, ratio, timed

BUSY = 1.5  # of /proc/loadavg: more than this one process makes
FOLDER = "_build/peers"  # which git ignores


@dataclass
class Times:
    """Seconds of each round."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, work: Work) -> None:
        """One round more; the CPU time is that of all threads of this process."""
        begin = time.process_time()
        self.wall.append(timed(work))
        self.cpu.append(time.process_time() - begin)


def race(works: Mapping[str, Work], rounds: int) -> dict[str, Times]:
    """Each work once in every round, after two rounds to warm up."""
    warm = {name: Times() for name in works}
    times = {name: Times() for name in works}
    for n in range(rounds + 2):
        for name, work in works.items():
            (times if n > 1 else warm)[name].add(work)
    return times


def beside(ours: Times, theirs: Times, share: float) -> dict[str, Any]:
    """Cells of a row: medians in milliseconds, and the rounds' median ratios to the peer."""
    cells: dict[str, Any] = {}
    for kind, mine, other in (("", ours.wall, theirs.wall), ("CPU ", ours.cpu, theirs.cpu)):
        cells[f"ours, {kind}ms"] = milliseconds(mine)
        cells[f"peer, {kind}ms"] = milliseconds(other)
        cells[f"share of its {kind}time"] = ratio(mine, other)
    return cells | {"asked for": share, "machine": machine()}


def milliseconds(seconds: list[float]) -> float:
    """The median."""
    return round(1e3 * statistics.median(seconds), 2)


def machine() -> str:
    """Whether others compute here now, by the load of the last minute."""
    load = os.getloadavg()[0]
    return f"loaded, {load:.1f}" if load > BUSY else "quiet"


@contextmanager
def peers(name: str, *packages: str) -> Iterator[None]:
    """Import peers in here: where one is missing, the way to get them ends the program."""
    try:
        yield
    except ImportError as error:
        get = f"python -m pip install --no-deps --target {FOLDER} {' '.join(packages)}"
        again = f"PYTHONPATH={FOLDER} python -m benchmarks.{name}"
        raise SystemExit(f"{error}: peers are no dependencies. {get}; then {again}") from error


def peak(work: Callable[[], object]) -> int:
    """Bytes that a work takes on top, at most; in a fresh process, and run small before.

    The largest resident set over that before (Linux), or what CUDA's allocator gave out.
    """
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        return torch.cuda.max_memory_allocated() - before
    Path("/proc/self/clear_refs").write_text("5")  # the largest resident set starts anew
    before = _resident()
    work()
    return _resident() - before


def _resident() -> int:
    """Bytes of the largest resident set, proc(5)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
