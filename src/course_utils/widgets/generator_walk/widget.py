"""A walk through the noise of a trained generator."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import traitlets as t
from ipywidgets import widget_serialization

from ... import data
from ..base import BookWidget, Cases, case, known
from ..network import Network
from . import places

PATHS = ("straight", "arc")

_TYPICAL: dict[str, Any] = {"x": 0.0, "y": 0.0, "scale": 1.0, "path": "straight"}
PRESETS: dict[str, dict[str, Any]] = {
    "a typical z": _TYPICAL,
    "half as long": _TYPICAL | {"scale": 0.5},
    "z = 0": _TYPICAL | {"scale": 0.0},
    "twice as long": _TYPICAL | {"scale": 2.0},
    "along an arc": _TYPICAL | {"path": "arc"},
}


@functools.cache
def _networks() -> dict[str, Network]:
    return {
        "generator": Network(places.generator().layers),
        "lenet": Network(places.judge().layers),
    }


class GeneratorWalk(BookWidget):
    """What a trained generator draws at places of a plane through its noise, and on the way
    from one z to another.

    The generator is the shipped checkpoint ``gan_fashion``; ``lenet_fashion`` names what it
    draws. Both run in the browser by ``kit/nn.js``. A plane goes through the z of a seed along
    two directions at right angles to it. The nearest training image is one of those that are
    nearest of all 60 000 at 7 × 7 places of each plane: elsewhere a nearer one may exist.

    Attributes:
        seed, other: where the plane lies and where the line ends, of ``seeds``.
        x, y: the place in the plane, -3 to 3.
        scale: by what z is multiplied, 0 to 2.
        path: "straight", or "arc": along it the length of z stays between those of its ends.
    """

    _esm = Path(__file__).with_name("widget.js")

    generator = t.Instance(Network).tag(sync=True, **widget_serialization)
    lenet = t.Instance(Network).tag(sync=True, **widget_serialization)
    presets = Cases(PRESETS)
    classes = t.List(t.Unicode()).tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    labels = t.Bytes().tag(sync=True)
    usual = t.Float().tag(sync=True)
    noise = t.Int().tag(sync=True)

    seeds = t.List([*places.SEEDS]).tag(sync=True)
    seed = t.Enum(places.SEEDS, places.SEEDS[0]).tag(sync=True)
    other = t.Enum(places.SEEDS, places.SEEDS[1]).tag(sync=True)
    x = t.Float(min=-places.REACH, max=places.REACH).tag(sync=True)
    y = t.Float(min=-places.REACH, max=places.REACH).tag(sync=True)
    scale = t.Float(min=0.0, max=2.0).tag(sync=True)
    path = t.Unicode().tag(sync=True)

    def __init__(self, preset: str = "a typical z", **state: Any) -> None:
        """
        Args:
            preset: a case to begin with.
            state: what differs from it, by the names of the attributes.

        Raises:
            ValueError: there is no such preset.
            CourseError: a checkpoint is missing.
        """
        chosen, near = case(preset, PRESETS), places.neighbours()
        super().__init__(
            **_networks(),
            classes=list(data.fashion("test").classes),
            pixels=near.pixels,
            labels=near.labels,
            usual=near.usual,
            noise=places.generator().noise,
            **chosen | state,
        )

    @t.validate("path")
    def _known_path(self, proposal: Any) -> str:
        return known("path", proposal["value"], PATHS)
