"""Ours and a peer's way to do the same, timed side by side."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks import record
from benchmarks.race import Work, race, ratio


@dataclass(frozen=True)
class Match:
    """Two ways to do the same.

    Args:
        share: of the peer's time, what ours may take.
        words: that are said in one go; 0: none are.
    """

    work: str
    peer: str
    share: float
    ours: Work
    theirs: Work
    words: int = 0

    def row(self, rounds: int) -> dict[str, object]:
        times = race({"ours": self.ours, "theirs": self.theirs}, rounds)
        mine, other = (1e3 * statistics.median(seconds) for seconds in times.values())
        row = {
            "work": self.work,
            "peer": self.peer,
            "ours, ms": round(mine, 2),
            "peer, ms": round(other, 2),
            "share of its time": ratio(times["ours"], times["theirs"]),
            "asked for": round(self.share, 3),
        }
        return row | ({"ours, words a second": round(1e3 * self.words / mine),
                       "peer, words a second": round(1e3 * self.words / other)}
                      if self.words else {})  # fmt: skip


def play(name: str, matches: Iterable[Match], rounds: int, *, seed: int, start: float) -> Path:
    """Time all matches and write ``results/<name>.json``; ``start`` is of ``perf_counter``."""
    rows = []
    for match in matches:
        rows.append(match.row(rounds))
        print(rows[-1], flush=True)
    caption = (
        f"Medians of {rounds} interleaved rounds in one process, threads: "
        f"{torch.get_num_threads()}; equal results before; load of the machine "
        f"{os.getloadavg()[1]:.1f}"
    )
    seconds = time.perf_counter() - start
    return record.write(name, rows, caption=caption, seed=seed, seconds=seconds)
