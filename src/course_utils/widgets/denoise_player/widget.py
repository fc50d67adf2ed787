"""Images that come out of noise step by step, and a hand that changes the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t
from ipywidgets import widget_serialization

from ... import data
from ..base import BookWidget, Cases, case, known
from ..network import Network
from . import images

TRAINED, PERFECT = "trained network", "perfect denoiser"
DENOISERS = (TRAINED, PERFECT)
NO_CLASS = "no class"
CHANGES = ("new noise", "lower half erased", "mirrored")
STEPS = (5, 10, 20, 50)
LAST = 1000  # T
STRONGEST = 8.0

_COAT: dict[str, Any] = {
    "denoiser": TRAINED, "label": "Coat", "guidance": 2.0, "steps": 20, "eta": 0,
    "changes": [], "time": 500,
}  # fmt: skip
_FREE = _COAT | {"label": NO_CLASS, "time": 0}
PRESETS: dict[str, dict[str, Any]] = {
    "a coat in 20 steps": _COAT,
    "no class told": _FREE,
    "five steps": _FREE | {"steps": 5},
    "perfect denoiser": _FREE | {"denoiser": PERFECT},
    "boot from half way": _COAT | {"changes": [[500, "Ankle boot"]], "time": 0},
}


class DenoisePlayer(BookWidget):
    """Images of clothes come out of noise step by step, by a trained network or by the perfect
    denoiser of 200 training images, and any step can be changed by hand.

    The network is the shipped checkpoint ``diffusion_fashion``, run in the browser by
    ``kit/unet.js``. The perfect denoiser is E[x₀ | x_t] in closed form, of the first 20
    training images of each class. Both go by DDIM's equation 12 in steps of equal length, as
    ``samplers.sample`` does: x̂₀ is cut to −1 to 1. A change at time t acts before the step
    that leads on from there; the nearest step's time counts. "new noise" puts fresh noise in
    place of ε̂, "lower half erased" makes the lower half of x̂₀ black, "mirrored" turns x_t left
    to right, and a class, or "no class", is told from there on.

    Attributes:
        denoiser: "trained network" or "perfect denoiser".
        label: the class that is told from the start, or "no class".
        guidance: s in u + s (c − u), 0 to 8; without a class it does nothing.
        steps: of the way, one of ``STEPS``.
        eta: η, 0 or 1: whether each step adds noise.
        seed: of all noise.
        changes: (t, what) of each change, t from 1 to 1000.
        time: t where the player stands when the page opens, 0 to 1000, or the nearest that the
            way has. The page does not write it back.
    """

    _esm = Path(__file__).with_name("widget.js")

    network = t.Instance(Network).tag(sync=True, **widget_serialization)
    presets = Cases(PRESETS)
    classes = t.List(t.Unicode()).tag(sync=True)
    choices = t.List(t.Int(), list(STEPS)).tag(sync=True)
    kinds = t.List(t.Unicode(), list(CHANGES)).tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    usual = t.Float().tag(sync=True)

    denoiser = t.Unicode().tag(sync=True)
    label = t.Unicode().tag(sync=True)
    guidance = t.Float(min=0.0, max=STRONGEST).tag(sync=True)
    steps = t.Int().tag(sync=True)
    eta = t.Enum((0, 1), 0).tag(sync=True)
    seed = t.Int(1, min=0, max=999).tag(sync=True)
    changes = t.List(t.Tuple(t.Int(min=1, max=LAST), t.Unicode())).tag(sync=True)
    time = t.Int(min=0, max=LAST).tag(sync=True)

    def __init__(self, preset: str = "a coat in 20 steps", **state: Any) -> None:
        """
        Args:
            preset: a case to begin with.
            state: what differs from it, by the names of the attributes.

        Raises:
            ValueError: there is no such preset.
            TraitError: no such denoiser, class or change, or a number out of range.
            CourseError: the checkpoint is missing.
        """
        chosen = case(preset, PRESETS)
        super().__init__(
            network=images.in_the_page(),
            classes=list(data.fashion("test").classes),
            pixels=images.in_bytes(),
            usual=images.usual(),
            **chosen | state,
        )

    @t.validate("denoiser")
    def _known_denoiser(self, proposal: Any) -> str:
        return known("denoiser", proposal["value"], DENOISERS)

    @t.validate("label")
    def _known_label(self, proposal: Any) -> str:
        return known("class", proposal["value"], self._labels())

    @t.validate("steps")
    def _known_steps(self, proposal: Any) -> int:
        if proposal["value"] not in STEPS:
            raise t.TraitError(f"steps must be one of {[*STEPS]}, not {proposal['value']}")
        return proposal["value"]

    @t.validate("changes")
    def _known_changes(self, proposal: Any) -> list[tuple[int, str]]:
        for _, what in proposal["value"]:
            known("change", what, (*CHANGES, *self._labels()))
        return proposal["value"]

    def _labels(self) -> tuple[str, ...]:
        return (NO_CLASS, *data.fashion("test").classes)
