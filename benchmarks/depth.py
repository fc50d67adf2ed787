"""Plain and residual networks of 20 and 56 layers: training error and gradients.

    python -m benchmarks.depth [--epochs 8] [--images 10000] [--seeds 3]

The question of He et al. 2016, section 4.2 and figure 6, at a size for a CPU: clothes halved to
14 × 14 pixels by averaging, no augmentation, a few epochs. The training error is counted while
training, as in the paper; the gradients are those of one batch in training mode.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch

from benchmarks import record
from course_utils import data
from course_utils.data import Pictures
from course_utils.reference.resnet import ResNet, cifar_resnet, gradient_norms
from course_utils.training.fit import device, fit

DEPTHS = (20, 56)


def convolutions(model: ResNet, probe: tuple[torch.Tensor, torch.Tensor]) -> list[float]:
    """‖∂L/∂W‖ of the main path's 3 × 3 convolutions, the first layer first."""
    norms = gradient_norms(model.train(), *probe)
    return [round(norm, 5) for name, norm in norms.items() if "downsample" not in name]


def attempt(depth: int, residual: bool, images: Pictures, epochs: int, seed: int) -> dict:
    """One training: its errors in percent, and the gradients before and after."""
    torch.manual_seed(seed)
    chosen = device()
    model = cifar_resnet(depth, channels=1, residual=residual).to(chosen)
    probe = next(iter(images.batches(256, shuffle=False, device=chosen)))
    before = convolutions(model, probe)
    batches = images.batches(128, seed=seed, device=chosen)
    options: dict[str, Any] = {
        "lr": 0.1,
        "weight_decay": 1e-4,
        "optimiser": "sgd",
        "schedule": "cosine",
    }
    history = fit(model, batches, epochs, **options)
    errors = [round(100 * (1 - epoch.accuracy), 2) for epoch in history]
    after = convolutions(model, probe)
    return {"errors": errors, "gradients before": before, "gradients after": after}


def row(name: str, errors: list[list[float]]) -> dict:
    """A network in the table: its last error of each seed."""
    kind, depth = name.removesuffix(" layers").split(", ")
    seeds = {f"training error (%), seed {n}": run[-1] for n, run in enumerate(errors)}
    return {"network": kind, "layers": int(depth), **seeds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    images = data.fashion("train").select(torch.arange(args.images)).halved()
    rows, curves = [], {}
    for depth in DEPTHS:
        for residual in (False, True):
            runs = [
                attempt(depth, residual, images, args.epochs, seed)
                for seed in range(args.seeds)
            ]
            name = f"{'residual' if residual else 'plain'}, {depth} layers"
            curves[name] = {key: [run[key] for run in runs] for key in runs[0]}  # seeds first
            rows.append(row(name, curves[name]["errors"]))
            print(rows[-1], flush=True)
    caption = (
        f"{args.images} clothes of 14 × 14 pixels, {args.epochs} epochs, {args.seeds} seeds"
    )
    seconds = time.perf_counter() - start
    path = record.write("depth", rows, caption=caption, seed=0, seconds=seconds, curves=curves)
    print(path)


if __name__ == "__main__":
    main()
