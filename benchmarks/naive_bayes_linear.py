"""Naive Bayes beside softmax regression: one form, counted or trained on the same images.

    python -m benchmarks.naive_bayes_linear [--steps 1500] [--seeds 3]

Both give a class one bias and one weight per binary pixel. A seed draws the training images,
the same ones for both, and the order in which softmax regression sees them. A third classifier
tells what binary pixels cost: softmax regression on grey ones.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import record
from course_utils import data
from course_utils.data import Pictures
from course_utils.reference import naive_bayes

PER_CLASS = (10, 100, 1000, None)  # None: all that there are
BATCH, RATE = 256, 1e-3

Posterior = Callable[[Tensor], Tensor]


def grey(images: Tensor) -> Tensor:
    """(N, 1, H, W) bytes -> (N, D) in 0 to 1."""
    return images.flatten(1).float() / 255


def counted(x: Tensor, y: Tensor, steps: int, seed: int) -> Posterior:
    return naive_bayes.fit(x, y, 10).posterior


def trained(x: Tensor, y: Tensor, steps: int, seed: int) -> Posterior:
    """Softmax regression by Adam, from weights of zero."""
    layer = nn.Linear(x.shape[1], 10)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimiser = torch.optim.Adam(layer.parameters(), lr=RATE)
    order = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        batch = torch.randint(len(x), (BATCH,), generator=order)
        optimiser.zero_grad()
        F.cross_entropy(layer(x[batch]), y[batch]).backward()
        optimiser.step()
    return nn.Sequential(layer, nn.Softmax(1))


CLASSIFIERS = {
    "naive Bayes": (counted, naive_bayes.binarise),
    "softmax regression": (trained, naive_bayes.binarise),
    "softmax regression on grey pixels": (trained, grey),
}


@torch.no_grad()
def judged(posterior: Posterior, x: Tensor, y: Tensor) -> dict[str, float]:
    """In percent: how often it is right, and how sure it is on average."""
    sure, answer = posterior(x).max(1)
    shares = {"accuracy": (answer == y).float().mean(), "mean probability": sure.mean()}
    return {name: round(100 * share.item(), 2) for name, share in shares.items()}


def attempts(name: str, sets: list[Pictures], test: Pictures, steps: int) -> dict[str, Any]:
    """One classifier on the sets of all seeds: what was measured, a value for each."""
    fit, pixels = CLASSIFIERS[name]
    found: dict[str, list[float]] = {}
    for seed, train in enumerate(sets):
        posterior = fit(pixels(train.images), train.labels, steps, seed)
        for where, pictures in (("training", train), ("test", test)):
            values = judged(posterior, pixels(pictures.images), pictures.labels)
            for what, value in values.items():
                found.setdefault(f"{where} {what}", []).append(value)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    digits, test = data.digits("train"), data.digits("test")
    rows: list[dict[str, Any]] = []
    by_seed: dict[str, dict[str, Any]] = {name: {} for name in CLASSIFIERS}
    for count in PER_CLASS:
        sets = [digits.per_class(count, s) if count else digits for s in range(args.seeds)]
        images = len(sets[0])
        rows.append({"training images": images})
        for name in CLASSIFIERS:
            found = by_seed[name][str(images)] = attempts(name, sets, test, args.steps)
            mean = statistics.mean(found["test accuracy"])
            rows[-1][f"{name}, accuracy (%)"] = round(mean, 1)
        print(rows[-1], flush=True)
    caption = (
        f"MNIST's 10 000 test images, means of {args.seeds} seeds; smoothing 1; "
        f"{args.steps} steps of Adam with {BATCH} images each"
    )
    spent = time.perf_counter() - start
    told: dict[str, Any] = {"seed": 0, "seconds": spent, "by_seed": by_seed}
    print(record.write("naive_bayes_linear", rows, caption=caption, **told))


if __name__ == "__main__":
    main()
