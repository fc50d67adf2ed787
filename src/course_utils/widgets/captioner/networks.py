"""The shipped caption networks and the scenes that widgets show with them."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence

import torch

from ...data.scenes import Scene, Scenes, scenes
from ...reference.captioning import Captioner
from ...training.captioners import trained
from ..network import Network

HEADS = 4  # of all transformers here; weights do not say it
SIDE, LENGTH = 64, 26  # pixels along a side; the most words that a search says

NAMES = {
    "caption_gru": "GRU with attention",
    "caption_gru_plain": "GRU, c = h₀",
    "caption_transformer": "transformer",
    "caption_vit": "ViT and transformer",
}
SPLITS = ("test", "style", "combinations")
Where = tuple[str, int]  # split and index of a scene


@functools.cache
def captioner(name: str) -> Captioner:
    """A trained network of this name, as torch runs it.

    Raises:
        ValueError: there is no such network.
        CourseError: its checkpoint is missing or of another network.
    """
    if name not in NAMES:
        raise ValueError(f"networks must be of {[*NAMES]}, not {name!r}")
    return trained(name)


@functools.cache
def in_the_page(name: str, part: str) -> Network:
    """Its "encoder" or its "decoder" for ``kit/captions.js``; a page holds each of them once.

    One alone, because a page keeps every widget that was made: one that needs the encoder
    must not bring the decoder along.
    """
    return Network(tensors=getattr(captioner(name), part).state_dict())


@functools.cache
def _source(split: str) -> Scenes:
    return scenes(split, size=SIDE)


@functools.cache
def scene(where: Where) -> Scene:
    """A scene of a split without training, 64 pixels a side.

    Raises:
        ValueError: there is no such split, or none of this index.
    """
    split, index = where
    if split not in SPLITS:
        raise ValueError(f"scenes must be of {[*SPLITS]}, not {split!r}")
    source = _source(split)
    if not 0 <= index < len(source):
        raise ValueError(f"scenes must be from 0 to {len(source) - 1}, not {index}")
    return source[index]


def addressed(chosen: Sequence[int | Where]) -> list[Where]:
    """Scenes by split and index; a number alone is of the split "test"."""
    return [("test", int(n)) if not isinstance(n, tuple) else (n[0], int(n[1])) for n in chosen]


def in_bytes(chosen: Sequence[Where]) -> bytes:
    """Pixels (N, 3, 64, 64) of scenes, deflated: a network must not read those of a JPEG."""
    images = torch.stack([scene(where).image for where in chosen])
    return zlib.compress(images.numpy().tobytes(), 9)
