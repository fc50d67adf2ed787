"""Slide a filter along a signal and watch the products and their sum."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import ArrayLike
from skimage import data, transform

from ..base import BookWidget, by_name, known

SHORTEST, LONGEST = 8, 256


def example_signals(n: int = 64) -> dict[str, np.ndarray]:
    """A step, a noisy sine, an impulse and a scan line of a photo: n values each."""
    x = np.arange(n)
    noise = np.random.default_rng(0).normal(0, 0.15, n)
    photo = transform.resize(data.camera(), (n, n), anti_aliasing=True)
    return {
        "step": (x >= n // 2).astype(float),
        "noisy sine": np.sin(2 * np.pi * 2 * x / n) + noise,
        "impulse": (x == n // 2).astype(float),
        "scan line of a photo": photo[n // 4],
    }


def _values(name: str, signal: ArrayLike) -> list[float]:
    values = np.asarray(signal, dtype=float)
    if values.ndim != 1 or not SHORTEST <= len(values) <= LONGEST:
        raise ValueError(
            f"signal {name!r} has shape {values.shape}: "
            f"one dimension with {SHORTEST} to {LONGEST} values is needed"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"signal {name!r} holds values that are not finite")
    return values.round(6).tolist()  # six digits: the page stays small, the image is the same


class FilterExplorer1D(BookWidget):
    """A signal, the flipped filter laid over it, the products and the output.

    The output is the true convolution, as long as the signal and with zeros beyond its ends:
    ``reference.smooth`` with ``box_filter`` or ``gaussian_filter``. Computed in the browser,
    so it also works in the page of the book.

    Args:
        signal: one signal (N,), or several by name; four examples by default.
        **state: start values of the traits below.

    Raises:
        ValueError: no signal, or one that is not one-dimensional, finite and 8 to 256 long.
    """

    _esm = Path(__file__).with_name("widget.js")

    signals = t.Dict().tag(sync=True)
    signal_name = t.Unicode().tag(sync=True)
    filter = t.Enum(["box", "gaussian", "difference"], default_value="box").tag(sync=True)
    radius = t.Int(2, min=1, max=8).tag(sync=True)
    sigma = t.Float(1.0, min=0.3, max=5.0).tag(sync=True)
    position = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self, signal: Mapping[str, ArrayLike] | ArrayLike | None = None, **state: Any
    ) -> None:
        if signal is None:
            signal = example_signals()
        given = by_name(signal, "signal")
        signals = {name: _values(name, values) for name, values in given.items()}
        state.setdefault("signal_name", next(iter(signals)))
        shown = signals.get(state["signal_name"], [])
        state.setdefault("position", max(0, len(shown) // 2 - 1))
        super().__init__(signals=signals, **state)

    @t.validate("signal_name")
    def _known_signal(self, proposal: dict[str, Any]) -> str:
        return known("signal", proposal["value"], self.signals)
