"""The four captioners of chapters 6 and 7, trained with several seeds.

    python -m benchmarks.caption_seeds [--seeds 3] [--only caption_gru]

All start from the pre-trained encoder ``caption_encoder`` (the vision transformer from an
encoder of its own) and take the same scenes and steps. Seed 0 is the network that ships. What
is trained is kept in the cache, so that a stopped run goes on and studies can load it:
``network(name, seed)``. ``results/caption_seeds.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from benchmarks import record
from course_utils.course import Course
from course_utils.reference.captioning import Captioner
from course_utils.training import checkpoints, recipes
from course_utils.training.captioners import untrained

NAMES = (
    "caption_gru_plain",
    "caption_gru_wide",
    "caption_gru",
    "caption_transformer",
    "caption_vit",
)


def _folder() -> Path:
    folder = Course.find().cache / "captioners"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def trained(name: str, seed: int) -> dict[str, Any]:
    """The record of a training; it is done now if neither package nor cache has it."""
    shipped = checkpoints.FOLDER / f"{name}.json"
    if seed == 0 and shipped.is_file():
        return json.loads(shipped.read_text())
    folder, stem = _folder(), f"{name}-{seed}"
    kept = folder / f"{stem}.json"
    if not kept.is_file():
        result, made = recipes.train(name, recipes.Run(torch.device("cpu"), seed))
        checkpoints.save_checkpoint(stem, result.tensors, made, folder, ships=False)
    return json.loads(kept.read_text())


def network(name: str, seed: int) -> Captioner:
    """The trained captioner, ready to speak."""
    trained(name, seed)
    shipped = seed == 0 and (checkpoints.FOLDER / f"{name}.json").is_file()
    tensors = (
        checkpoints.load(name) if shipped else checkpoints.load(f"{name}-{seed}", _folder())
    )
    made = untrained(name)
    made.load_state_dict(tensors)
    return made.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=NAMES, help="train this one and write nothing")
    args = parser.parse_args()
    rows, seconds = [], 0.0
    for seed in range(args.seeds):
        for name in [args.only] if args.only else NAMES:
            made = trained(name, seed)
            seconds += made["seconds"]
            rows.append({"network": name, "seed": seed} | made["rows"][0])
            print(name, seed, rows[-1]["test, greedy: full"], flush=True)
    if not args.only:
        caption = f"Captioners at equal scenes and steps, {args.seeds} seeds"
        print(record.write("caption_seeds", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
