"""Points of the plane that diffuse into noise, and a perfect denoiser for the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t

from ..base import BookWidget, Cases, case, known

DATA = ("ring", "spiral", "gaussians")
DENOISERS = ("density", "200 points", "10 points")
WAYS = ("forward", "DDIM", "ancestral", "noise in the last step")
STEPS = (5, 10, 20, 50, 100)
LAST = 1000  # T

_BACK: dict[str, Any] = {
    "data": "ring", "denoiser": "density", "way": "DDIM", "steps": 20, "time": LAST,
}  # fmt: skip
PRESETS: dict[str, dict[str, Any]] = {
    "into noise": _BACK | {"way": "forward", "time": 300},
    "DDIM, η = 0": _BACK,
    "ancestral, η = 1": _BACK | {"way": "ancestral"},
    "noise in the last step": _BACK | {"way": "noise in the last step", "steps": 10},
    "ten points: copies": _BACK | {"denoiser": "10 points", "steps": 100},
}


class PointField(BookWidget):
    """Points of the plane on their way into noise and back, with the exact score as arrows and
    a perfect denoiser.

    x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε with T = 1000 and the cosine schedule. Nothing is trained: the
    denoiser is E[x₀ | x_t] in closed form, of data that are round Gaussian spots ("density") or
    of a training set of points drawn from them. Back go 400 points by DDIM's equation 12 in
    steps of equal length, all samplers from the same noise. "noise in the last step" is wrong
    on purpose: η = 1, and noise of variance β is added to the result as well.

    Attributes:
        data: "ring" (eight spots), "spiral" or "gaussians" (two).
        denoiser: what the denoiser knows, "density", "200 points" or "10 points".
        way: "forward" into noise; back by "DDIM", "ancestral" or "noise in the last step".
        steps: of the way back, one of ``STEPS``.
        seed: of the data and of all noise.
        time: t where the points stand when the page opens, 0 to 1000, or the nearest t that
            the way has. The page does not write it back.
    """

    _esm = Path(__file__).with_name("widget.js")

    presets = Cases(PRESETS)
    choices = t.List(t.Int(), list(STEPS)).tag(sync=True)
    data = t.Unicode().tag(sync=True)
    denoiser = t.Unicode().tag(sync=True)
    way = t.Unicode().tag(sync=True)
    steps = t.Int().tag(sync=True)
    seed = t.Int(0, min=0, max=999).tag(sync=True)
    time = t.Int(min=0, max=LAST).tag(sync=True)

    def __init__(self, preset: str = "into noise", **state: Any) -> None:
        """
        Args:
            preset: a case to begin with.
            state: what differs from it, by the names of the attributes.

        Raises:
            ValueError: there is no such preset.
            TraitError: no such data, denoiser or way, or a number out of range.
        """
        super().__init__(**case(preset, PRESETS) | state)

    @t.validate("data")
    def _known_data(self, proposal: Any) -> str:
        return known("data", proposal["value"], DATA)

    @t.validate("denoiser")
    def _known_denoiser(self, proposal: Any) -> str:
        return known("denoiser", proposal["value"], DENOISERS)

    @t.validate("way")
    def _known_way(self, proposal: Any) -> str:
        return known("way", proposal["value"], WAYS)

    @t.validate("steps")
    def _known_steps(self, proposal: Any) -> int:
        if proposal["value"] not in STEPS:
            raise t.TraitError(f"steps must be one of {[*STEPS]}, not {proposal['value']}")
        return proposal["value"]
