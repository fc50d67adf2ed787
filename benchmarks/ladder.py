"""Four networks on clothes, images as they are and moved: what the network adds, what the data.

    python -m benchmarks.ladder [--images 3000] [--epochs 16] [--seeds 3]

Everything but the network is equal: images, epochs, augmentation, seeds. Each network keeps the
optimiser of its own recipe. ResNet-20 has a stem of stride 2, a quarter of the work at the same
number of parameters, which is about that of the MLP.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks import record
from course_utils import data
from course_utils.data import Pictures
from course_utils.reference.cnn import LeNet
from course_utils.reference.resnet import BasicBlock, ResNet
from course_utils.training.augment import chain, flipped, shifted
from course_utils.training.fit import accuracy, device, fit

ADAM: dict[str, Any] = {"lr": 2e-3}
SGD: dict[str, Any] = {"lr": 0.1, "optimiser": "sgd", "weight_decay": 5e-4}


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def mlp() -> nn.Module:
    layers = nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    return nn.Sequential(nn.Flatten(), *layers)


def resnet20() -> nn.Module:
    widths = 16, 32, 64
    return ResNet(BasicBlock, [3] * 3, widths, classes=10, channels=1, stem="halving")


NETWORKS: dict[str, tuple[Callable[[], nn.Module], dict[str, Any]]] = {
    "linear": (linear, ADAM),
    "MLP": (mlp, ADAM),
    "LeNet": (LeNet, ADAM | {"lr": 4e-3}),
    "ResNet-20": (resnet20, SGD),
}


def error(name: str, moves: bool, images: Pictures, test: Pictures, epochs: int, seed: int):
    """One training: its error in percent on the test images."""
    torch.manual_seed(seed)
    make, options = NETWORKS[name]
    augment = chain(shifted(2, seed), flipped(seed)) if moves else None
    model = make().to(device())
    batches = images.batches(128, seed=seed, device=device(), augment=augment)
    fit(model, batches, epochs, **options)
    tests = test.batches(500, shuffle=False, device=device())
    return round(100 * (1 - accuracy(model, tests)), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    images = data.fashion("train").per_class(args.images // 10, seed=0)
    test, rows = data.fashion("test"), []
    for name, (make, _) in NETWORKS.items():
        parameters = sum(p.numel() for p in make().parameters())
        for moves in (False, True):
            seeds = [
                error(name, moves, images, test, args.epochs, seed)
                for seed in range(args.seeds)
            ]
            row = {
                "network": name,
                "parameters": parameters,
                "training images": "moved and mirrored" if moves else "as they are",
                "test error (%)": round(statistics.mean(seeds), 2),
                "seeds": seeds,
            }
            rows.append(row)
            print(row, flush=True)
    caption = (
        f"{args.images} clothes, {args.epochs} epochs, {args.seeds} seeds; "
        f"error on {len(test.images)} test images"
    )
    seconds = time.perf_counter() - start
    print(record.write("ladder", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
