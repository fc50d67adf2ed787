"""Data and generator on a line, the best discriminator between them, and what G feels of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t

from ..base import BookWidget, Cases, case

# The data: two peaks, equally frequent, each with this standard deviation.
PEAKS, WIDTH = (-1.5, 1.5), 0.5

PRESETS: dict[str, dict[str, float]] = {
    "overlapping": {"mean": 1.0, "width": 1.5, "gap": 0.0},
    "touching": {"mean": 3.5, "width": 0.5, "gap": 0.0},
    "far apart": {"mean": 6.0, "width": 0.5, "gap": 0.0},
    "one of two peaks": {"mean": 1.5, "width": 0.5, "gap": 0.0},
    "as the data": {"mean": 0.0, "width": 0.5, "gap": 1.5},
}


class RivalCurves(BookWidget):
    """How long the gradient of a generator is under each of its two losses when the
    discriminator is perfect, on a line.

    The data are two normal peaks of width 0.5 at -1.5 and 1.5. G(z) = mean ± gap + width · z,
    either sign equally often. D* = p / (p + q) is the best discriminator, its value is
    -log 4 + 2 JSD in nats (Goodfellow et al. 2014, proposition 1 and theorem 1). The gradients
    are those of E log(1 - D*(G(z))), which saturates, and of -E log D*(G(z)) with respect to
    the mean; D* is held fixed, as a step of G does. Nothing is trained: all are integrals,
    taken in the page. Five presets are cases worth seeing.

    Attributes:
        mean: where G's points lie, -6 to 6.
        width: the standard deviation of each peak of G, 0.2 to 2.
        gap: how far the two peaks of G lie from its mean, 0 (one peak) to 3.
    """

    _esm = Path(__file__).with_name("widget.js")

    presets = Cases(PRESETS)
    mean = t.Float(min=-6.0, max=6.0).tag(sync=True)
    width = t.Float(min=0.2, max=2.0).tag(sync=True)
    gap = t.Float(min=0.0, max=3.0).tag(sync=True)

    def __init__(self, preset: str = "overlapping", **state: Any) -> None:
        """
        Args:
            preset: a case to begin with.
            state: what differs from it, by the names of the attributes.

        Raises:
            ValueError: there is no such preset.
        """
        super().__init__(**case(preset, PRESETS) | state)
