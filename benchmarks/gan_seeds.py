"""The GAN of chapter 12, and the VAE of its layers, trained with several seeds.

    python -m benchmarks.gan_seeds [--seeds 3]

What is trained is kept in the cache, so that a stopped run goes on. ``results/gan_seeds.json``.
"""

from __future__ import annotations

import argparse

from benchmarks import record
from benchmarks.networks import trained

NETWORKS = {"GAN": "gan_fashion", "VAE of the same layers": "vae_fashion"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    rows, seconds, curves = [], 0.0, {}
    for network, name in NETWORKS.items():
        for seed in range(args.seeds):
            _, made = trained(name, seed)
            seconds += made["seconds"]
            row = {"network": network, "seed": seed, "of reconstructions": None}
            rows.append(row | made["rows"][0] | {"seconds": made["seconds"]})
            curves[f"{network}, seed {seed}"] = made["curve"]
            print(rows[-1], flush=True)
    caption = f"Generators on Fashion-MNIST, alike but for the seed, {args.seeds} seeds"
    print(
        record.write("gan_seeds", rows, caption=caption, seed=0, seconds=seconds, curves=curves)
    )


if __name__ == "__main__":
    main()
