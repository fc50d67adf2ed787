"""Seconds until a network tells 94 % of Fashion-MNIST's test images.

    python -m benchmarks.time_to_94 [--seeds 3]

ResNet-18 as ``course train resnet18_fashion`` begins, with a schedule for six epochs; the
clock runs from the first step, and stands while the test images are counted after an epoch.
Writes ``results/time_to_94.json``, a row a seed.
"""

from __future__ import annotations

import argparse
import contextlib
import time

import torch

from benchmarks import record
from course_utils import data
from course_utils.reference.resnet import resnet18
from course_utils.training.augment import chain, flipped, shifted
from course_utils.training.fit import Epoch, accuracy, fit
from course_utils.training.fit import device as choose_device
from course_utils.training.run import Run

GOAL, EPOCHS = 0.94, 6


class Reached(Exception):
    """The goal is reached: no more epochs."""


def until(run: Run) -> dict[str, object]:
    """A row: seconds, epochs and accuracy when the goal was reached, or at the end."""
    torch.manual_seed(run.seed)
    augment = chain(shifted(2, run.seed), flipped(run.seed))
    train = run.part(data.fashion("train")).batches(
        256, seed=run.seed, device=run.device, augment=augment
    )
    test = run.part(data.fashion("test")).batches(1000, shuffle=False, device=run.device)
    model = resnet18(classes=10, channels=1, stem="cifar").to(run.device)
    row: dict[str, object] = {"seed": run.seed}
    begin, aside = time.perf_counter(), 0.0

    def watch(epoch: Epoch) -> None:
        nonlocal aside
        now = time.perf_counter()
        share = accuracy(model, test)
        row.update(epochs=epoch.number, seconds=round(now - begin - aside, 1))
        row.update({"test accuracy": round(share, 4), "reached": share >= GOAL})
        aside += time.perf_counter() - now
        if share >= GOAL:
            raise Reached

    with contextlib.suppress(Reached):
        fit(model, train, EPOCHS, lr=0.2, optimiser="sgd", weight_decay=5e-4, watch=watch)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of images, for a trial")
    asked = parser.parse_args()
    start, rows = time.perf_counter(), []
    for seed in range(asked.seeds):
        rows.append(until(Run(choose_device(), seed, share=asked.share)))
        print(rows[-1], flush=True)
    caption = f"ResNet-18, Fashion-MNIST: until {100 * GOAL:g} % of the test images are right"
    seconds = time.perf_counter() - start
    print(record.write("time_to_94", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
