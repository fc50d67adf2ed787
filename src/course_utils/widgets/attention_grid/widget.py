"""Attention of five words with numbers that can be changed, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t

from ..arrays import array_of
from ..base import BookWidget, Cases, case, known

WORDS = ("a", "red", "cat", "runs", "<pad>")
MASKS = ("none", "causal", "padding", "both")
STAGES = 6
LARGEST = 9.0

_MATCH: dict[str, Any] = {
    "q": [[0, 1], [0, 2], [1, 0], [0.5, 2], [0, 0]],
    "k": [[0.5, 0], [2, 0], [0, 2], [-1, 0.5], [0, 0]],
    "v": [[0, 0], [1, 0], [0, 1], [-1, 1], [3, -3]],
}
_PLAIN: dict[str, Any] = {
    **_MATCH, "mask": "none", "scaled": True, "positions": False, "swapped": False, "chosen": 1,
}  # fmt: skip
PRESETS: dict[str, dict[str, Any]] = {
    "match": _PLAIN | {"stage": 1},
    "causal": _PLAIN | {"mask": "causal", "stage": 3},
    "padding": _PLAIN | {"mask": "padding", "stage": 4, "chosen": 4},
    "large scores": _PLAIN
    | {
        "q": [[0, 1, 0, 1], [2, 1, 1, 1], [1, 0, 1, 0], [1, 2, 0, 2], [0, 0, 0, 0]],
        "k": [[1, 0, 1, 0], [1, 1, 1, 0], [2, 1, 2, 1], [0, 1, 0, 1], [0, 0, 0, 0]],
        "scaled": False,
        "stage": 4,
    },
    "no position codes": _PLAIN | {"mask": "padding", "swapped": True, "stage": 5},
}


class AttentionGrid(BookWidget):
    """Scaled dot-product attention of five words, stage by stage, with numbers to change.

    The stages are q, k and v; the products q kᵀ; division by √d; the mask; softmax; the sum of
    the values. Every number of q, k and v can be changed. Position codes are the sines and
    cosines of Vaswani et al. (2017); they are added to q and k. Five presets are cases worth
    seeing.

    Attributes:
        q, k: five rows of 2 or of 4 numbers, one row a word, -9 to 9.
        v: five rows of 2 numbers.
        mask: "none", "causal", "padding" or "both".
        scaled: whether the products are divided by √d.
        positions: whether codes of the places are added.
        swapped: whether the first two words have changed places.
        stage: 0 to 5.
        chosen: the word whose row is worked out, as its place 0 to 4.
    """

    _esm = Path(__file__).with_name("widget.js")

    words = t.List(t.Unicode(), list(WORDS)).tag(sync=True)
    presets = Cases(PRESETS)
    q = t.List(t.List(t.Float())).tag(sync=True)
    k = t.List(t.List(t.Float())).tag(sync=True)
    v = t.List(t.List(t.Float())).tag(sync=True)
    mask = t.Unicode("none").tag(sync=True)
    scaled = t.Bool(True).tag(sync=True)
    positions = t.Bool(False).tag(sync=True)
    swapped = t.Bool(False).tag(sync=True)
    stage = t.Int(0, min=0, max=STAGES - 1).tag(sync=True)
    chosen = t.Int(1, min=0, max=len(WORDS) - 1).tag(sync=True)

    def __init__(self, preset: str = "match", **state: Any) -> None:
        """
        Args:
            preset: a case to begin with.
            state: what differs from it, by the names of the attributes.

        Raises:
            ValueError: there is no such preset, or q, k, v have another shape or range.
        """
        state = case(preset, PRESETS) | state
        numbers = {name: _numbers(name, state[name]) for name in ("q", "k", "v")}
        if len(numbers["q"][0]) != len(numbers["k"][0]):
            raise ValueError("q and k must have equally long rows")
        super().__init__(**state | numbers)

    @t.validate("mask")
    def _known_mask(self, proposal: Any) -> str:
        return known("mask", proposal["value"], MASKS)


def _numbers(name: str, rows: Any) -> list[list[float]]:
    """Five rows as lists of float."""
    lengths = (2,) if name == "v" else (2, 4)
    array = array_of(rows).astype(np.float64)
    if array.ndim != 2 or len(array) != len(WORDS) or array.shape[1] not in lengths:
        wanted = " or ".join(map(str, lengths))
        raise ValueError(f"{name} must be {len(WORDS)} rows of {wanted} numbers")
    if not (np.abs(array) <= LARGEST).all():  # refuses NaN, too
        raise ValueError(f"{name} must hold numbers from -{LARGEST:.0f} to {LARGEST:.0f}")
    return array.tolist()
