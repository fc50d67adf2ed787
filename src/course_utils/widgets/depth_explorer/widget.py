"""Signal and gradient through a deep random network, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t

from ..base import BookWidget

DEEPEST, WIDTH, BATCH = 60, 64, 32


class DepthExplorer(BookWidget):
    """How large the signal and its gradient are in each layer of a deep random network.

    A network of up to 60 layers of 64 units is drawn, run on 32 inputs and differentiated in
    the browser: ``reference.resnet_depth.sizes``. Five presets are cases worth seeing.

    Attributes:
        depth: number of layers.
        gain: weights have variance gain / 64.
        norm: batch norm after the weights of each layer.
        shortcut: each layer is added to what it gets.
        seed: of inputs and weights.
    """

    _esm = Path(__file__).with_name("widget.js")

    depth = t.Int(50, min=2, max=DEEPEST).tag(sync=True)
    gain = t.Float(2.0, min=0.1, max=4.0).tag(sync=True)
    norm = t.Bool(False).tag(sync=True)
    shortcut = t.Bool(False).tag(sync=True)
    seed = t.Int(0, min=0).tag(sync=True)

    def __init__(self, **state: Any) -> None:
        super().__init__(**state)
