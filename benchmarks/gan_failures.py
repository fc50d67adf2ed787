"""How a GAN in the plane fails, chapter 12's gallery, over seeds.

    python -m benchmarks.gan_failures [--seeds 5]

Eight spots on a circle, 2500 rounds; equal but for what the row says. A spot is covered that
has 10 of 1000 points within three deviations of its middle.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks import record
from course_utils.training.ring import FAILURES, covered, played


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    for name, game in FAILURES.items():
        found = [covered(played(game, seed)) for seed in range(args.seeds)]
        counts, near = (list(column) for column in zip(*found, strict=True))
        row = {
            "what was done": name,
            "spots covered": round(statistics.mean(counts), 1),
            "points near a spot": round(statistics.mean(near), 3),
            "seeds of spots covered": counts,
            "seeds of points near a spot": [round(v, 3) for v in near],
        }
        print(row, flush=True)
        rows.append(row)
    caption = f"A GAN in the plane, eight spots, 2500 rounds, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("gan_failures", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
