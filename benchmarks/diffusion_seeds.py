"""Chapter 13's diffusion model with several seeds, and a GAN that is told the class.

    python -m benchmarks.diffusion_seeds [--seeds 3] [--gan 0]

What is trained is kept in the cache, so that a stopped run goes on.
``results/diffusion_seeds.json``.
"""

from __future__ import annotations

import argparse

from benchmarks import record
from benchmarks.networks import trained

NETWORKS = {"diffusion": "diffusion_fashion", "GAN, told the class": "gan_labelled"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="of the diffusion model")
    parser.add_argument("--gan", type=int, default=0, help="seeds of the GAN, 12 minutes each")
    args = parser.parse_args()
    rows, seconds, curves = [], 0.0, {}
    for (network, name), seeds in zip(NETWORKS.items(), (args.seeds, args.gan), strict=True):
        for seed in range(seeds):
            _, made = trained(name, seed)
            seconds += made["seconds"]
            rows.append({"network": network, "seed": seed, **made["rows"][0]})
            curves[f"{network}, seed {seed}"] = made["curve"]
            print(rows[-1], flush=True)
    caption = "Generators on Fashion-MNIST that are told the class"
    print(
        record.write(
            "diffusion_seeds", rows, caption=caption, seed=0, seconds=seconds, curves=curves
        )
    )


if __name__ == "__main__":
    main()
