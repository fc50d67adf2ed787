"""How a GAN in the plane fails, chapter 12's gallery, over seeds.

    python -m benchmarks.gan_failures [--seeds 10]

Eight spots on a circle, 2500 rounds; equal but for what the row says. A spot is covered that
has 10 of 1000 points within three deviations of its middle.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks import record
from course_utils.training.ring import FAILURES, Game, covered, played


def measured(game: Game, seed: int) -> tuple[int, float, float | None]:
    """Spots covered, share of points near one, and the generator's loss at the end."""
    generator, loss = played(game, seed)
    return *covered(generator), loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    for name, game in FAILURES.items():
        found = [measured(game, seed) for seed in range(args.seeds)]
        counts, near, losses = (list(column) for column in zip(*found, strict=True))
        row = {
            "what was done": name,
            "spots covered": round(statistics.mean(counts), 1),
            "points near a spot": round(statistics.mean(near), 3),
            "seeds of spots covered": counts,
            "generator's loss": None if None in losses else round(statistics.mean(losses), 2),
            "seeds of points near a spot": [round(v, 3) for v in near],
            "seeds of generator's loss": [v if v is None else round(v, 2) for v in losses],
        }
        print(row, flush=True)
        rows.append(row)
    caption = f"A GAN in the plane, eight spots, 2500 rounds, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("gan_failures", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
