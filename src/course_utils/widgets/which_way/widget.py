"""You against the network: which way was up?"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import traitlets as t
from numpy.typing import ArrayLike

from ..arrays import array_of, pictures_of
from ..base import BookWidget

SIDE, MOST = 32, 40


@functools.cache
def _packed() -> tuple[dict[str, dict[str, Any]], bytes, bytes]:
    from .weights import in_bytes, rotation_network  # with all of training: for one page

    return in_bytes(rotation_network())


class WhichWay(BookWidget):
    """Images turned by a quarter, a half, three quarters or not: you and a network say which.

    The network is the shipped encoder ``rotation_small`` with ``rotation_head``; it runs in the
    page, and its shares are computed when the reader has answered, never before.

    Attributes:
        answers: what the reader said, one number of quarter turns for each image so far.
    """

    _esm = Path(__file__).with_name("widget.js")

    places = t.Dict().tag(sync=True)
    weights = t.Bytes().tag(sync=True)
    numbers = t.Bytes().tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    turns = t.List(t.Int()).tag(sync=True)
    answers = t.List(t.Int(min=0, max=3)).tag(sync=True)

    def __init__(
        self, images: ArrayLike, labels: ArrayLike, classes: Sequence[str], seed: int = 0
    ) -> None:
        """
        Args:
            images: (N, 3, 32, 32) uint8, as they were taken, at most 40.
            labels: (N,), indices of ``classes``; the name is told after the answer.
            classes: what an image may show.
            seed: draws the order of the images and their turns.

        Raises:
            ValueError: another shape or number of images, or labels that fit neither.
        """
        named = array_of(labels)
        if not 1 <= len(named) <= MOST or not set(named.tolist()) <= set(range(len(classes))):
            raise ValueError(f"1 to {MOST} labels of {len(classes)} classes are needed")
        pixels = pictures_of(images, len(named))
        if pixels.shape[1:] != (3, SIDE, SIDE):
            raise ValueError(f"images (N, 3, {SIDE}, {SIDE}) are needed, not {pixels.shape}")
        draw = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(named), generator=draw).numpy()
        places, weights, numbers = _packed()
        super().__init__(
            places=places,
            weights=weights,
            numbers=numbers,
            pixels=pixels[order].tobytes(),
            names=[classes[label] for label in named[order]],
            turns=torch.randint(4, (len(named),), generator=draw).tolist(),
        )
