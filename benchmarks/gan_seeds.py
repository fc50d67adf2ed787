"""The GAN of chapter 12 trained with several seeds.

    python -m benchmarks.gan_seeds [--seeds 3] [--only 1]

Seed 0 is the network that ships. What is trained is kept in the cache, so that a stopped run
goes on and studies can load it: ``generator(seed)``. ``results/gan_seeds.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from benchmarks import record
from course_utils.course import Course
from course_utils.reference.gan import Generator
from course_utils.training import checkpoints, recipes

NAME = "gan_fashion"


def _folder() -> Path:
    folder = Course.find().cache / "generators"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def trained(seed: int) -> dict[str, Any]:
    """The record of a training; it is done now if neither package nor cache has it."""
    shipped = checkpoints.FOLDER / f"{NAME}.json"
    if seed == 0 and shipped.is_file():
        return json.loads(shipped.read_text())
    folder, stem = _folder(), f"{NAME}-{seed}"
    kept = folder / f"{stem}.json"
    if not kept.is_file():
        state = folder / f"{stem}.pt"
        run = recipes.Run(torch.device("cpu"), seed, _told, state)
        result, made = recipes.train(NAME, run)
        checkpoints.save_checkpoint(stem, result.tensors, made, folder, ships=False)
        state.unlink(missing_ok=True)
    return json.loads(kept.read_text())


def _told(epoch: Any) -> None:
    print(epoch, flush=True)


def generator(seed: int) -> Generator:
    """The trained generator, ready to draw."""
    trained(seed)
    made = Generator()
    if seed == 0 and (checkpoints.FOLDER / f"{NAME}.json").is_file():
        checkpoints.restore(made, NAME)
    else:
        checkpoints.restore(made, f"{NAME}-{seed}", _folder())
    return made.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", type=int, help="train this seed and write nothing")
    args = parser.parse_args()
    rows, seconds, curves = [], 0.0, {}
    for seed in range(args.seeds) if args.only is None else [args.only]:
        made = trained(seed)
        seconds += made["seconds"]
        rows.append({"seed": seed, **made["rows"][0], "seconds": made["seconds"]})
        curves[f"seed {seed}"] = made["curve"]
        print(rows[-1], flush=True)
    if args.only is None:
        caption = f"DCGANs on Fashion-MNIST, alike but for the seed, {args.seeds} seeds"
        print(
            record.write(
                "gan_seeds", rows, caption=caption, seed=0, seconds=seconds, curves=curves
            )
        )


if __name__ == "__main__":
    main()
