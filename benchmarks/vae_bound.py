"""How near the ELBO is to log p(x): bounds from 1 to 5000 samples, chapter 11, over seeds.

    python -m benchmarks.vae_bound [--seeds 3] [--images 300]

The network is ``vae_binary``; seeds that are not in the cache are trained first, and a training
that was stopped goes on. The ELBO is that of all 10 000 binary test images. What k samples add
is measured on some images drawn at random, L_k − L_1 of each image from the same 5000 samples,
so that the easy and the hard images fall out of the difference; L_k = ELBO + gap, with the
standard error of the gap. ``results/vae_bound.json``.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch
from torch import Generator

from benchmarks import record
from benchmarks.networks import restored, trained
from course_utils.reference.vae import MLPVAE
from course_utils.training import autoencoders

KS = (1, 5, 50, 500, 5000)


def measured(seed: int, images: int) -> dict[str, Any]:
    """The row of a seed."""
    _, made = trained("vae_binary", seed)
    model = restored(MLPVAE(), "vae_binary", seed)
    some = torch.randperm(10_000, generator=Generator().manual_seed(3))[:images]
    found = autoencoders.bounds(model, autoencoders.binary_test()[some], KS)
    gaps = found - found[:, :1]
    whole = made["rows"][0]
    row: dict[str, Any] = {"seed": seed, "epochs": whole["epochs"]}
    row |= {"seconds of training": made["seconds"], "ELBO": whole["test ELBO (nats)"]}
    for column, k in enumerate(KS[1:], 1):
        gap = gaps[:, column]
        row[f"L_{k}"] = round(row["ELBO"] + gap.mean().item(), 2)
        row[f"L_{k} − L_1"] = round(gap.mean().item(), 3)
        row[f"± {k}"] = round(gap.std().item() / images**0.5, 3)
    return row | {"active units": whole["active units"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=300)
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    for seed in range(args.seeds):
        rows.append(measured(seed, args.images))
        print(rows[-1], flush=True)
    caption = f"Bounds on log p(x) in nats, binary MNIST, gaps on {args.images} images"
    seconds = time.perf_counter() - start
    print(record.write("vae_bound", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
