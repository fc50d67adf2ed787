"""Plain and residual networks of 20 and 56 layers: training error and gradients.

    python -m benchmarks.depth [--epochs 8] [--pictures 10000] [--seeds 3]

The question of He et al. 2016, section 4.2 and figure 6, at a size for a CPU: clothes halved to
14 × 14 pixels by averaging, no augmentation, a few epochs. The training error is counted while
training, as in the paper; the gradients are those of one batch in training mode.
"""

from __future__ import annotations

import argparse
import statistics
import time

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


def attempt(depth: int, residual: bool, pictures: Pictures, epochs: int, seed: int) -> dict:
    """One training: its errors in percent, and the gradients before and after."""
    torch.manual_seed(seed)
    chosen = device()
    model = cifar_resnet(depth, channels=1, residual=residual).to(chosen)
    probe = next(iter(pictures.batches(256, shuffle=False, device=chosen)))
    before = convolutions(model, probe)
    batches = pictures.batches(128, seed=seed, device=chosen)
    options = {"lr": 0.1, "weight_decay": 1e-4, "optimiser": "sgd", "schedule": "cosine"}
    history = fit(model, batches, epochs, **options)
    errors = [round(100 * (1 - epoch.accuracy), 2) for epoch in history]
    return {"errors": errors, "gradients": [before, convolutions(model, probe)]}


def row(depth: int, residual: bool, runs: list[dict]) -> dict:
    """A network in the table: its last error over the seeds."""
    last = [run["errors"][-1] for run in runs]
    return {
        "network": "residual" if residual else "plain",
        "layers": depth,
        "training error, percent": round(statistics.mean(last), 2),
        "lowest and highest seed": f"{min(last):.2f} to {max(last):.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    pictures = data.fashion("train").select(torch.arange(args.pictures)).halved()
    rows, curves = [], {}
    for depth in DEPTHS:
        for residual in (False, True):
            runs = [
                attempt(depth, residual, pictures, args.epochs, seed)
                for seed in range(args.seeds)
            ]
            rows.append(row(depth, residual, runs))
            curves[f"{rows[-1]['network']}, {depth} layers"] = {
                "errors": [run["errors"] for run in runs],
                "gradients before": runs[0]["gradients"][0],
                "gradients after": runs[0]["gradients"][1],
            }
            print(rows[-1], flush=True)
    caption = (
        f"{args.pictures} clothes of 14 × 14 pixels, {args.epochs} epochs, {args.seeds} seeds"
    )
    seconds = time.perf_counter() - start
    path = record.write("depth", rows, caption=caption, seed=0, seconds=seconds, curves=curves)
    print(path)


if __name__ == "__main__":
    main()
