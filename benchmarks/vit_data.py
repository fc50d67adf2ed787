"""How much data a vision transformer needs beside a CNN, chapter 7, over seeds.

    python -m benchmarks.vit_data [--seeds 3] [--steps 600]

Both classify Fashion-MNIST, from as many images as the row says, in equally many steps of 64
images with the same optimiser. The CNN is the LeNet of chapter 3; the ViT cuts images into 16
patches of 7 × 7 pixels. Judged are 2000 images of the test split. ``results/vit_data.json``.
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
from course_utils.reference.cnn import LeNet
from course_utils.reference.vit import ViT
from course_utils.training.captioning import learn

SIZES, JUDGED, RATE = (100, 1_000, 10_000, 60_000), 2_000, 2e-3
Batch = dict[str, Tensor]


class Grey(nn.Module):
    """A ViT for images of one channel, 0 to 1: three equal ones, -1 to 1."""

    def __init__(self, positions: bool = True) -> None:
        super().__init__()
        self.vit = ViT(28, 7, 48, 3, 4, 96, positions=positions, classes=10)

    def forward(self, images: Tensor) -> Tensor:
        return self.vit((2 * images - 1).expand(-1, 3, -1, -1))


def objective(network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    logits, labels = network(batch["images"]), batch["labels"]
    return F.cross_entropy(logits, labels), (logits.argmax(1) == labels).float().mean()


def tensors(split: str, number: int) -> Batch:
    """The first images of a split, 0 to 1, and their labels."""
    found = data.fashion(split)
    return {
        "images": found.images[:number].float() / 255,
        "labels": found.labels[:number].long(),
    }


@torch.no_grad()
def accuracy(network: nn.Module, judged: Batch) -> float:
    network.eval()
    return round(objective(network, judged)[1].item(), 4)


def row_of(name: str, make: Callable, images: int, steps: int, seeds: int) -> dict[str, Any]:
    """Networks trained on this many images, one a seed, judged on seen and on new ones."""
    train, test = tensors("train", images), tensors("test", JUDGED)
    found: dict[str, list[float]] = {"seen": [], "new": []}
    start = time.perf_counter()
    for seed in range(seeds):
        torch.manual_seed(seed)
        network = make()
        learn(network, objective, train, steps, seed=seed, lr=RATE)
        found["seen"].append(accuracy(network, {k: t[:JUDGED] for k, t in train.items()}))
        found["new"].append(accuracy(network, test))
    row = {"network": name, "images": images}
    row["parameters"] = sum(p.numel() for p in network.parameters())
    for key, values in found.items():
        row |= {key: round(statistics.mean(values), 4), f"seeds of {key}": values}
    print(row, round(time.perf_counter() - start), flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=600)
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    networks: list[tuple[str, Callable, tuple[int, ...]]] = [
        ("CNN", LeNet, SIZES),
        ("ViT", Grey, SIZES),
        ("ViT, no positions", lambda: Grey(positions=False), SIZES[-1:]),
    ]
    for name, make, sizes in networks:
        rows += [row_of(name, make, n, args.steps, args.seeds) for n in sizes]
    caption = f"Fashion-MNIST, {args.steps} steps of 64 images, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("vit_data", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
