"""A training that was killed goes on after its last whole epoch, bit for bit."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch

from course_utils.course import CourseError
from course_utils.data import Batches
from course_utils.files import write_atomically
from course_utils.training import distributed

Kind = TypeVar("Kind")  # of an epoch: a dataclass


def epochs(
    number: int,
    one: Callable[[int], Kind],
    kind: Callable[..., Kind],
    path: Path | None,
    parts: Mapping[str, Any],
    batches: Batches,
    settings: dict[str, Any],
    watch: Callable[[Kind], None],
) -> list[Kind]:
    """``one(n)`` for each epoch n from 1 to ``number``, and what they gave.

    Args:
        kind: makes an epoch of its fields again.
        path: a file that holds the state after each epoch; where it exists, those before it
            are not done again. None: nothing is kept.
        parts, settings: see ``write``.
        watch: is told each epoch, those before an interruption too.
    """
    history = [kind(**epoch) for epoch in read(path, parts, batches, settings)] if path else []
    for epoch in history:
        watch(epoch)
    for n in range(len(history) + 1, number + 1):
        history.append(one(n))
        if path and distributed.rank() == 0:
            write(path, parts, batches, settings, [asdict(e) for e in history])  # type: ignore[call-overload]
        watch(history[-1])
    return history


def write(
    path: Path,
    parts: Mapping[str, Any],
    batches: Batches,
    settings: dict[str, Any],
    history: list[dict[str, Any]],
) -> None:
    """Replace ``path`` by the state after an epoch; half a file is never seen.

    Args:
        parts: what has a ``state_dict``: model, optimiser, schedule, moving average.
        settings: of the training, compared when it goes on.
        history: the epochs so far.
    """
    state = {
        "settings": settings,
        "history": history,
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "random": torch.get_rng_state(),
        "random on CUDA": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "batches": [generator.get_state() for generator in _generators(batches)],
    }
    drawn = io.BytesIO()
    torch.save(state, drawn)
    write_atomically(path, drawn.getvalue())


def read(
    path: Path, parts: Mapping[str, Any], batches: Batches, settings: dict[str, Any]
) -> list[dict[str, Any]]:
    """Bring everything back to where ``path`` was written; its epochs, [] without the file.

    Raises:
        CourseError: the file is of another training.
    """
    if not path.is_file():
        return []
    state = torch.load(path, map_location="cpu", weights_only=True)
    kept, generators = state["settings"], _generators(batches)
    if kept != settings or len(state["batches"]) != len(generators):
        other = {k: v for k, v in kept.items() if settings.get(k) != v} or "other augmentations"
        raise CourseError(f"{path} is of another training ({other}): delete it to start anew")
    for name, part in parts.items():
        part.load_state_dict(state["parts"][name])
    torch.set_rng_state(state["random"])
    if torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["random on CUDA"])
    for generator, kept in zip(generators, state["batches"], strict=True):
        generator.set_state(kept)
    return state["history"]


def _generators(batches: Batches) -> list[torch.Generator]:
    """Of the order, and of an augmentation from ``training.augment``."""
    return [batches.generator, *getattr(batches.augment, "generators", ())]
