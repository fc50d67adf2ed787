"""A digit, the same with noise, and what a denoiser makes of it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import torch
import traitlets as t
from ipywidgets import widget_serialization
from torch import Tensor

from ...reference.autoencoders import Denoiser
from ...reference.cnn import transformed
from ..base import BookWidget
from ..dice import dice, normals
from ..latent_pad import networks
from ..network import Network

SIDE = 28
NAMES = (*"0123456789", "nothing", "two digits")
NOTHING, TWO = 10, 11
STRONG, SEEDS, SURE = 0.8, 64, 0.9  # σ, and of a search: how many dice, LeNet's least share


@functools.cache
def network() -> Denoiser:
    """The checkpoint ``denoiser``; its weights say how wide and how deep it is."""
    state = networks.tensors("denoiser")
    layers = sum(name.endswith(".weight") for name in state)
    model = Denoiser(len(state["layers.0.weight"]), layers - 2)  # depth: the inner ones
    model.load_state_dict(state)
    return model.eval()


@functools.cache
def _in_the_page() -> Network:
    return Network(network().layers)


@functools.cache
def examples() -> Tensor:
    """What can be chosen, in the order of ``NAMES``: (12, 1, 28, 28) uint8."""
    x = networks.digits(100)[0][networks.first_of_each()]
    beside = transformed(x[2:3], -7, 0, 0, 0.6) + transformed(x[7:8], 7, 0, 0, 0.6)
    every = torch.cat([x, torch.zeros_like(x[:1]), beside.clamp(0, 1)])
    return (255 * every).round().byte()


@functools.cache
def cases() -> tuple[dict[str, Any], ...]:
    """``name``, and the state of a ``DenoisePad``. Each is a question: what is kept, what is
    made up, what comes from nothing."""
    found = turned()
    other = [("a 4, other noise", 4, STRONG, found[0])] if found else []
    rows = [
        ("a 4, little noise", 4, 0.2, 0),
        ("a 4, much noise", 4, STRONG, 0),
        *other,
        ("nothing but noise", NOTHING, STRONG, 0),
        ("two digits", TWO, 0.4, 0),
    ]
    names = ("name", "example", "sigma", "seed")
    return tuple(dict(zip(names, row, strict=True)) for row in rows)


@torch.no_grad()
def turned() -> tuple[int, int] | None:
    """The first seed by whose noise, σ = 0.8, the 4 is restored as what LeNet reads for sure as
    another digit, and that digit; None where there is none."""
    noise = torch.tensor([normals(dice(seed), SIDE**2) for seed in range(SEEDS)])
    x = examples()[4:5].float() / 255
    restored = network()(x + STRONG * noise.view(-1, 1, SIDE, SIDE))
    sure, digit = networks.shares(restored.clamp(0, 1)).max(1)
    found = ((digit != 4) & (sure > SURE)).nonzero()[:1, 0].tolist()
    return (found[0], int(digit[found[0]])) if found else None


class DenoisePad(BookWidget):
    """A digit that you draw, the same with noise of strength σ, and what a denoiser restores:
    your digit, or some digit.

    The network is the shipped checkpoint ``denoiser``, run in the browser by ``kit/nn.js``; it
    is not told σ. LeNet reads all three images, as they are shown: cut to 0 to 1.

    Attributes:
        pixels: x, 28 × 28 bytes, 0 black to 255 white.
        sigma: standard deviation of the noise, 0 to 1.
        seed: of the dice that throw it; the same noise for every σ.
    """

    _esm = Path(__file__).with_name("widget.js")

    denoiser = t.Instance(Network).tag(sync=True, **widget_serialization)
    lenet = t.Instance(Network).tag(sync=True, **widget_serialization)
    names = t.List(t.Unicode(), list(NAMES)).tag(sync=True)
    examples = t.Bytes().tag(sync=True)
    cases = t.List(t.Dict()).tag(sync=True)

    # A browser's bytes arrive as a memoryview.
    pixels = t.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))
    sigma = t.Float(0.8, min=0, max=1).tag(sync=True)
    seed = t.Int(0, min=0).tag(sync=True)

    def __init__(self, digit: int | None = 4, **state: Any) -> None:
        """
        Args:
            digit: the example that is x first; None for an empty image.
            state: what differs from the beginning, by the names of the attributes.

        Raises:
            ValueError: ``digit`` is none of 0 to 9.
            CourseError: a checkpoint is missing.
        """
        if digit is not None and digit not in range(10):
            raise ValueError(f"digit must be from 0 to 9 or None, not {digit!r}")
        every = examples()
        x = every[NOTHING if digit is None else digit]
        super().__init__(
            denoiser=_in_the_page(),
            lenet=networks.judge_in_the_page(),
            examples=every.numpy().tobytes(),
            cases=list(cases()),
            **{"pixels": x.numpy().tobytes()} | state,
        )
