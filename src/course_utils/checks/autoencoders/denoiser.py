"""A small denoiser and what it is trained on: numbers, as functions do not cross at grading."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw

Params = Mapping[str, Tensor]


def cleaned(params: Params, images: Tensor) -> Tensor:
    """The network that the solution's cell gives. Its one tanh tells how often it is called."""
    h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
    return F.linear(h, params["w2"], params["b2"])


def network(draw: Draw, d: int, h: int) -> dict[str, Tensor]:
    """Weights of a network for d pixels, which leads nowhere in particular."""
    sizes = {"w1": (h, d), "b1": (h,), "w2": (d, h), "b2": (d,)}
    return {name: draw.normal(*size) / d**0.5 for name, size in sizes.items()}


def task(draw: Draw, b: int, d: int, sigma: float, share: float = 0.4) -> tuple:
    """Arguments: a network, b images of d pixels, noise, its strength and what is lost.

    Each image loses the same share of its pixels.
    """
    mask = draw.uniform(b, d).argsort(1).argsort(1) < round(share * d)
    return network(draw, d, 4), draw.normal(b, d) + 0.5, draw.normal(b, d), sigma, mask


def scalar(got: object) -> object:
    """A reader: one number, of whatever type and shape, as a tensor without axes."""
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(got, dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got
