"""What convolution and moved training images each do for digits that are moved.

    python -m benchmarks.shift [--images 300] [--epochs 6] [--seeds 3]

Networks with and without convolution, each trained with and without images moved by up to two
pixels: the same images, epochs, optimiser and learning rate. A seed draws the training images,
the weights, their order and the moves. Two controls: a smaller MLP with as many parameters as
LeNet, and LeNet with stride in place of pooling.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from benchmarks import record
from course_utils import data
from course_utils.data import Pictures
from course_utils.reference.cnn import LeNet, shift
from course_utils.training.augment import shifted
from course_utils.training.fit import accuracy, fit

SHIFTS = range(-4, 5)
MOST = 2  # pixels by which training images are moved
RATE = 2e-3


def mlp(units: int) -> nn.Module:
    """Two hidden layers that do not know which pixels are neighbours."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, units), nn.ReLU(),
        nn.Linear(units, units), nn.ReLU(),
        nn.Linear(units, 10),
    )  # fmt: skip


def without_pooling() -> nn.Module:
    """LeNet that keeps one value of four by stride, whichever it is: equal sizes throughout."""
    layers = LeNet().layers
    kept = [layer for layer in layers if not isinstance(layer, nn.MaxPool2d)]
    for layer in kept:
        if isinstance(layer, nn.Conv2d):
            layer.stride = (2, 2)
    return nn.Sequential(*kept)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "MLP": lambda: mlp(256),
    "LeNet": LeNet,
    "MLP, as small as LeNet": lambda: mlp(71),
    "LeNet, stride in place of pooling": without_pooling,
}


def attempt(
    make: Callable[[], nn.Module], moves: bool, train: Pictures, epochs: int, seed: int
) -> nn.Module:
    """One network, trained."""
    torch.manual_seed(seed)
    augment = shifted(MOST, seed) if moves else None
    model = make()
    fit(model, train.batches(64, seed=seed, augment=augment), epochs, lr=RATE)
    return model


def over_shifts(model: nn.Module, test: Pictures) -> list[float]:
    """Accuracy in percent on test images moved to the right by each of ``SHIFTS``."""
    shares = []
    for right in SHIFTS:
        moved = Pictures(test.name, shift(test.images, right, 0), test.labels, test.classes)
        shares.append(accuracy(model, moved.batches(1000, shuffle=False)))
    return [round(100 * share, 2) for share in shares]


def row(name: str, moves: bool, parameters: int, curves: list[list[float]]) -> dict:
    """A line of the table: means over the seeds, sides taken together."""
    means = dict(
        zip(SHIFTS, (statistics.mean(c) for c in zip(*curves, strict=True)), strict=True)
    )
    sides = {n: round((means[n] + means[-n]) / 2, 1) for n in (0, 2, 4)}
    return {
        "network": name,
        "parameters": parameters,
        "images moved": "yes" if moves else "no",
        **{f"{n} px (%)": value for n, value in sides.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=300, help="per class")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    digits, test = data.digits("train"), data.digits("test")
    sets = [digits.per_class(args.images, seed=seed) for seed in range(args.seeds)]
    rows, curves = [], {}
    for name, make in NETWORKS.items():
        parameters = sum(p.numel() for p in make().parameters())
        for moves in (False, True):
            found = [
                over_shifts(attempt(make, moves, train, args.epochs, seed), test)
                for seed, train in enumerate(sets)
            ]
            rows.append(row(name, moves, parameters, found))
            curves[f"{name}, images moved" if moves else name] = found
            print(rows[-1], flush=True)
    caption = (
        f"Accuracy on test digits moved left and right, after {10 * args.images} digits and "
        f"{args.epochs} epochs, moved by up to {MOST} pixels or not; {args.seeds} seeds"
    )
    seconds = time.perf_counter() - start
    measured = {"shifts": list(SHIFTS), "curves": curves}
    print(record.write("shift", rows, caption=caption, seed=0, seconds=seconds, **measured))


if __name__ == "__main__":
    main()
