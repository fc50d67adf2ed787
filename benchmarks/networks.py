"""Networks of a recipe with several seeds, trained once and kept in the cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course_utils.course import Course
from course_utils.training import checkpoints, recipes


def trained(name: str, seed: int) -> tuple[Path, dict[str, Any]]:
    """The folder with a network, and its record; trained now if there is none.

    What ships and what ``course train`` wrote is taken where its seed is the one asked for. A
    training that was stopped goes on.
    """
    cache = Course.find().cache
    for folder in (checkpoints.FOLDER, cache / "checkpoints"):  # where course train writes
        known = folder / f"{name}.json"
        if known.is_file() and (made := json.loads(known.read_text("utf-8")))["seed"] == seed:
            return folder, made
    folder, stem = cache / "networks", f"{name}-{seed}"
    if not (folder / f"{stem}.json").is_file():
        state = cache / "training" / f"{stem}.pt"
        result, made = recipes.train(name, recipes.Run(torch.device("cpu"), seed, resume=state))
        checkpoints.save_checkpoint(stem, result.tensors, made, folder, ships=False)
        state.unlink(missing_ok=True)
    return folder, json.loads((folder / f"{stem}.json").read_text("utf-8"))


def restored(network: nn.Module, name: str, seed: int) -> Any:
    """``network`` with the weights of a recipe and seed, ready to be asked."""
    folder, _ = trained(name, seed)
    shared = folder in (checkpoints.FOLDER, Course.find().cache / "checkpoints")
    network.load_state_dict(checkpoints.load(name if shared else f"{name}-{seed}", folder))
    return network.eval()
