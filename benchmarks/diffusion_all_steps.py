"""Chapter 13's diffusion model sampled one time after the other, with noise and without.

    python -m benchmarks.diffusion_all_steps [--seeds 3] [--number 1000]

The end of the curve of ``benchmarks.diffusion_study``: it costs ten times as much as the rest
of it, about nine minutes for each sampler and seed. What is measured is kept in the cache.
``results/diffusion_all_steps.json``.
"""

from __future__ import annotations

import argparse
import time
from functools import partial

from benchmarks import record
from benchmarks.diffusion_study import SAMPLERS, Study, T
from benchmarks.kept import kept
from benchmarks.networks import restored
from course_utils.reference.unet import UNet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="of the network")
    parser.add_argument("--number", type=int, default=1000, help="images of each distance")
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    for seed in range(args.seeds):
        study = Study(restored(UNet(), "diffusion_fashion", seed), args.number)
        for name, eta in SAMPLERS.items():
            key = f"{name}-{seed}-{args.number}"
            found = kept("diffusion_all_steps", key, partial(study.steps, T, eta))
            rows.append({"seed": seed, **found, "sampler": name, "steps": T})
            print(rows[-1], flush=True)
    caption = f"A diffusion model of Fashion-MNIST, all {T} times; {args.number} images each"
    caption += f", {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("diffusion_all_steps", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
