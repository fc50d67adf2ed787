"""A small GAN in the plane that trains in the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t

from ..base import BookWidget, Cases, case, known

DATA = ("ring", "grid", "blobs")
LOSSES = ("non-saturating", "saturating")
RATES = (0.0002, 0.001, 0.002, 0.005)
LAST, STRIDE = 2500, 20  # steps of a whole game, and of one place of the player

_BALANCED: dict[str, Any] = {
    "data": "ring", "loss": "non-saturating", "rate_d": 0.002, "rate_g": 0.002,
}  # fmt: skip
PRESETS: dict[str, dict[str, Any]] = {
    "balanced": _BALANCED,
    "G 25 times faster": _BALANCED | {"rate_d": 0.0002, "rate_g": 0.005},
    "D 25 times faster": _BALANCED | {"rate_d": 0.005, "rate_g": 0.0002},
    "D faster, saturating": _BALANCED
    | {"rate_d": 0.005, "rate_g": 0.0002, "loss": "saturating"},
    "grid of nine": _BALANCED | {"data": "grid"},
}


class GanLab(BookWidget):
    """A GAN of two small networks that trains in the page on points of a plane, step by step
    of D and of G.

    G: 2 numbers of noise, two hidden layers of 16, a point. D: a point, two hidden layers of
    16, a logit. Leaky ReLU with slope 0.2, Adam with β₁ = 0.5, 64 points a batch, the start of
    ``torch.nn.Linear``. A step is one of D, then one of G. The reader chooses data, loss and
    rates, goes back and forth, takes single steps of D or G, and changes rates or loss on the
    way. Training is chaotic: what a case does is told by several seeds, not by one.

    Attributes:
        data: "ring" (eight spots), "grid" (nine) or "blobs" (two wide ones).
        loss: G's, "non-saturating" or "saturating".
        rate_d, rate_g: the learning rates of D and of G, each one of ``RATES``.
        seed: of the first weights and of all points.
        step: where the game stands when the page opens, 0 to 2500 in steps of 20. The page does
            not write it back.
    """

    _esm = Path(__file__).with_name("widget.js")

    presets = Cases(PRESETS)
    rates = t.List(t.Float(), list(RATES)).tag(sync=True)
    data = t.Unicode().tag(sync=True)
    loss = t.Unicode().tag(sync=True)
    rate_d = t.Float().tag(sync=True)
    rate_g = t.Float().tag(sync=True)
    seed = t.Int(0, min=0, max=999).tag(sync=True)
    step = t.Int(0, min=0, max=LAST).tag(sync=True)

    def __init__(self, preset: str = "balanced", **state: Any) -> None:
        """
        Args:
            preset: a case to begin with.
            state: what differs from it, by the names of the attributes.

        Raises:
            ValueError: there is no such preset.
        """
        super().__init__(**case(preset, PRESETS) | state)

    @t.validate("data")
    def _known_data(self, proposal: Any) -> str:
        return known("data", proposal["value"], DATA)

    @t.validate("loss")
    def _known_loss(self, proposal: Any) -> str:
        return known("loss", proposal["value"], LOSSES)

    @t.validate("rate_d", "rate_g")
    def _known_rate(self, proposal: Any) -> float:
        if proposal["value"] not in RATES:
            raise t.TraitError(f"a rate must be one of {[*RATES]}, not {proposal['value']}")
        return proposal["value"]

    @t.validate("step")
    def _whole_stride(self, proposal: Any) -> int:
        if proposal["value"] % STRIDE:
            raise t.TraitError(f"step must be a multiple of {STRIDE}, not {proposal['value']}")
        return proposal["value"]
