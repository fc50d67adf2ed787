"""What goes wrong when a network learns from two views, chapter 10's failures, over seeds.

    python -m benchmarks.collapse [--seeds 3]

Equal but for what the row says: 4000 images of CIFAR-10 at 16 × 16 pixels, a narrow network,
six epochs. Distances are those of projections of real pairs of views; the linear probe judges
the features.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import torch

from benchmarks import record
from course_utils import data
from course_utils.training import collapse
from course_utils.training.shortcuts import judged

KEYS = ("partners", "any two views", "linear probe")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start, seeds = time.perf_counter(), range(args.seeds)
    train = data.cifar10("train").select(torch.arange(4000)).halved()
    test = data.cifar10("test").per_class(200).halved()
    some = test.select(torch.arange(0, len(test), 4))

    def row(name: str, models: list[collapse.SimCLR]) -> dict[str, Any]:
        found = [
            (*collapse.distances(model, some), judged(model.encoder, train, test))
            for model in models
        ]
        columns = [[round(v, 4) for v in column] for column in zip(*found, strict=True)]
        means = {
            key: round(statistics.mean(c), 4) for key, c in zip(KEYS, columns, strict=True)
        }
        by_seed = {f"seeds of {key}": c for key, c in zip(KEYS, columns, strict=True)}
        print(name, means, flush=True)
        return {"what was done": name} | means | by_seed

    rows = [row("untrained", [collapse.narrow(seed) for seed in seeds])]
    for name, (change, objective) in collapse.TRIES.items():
        models = [collapse.learned(train, change, objective, seed=seed) for seed in seeds]
        rows.append(row(name, models))
    caption = f"Two views of 4000 halved images of CIFAR-10, six epochs, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("collapse", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
