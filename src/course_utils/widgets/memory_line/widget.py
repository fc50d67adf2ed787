"""How much gradient is left after many steps of a recurrent unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t

from ..base import BookWidget

LONGEST, LIMIT = 50, 5.0


class MemoryLine(BookWidget):
    """How much of the gradient reaches the first word through the steps of a plain and of a
    gated recurrent unit.

    The plain unit is h_t = w h_{t−1} + x_t + b, so ∂h_T/∂h_t = w^(T−t). The gated one keeps a
    share u of its state, as a GRU does: h_t = u h_{t−1} + (1 − u)(w h_{t−1} + x_t + b), so each
    step has the factor u + (1 − u) w. Both are exact: a tanh has at most the slope 1, so with
    it even less is left. Clipping scales the gradient of b to at most 5, and with it the share
    of each step. Five presets are cases worth seeing.

    Attributes:
        weight: w, 0 to 1.3.
        gate: u, 0 to 1; 1 keeps the state as it is.
        length: T, the steps from the first word to the last.
        clip: whether the gradient is clipped.
    """

    _esm = Path(__file__).with_name("widget.js")

    weight = t.Float(0.9, min=0.0, max=1.3).tag(sync=True)
    gate = t.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    length = t.Int(20, min=2, max=LONGEST).tag(sync=True)
    clip = t.Bool(False).tag(sync=True)

    def __init__(self, **state: Any) -> None:
        super().__init__(**state)
