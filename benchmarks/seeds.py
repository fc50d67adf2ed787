"""Networks of recipes trained with several seeds: each study is a result of its own.

    python -m benchmarks.seeds [NAME ...] [--seeds 3]

What is trained is kept in the cache, so that a stopped run goes on, and what ships is taken for
its seed. ``results/NAME.json``; the captioners have ``benchmarks.caption_seeds``.
"""

from __future__ import annotations

import argparse
from typing import Any

from benchmarks import record
from benchmarks.networks import trained

STUDIES = {
    "gan_seeds": {"GAN": "gan_fashion", "VAE of the same layers": "vae_fashion"},
    "diffusion_seeds": {"diffusion": "diffusion_fashion"},
    "labelled_gan_seeds": {"GAN, told the class": "gan_labelled"},
    "clip_seeds": {"CLIP of emoji": "clip_emoji"},
}


def study(name: str, seeds: int) -> None:
    """Train what is lacking of one study, and write its rows and curves."""
    rows: list[dict[str, Any]] = []
    seconds, curves = 0.0, {}
    for network, recipe in STUDIES[name].items():
        for seed in range(seeds):
            _, made = trained(recipe, seed)
            seconds += made["seconds"]
            row = {"network": network, "seed": seed}
            rows.append(row | made["rows"][0] | {"seconds": made["seconds"]})
            curves[f"{network}, seed {seed}"] = made["curve"]
            print(rows[-1], flush=True)
    keys = dict.fromkeys(key for row in rows for key in row)  # the same columns in all rows
    rows = [{key: row.get(key) for key in keys} for row in rows]
    caption = f"{', '.join(STUDIES[name])}: alike but for the seed, {seeds} seeds"
    print(
        record.write(
            name, rows, caption=caption, seed=0, seconds=seconds, curves=curves,
            module=f"seeds {name}",
        )
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(STUDIES))
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    if unknown := set(args.names) - set(STUDIES):
        parser.error(f"no study {', '.join(sorted(unknown))}; there are: {', '.join(STUDIES)}")
    for name in args.names or STUDIES:
        study(name, args.seeds)


if __name__ == "__main__":
    main()
