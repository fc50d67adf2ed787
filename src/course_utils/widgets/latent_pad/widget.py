"""Two planes of codes, of an autoencoder and of a variational one, side by side."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import traitlets as t
from ipywidgets import widget_serialization

from ..base import BookWidget
from ..network import Network

SIDE = 28
# A place in a plane; None is the code of the digit itself.
_PLACE: dict[str, Any] = {"default_value": None, "allow_none": True, "minlen": 2, "maxlen": 2}


@functools.cache
def _found() -> dict[str, Any]:
    from . import cases, networks

    names, images = cases.examples()
    kinds = cases.KINDS
    found: dict[str, Any] = {
        "names": names,
        "examples": (255 * images).round().byte().numpy().tobytes(),
        "codes": {k: cases.codes(k).numpy().astype("<f4").tobytes() for k in kinds},
        "labels": bytes(networks.digits(cases.SHOWN)[1].tolist()),
        "ranges": {k: cases.ranges(k) for k in kinds},
        "cases": cases.cases(),
        "lenet": networks.judge_in_the_page(),
    }
    for kind in kinds:
        for part in networks.PARTS:
            found[f"{kind}_{part}"] = networks.in_the_page(kind, part)
    return found


class LatentPad(BookWidget):
    """Two maps of codes, of an autoencoder and of a variational one: what each decodes at a
    place that you choose, and what LeNet reads there.

    The networks are the shipped checkpoints ``ae_plane``, ``vae_plane`` and ``lenet``, run in
    the browser by ``kit/nn.js``. Codes have two numbers, so a map shows all of them. A digit
    is chosen or drawn and goes to its code in both; eight images lead from there to another.

    Attributes:
        pixels: the digit x, 28 × 28 bytes, 0 black to 255 white.
        other: the digit at the end of the line, 0 to 9.
        ae, vae: where the cross of each map is, (z₁, z₂); None: at the code of x, of the VAE at
            the mean of q(z|x).
        seed: how many z were drawn: each has dice of its own.
    """

    _esm = Path(__file__).with_name("widget.js")

    ae_encoder = t.Instance(Network).tag(sync=True, **widget_serialization)
    ae_decoder = t.Instance(Network).tag(sync=True, **widget_serialization)
    vae_encoder = t.Instance(Network).tag(sync=True, **widget_serialization)
    vae_decoder = t.Instance(Network).tag(sync=True, **widget_serialization)
    lenet = t.Instance(Network).tag(sync=True, **widget_serialization)
    names = t.List(t.Unicode()).tag(sync=True)
    examples = t.Bytes().tag(sync=True)
    codes = t.Dict().tag(sync=True)
    labels = t.Bytes().tag(sync=True)
    ranges = t.Dict().tag(sync=True)
    cases = t.List(t.Dict()).tag(sync=True)

    # A browser's bytes arrive as a memoryview.
    pixels = t.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))
    other = t.Int(8, min=0, max=9).tag(sync=True)
    ae = t.List(t.Float(), **_PLACE).tag(sync=True)
    vae = t.List(t.Float(), **_PLACE).tag(sync=True)
    seed = t.Int(0, min=0).tag(sync=True)

    def __init__(self, digit: int | None = 3, other: int = 8, **state: Any) -> None:
        """
        Args:
            digit: the example that is x first; None for an empty image.
            other: the digit at the end of the line.
            state: what differs from the beginning, by the names of the attributes.

        Raises:
            ValueError: ``digit`` or ``other`` is none of 0 to 9.
            CourseError: a checkpoint is missing.
        """
        for name, value in (("digit", digit), ("other", other)):
            if value not in range(10) and not (name == "digit" and value is None):
                raise ValueError(f"{name} must be from 0 to 9, not {value!r}")
        found, n = _found(), SIDE * SIDE
        known = found["examples"]
        pixels = bytes(n) if digit is None else known[digit * n : (digit + 1) * n]
        super().__init__(**found, **{"pixels": pixels, "other": other} | state)
