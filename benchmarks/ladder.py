"""Two networks with as many parameters on clothes, images as they are and moved.

    python -m benchmarks.ladder [--epochs 8] [--images 3000] [--seeds 3]

Everything but the network is equal: images, epochs, augmentation, seeds. Each network keeps the
optimiser of its own recipe. ResNet-20 has a stem of stride 2, a quarter of the work at the same
number of parameters.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks import record
from course_utils import data
from course_utils.data import Pictures
from course_utils.reference.resnet import BasicBlock, ResNet
from course_utils.training.augment import chain, flipped, shifted
from course_utils.training.fit import accuracy, device, fit

ADAM: dict[str, Any] = {"lr": 2e-3}
SGD: dict[str, Any] = {"lr": 0.1, "optimiser": "sgd", "weight_decay": 5e-4}


def mlp() -> nn.Sequential:
    layers = nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    return nn.Sequential(nn.Flatten(), *layers)


def resnet20() -> ResNet:
    widths = 16, 32, 64
    return ResNet(BasicBlock, [3] * 3, widths, classes=10, channels=1, stem="halving")


NETWORKS: dict[str, tuple[Callable[[], nn.Module], dict[str, Any]]] = {
    "MLP": (mlp, ADAM),
    "ResNet-20": (resnet20, SGD),
}


def attempt(name: str, moves: bool, images: Pictures, test: Pictures, epochs: int, seed: int):
    """One training: its accuracy (%) on the test set."""
    torch.manual_seed(seed)
    make, options = NETWORKS[name]
    augment = chain(shifted(2, seed), flipped(seed)) if moves else None
    model = make().to(device())
    fit(
        model,
        images.batches(128, seed=seed, device=device(), augment=augment),
        epochs,
        **options,
    )
    return round(100 * accuracy(model, test.batches(500, shuffle=False, device=device())), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    images = data.fashion("train").per_class(args.images // 10, seed=0)
    test, rows = data.fashion("test"), []
    for name, (make, _) in NETWORKS.items():
        parameters = sum(p.numel() for p in make().parameters())
        for moves in (False, True):
            runs = [
                attempt(name, moves, images, test, args.epochs, seed)
                for seed in range(args.seeds)
            ]
            seen = "moved and mirrored" if moves else "as they are"
            row = {"network": name, "parameters": parameters, "training images": seen}
            rows.append(row | {f"accuracy (%), seed {n}": run for n, run in enumerate(runs)})
            print(rows[-1], flush=True)
    caption = f"{args.images} clothes, {args.epochs} epochs, accuracy on 10000 test images"
    seconds = time.perf_counter() - start
    print(record.write("ladder", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
