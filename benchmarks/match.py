"""Ours and a peer's way to do the same, timed side by side."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from benchmarks.race import Work, race, ratio


@dataclass(frozen=True)
class Match:
    """Two ways to do the same; ``share``: of the peer's time, what ours may take."""

    work: str
    peer: str
    share: float
    ours: Work
    theirs: Work

    def row(self, rounds: int) -> dict[str, object]:
        times = race({"ours": self.ours, "theirs": self.theirs}, rounds)
        mine, other = (1e3 * statistics.median(seconds) for seconds in times.values())
        return {
            "work": self.work,
            "peer": self.peer,
            "ours, ms": round(mine, 2),
            "peer, ms": round(other, 2),
            "share of its time": ratio(times["ours"], times["theirs"]),
            "asked for": round(self.share, 3),
        }
