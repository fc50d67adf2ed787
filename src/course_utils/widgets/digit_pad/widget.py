"""Draw a digit and see what a CNN and naive Bayes make of it."""

from __future__ import annotations

import functools
from pathlib import Path

import torch
import traitlets as t
from ipywidgets import widget_serialization

from ... import data, training
from ...reference.cnn import LeNet
from ..base import BookWidget
from ..network import Network

SIDE = 28


@functools.cache
def _lenet() -> Network:
    model = LeNet()
    model.load_state_dict(training.load("lenet"))
    return Network(model.layers)


@functools.cache
def _naive_bayes() -> Network:
    return Network(tensors=training.load("naive_bayes"))


@functools.cache
def _examples() -> bytes:
    """The first image of each digit in MNIST's test set, (10, 28, 28) uint8."""
    digits = data.digits("test")
    first = [(digits.labels == digit).nonzero()[0, 0] for digit in range(10)]
    return digits.images[torch.stack(first), 0].numpy().tobytes()


class DigitPad(BookWidget):
    """A pad to draw a digit on, beside it the answers of a CNN and of naive Bayes, and what
    the CNN's layers find.

    The networks are the shipped checkpoints ``lenet`` and ``naive_bayes``, run in the browser
    by ``kit/nn.js``. The drawing can be moved, turned and resized: what that does to either
    answer is the point.

    Attributes:
        pixels: the drawing, 28 × 28 bytes, 0 black to 255 white.
        right, down, turn, size: how it is changed before it is classified, as
            ``reference.cnn.transformed`` has it; the drawing itself stays.
    """

    _esm = Path(__file__).with_name("widget.js")

    network = t.Instance(Network).tag(sync=True, **widget_serialization)
    bayes = t.Instance(Network).tag(sync=True, **widget_serialization)
    examples = t.Bytes().tag(sync=True)
    # A browser's bytes arrive as a memoryview.
    pixels = t.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))
    right = t.Int(0, min=-8, max=8).tag(sync=True)
    down = t.Int(0, min=-8, max=8).tag(sync=True)
    turn = t.Int(0, min=-180, max=180).tag(sync=True)
    size = t.Float(1.0, min=0.5, max=1.5).tag(sync=True)

    def __init__(
        self,
        digit: int | None = 7,
        *,
        right: int = 0,
        down: int = 0,
        turn: int = 0,
        size: float = 1.0,
    ) -> None:
        """
        Args:
            digit: the example that is on the pad first; None for an empty pad.
            right, down, turn, size: the attributes.

        Raises:
            ValueError: ``digit`` is none of 0 to 9.
        """
        if digit is not None and digit not in range(10):
            raise ValueError(f"digit {digit!r}: 0 to 9 or None is needed")
        n = SIDE * SIDE
        known = _examples()
        pixels = bytes(n) if digit is None else known[digit * n : (digit + 1) * n]
        super().__init__(
            network=_lenet(),
            bayes=_naive_bayes(),
            examples=known,
            pixels=pixels,
            right=right,
            down=down,
            turn=turn,
            size=size,
        )
