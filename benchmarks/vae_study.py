"""What β does to a VAE, and a likelihood that is averaged over pixels, chapter 11, over seeds.

    python -m benchmarks.vae_study [--seeds 3]

Equal but for what the row says: 10 000 digits, made binary anew each time, a narrow network
with ten numbers a digit, twelve epochs. Measured on 2000 binary test digits; whatever was
learned with, the ELBO is that of β = 1. The remedy for the mistake is the row β = 1: the same
network, the sum over pixels. ``results/vae_study.json``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import torch

from benchmarks import record
from course_utils import data
from course_utils.training import vae_study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    train = data.digits("train").select(torch.arange(10_000))
    test = data.digits("test").select(torch.arange(0, 10_000, 5))

    def row(name: str) -> dict[str, Any]:
        objective, found = vae_study.TRIES[name], []
        for seed in range(args.seeds):
            model = vae_study.learned(train, objective, seed=seed)
            found.append(vae_study.measured(model, test))
        columns = {key: [f[key] for f in found] for key in found[0]}
        means = {key: round(statistics.mean(c), 4) for key, c in columns.items()}
        print(name, means, flush=True)
        by_seed = {f"seeds of {key}": c for key, c in columns.items()}
        return {"what was done": name} | means | by_seed

    rows = [row(name) for name in vae_study.TRIES]
    caption = f"VAEs of ten numbers a digit, 10 000 binary digits, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("vae_study", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
