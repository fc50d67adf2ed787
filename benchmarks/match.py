"""Ours and a peer's way to do the same, timed side by side."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

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
