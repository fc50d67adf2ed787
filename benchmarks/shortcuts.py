"""What goes wrong when a network learns to tell turns, chapter 9's failures, over seeds.

    python -m benchmarks.shortcuts [--seeds 3]

Equal but for what the row says: 4000 images of CIFAR-10 at 16 × 16 pixels, a narrow network,
six epochs. The features are judged on clean images by a linear probe, the turns are told of
test images that were treated as the training's were.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks import record
from course_utils import data
from course_utils.data import Pictures
from course_utils.training import shortcuts
from course_utils.training.representation import rotation

Treated = Callable[[Pictures], Pictures]
TRIES: dict[str, tuple[Treated, Any]] = {
    "as it should be": (lambda images: images, rotation),
    "a stamp in the corner": (shortcuts.stamped, rotation),
    "images turned before": (shortcuts.without_up, rotation),
    "labels in another order": (lambda images: images, shortcuts.labels_by_image),
}


def row(name: str, told: list[float], probe: list[float]) -> dict[str, Any]:
    """Means, and what each seed gave; nothing is told by a network without a task."""
    rounded = [[round(v, 4) for v in values] for values in (told, probe)]
    return {
        "what was done": name,
        "turns told": round(statistics.mean(told), 4) if told else None,
        "linear probe": round(statistics.mean(probe), 4),
        "seeds of turns": rounded[0],
        "seeds of probe": rounded[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start, seeds = time.perf_counter(), range(args.seeds)
    train = data.cifar10("train").select(torch.arange(4000)).halved()
    test = data.cifar10("test").per_class(200).halved()
    untrained = [shortcuts.judged(shortcuts.narrow(seed), train, test) for seed in seeds]
    rows = [row("untrained", [], untrained)]
    for name, (treated, objective) in TRIES.items():
        images, tests = treated(train), treated(test)
        told, probe = [], []
        for seed in seeds:
            model = shortcuts.learned(images, objective, seed=seed)
            told.append(shortcuts.told(model, tests))
            probe.append(shortcuts.judged(model[0], train, test))
        rows.append(row(name, told, probe))
        print(rows[-1], flush=True)
    caption = f"Turns of 4000 halved images of CIFAR-10, six epochs, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("shortcuts", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
