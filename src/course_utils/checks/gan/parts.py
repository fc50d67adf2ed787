"""What the exercises of this chapter share: readers, and a small network as its weights."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.core import Draw

KEEPS = "gives the dtype that came in; inputs stay as they are"


def scalar(got: object) -> object:
    """A reader: one number, of whatever type and shape, as a tensor without axes."""
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(got, dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got


def two_scalars(got: object) -> object:
    """A reader: two numbers, in a tuple, a list or one tensor."""
    parts = got.unbind() if isinstance(got, Tensor) and got.shape == (2,) else got
    return [scalar(x) for x in parts] if isinstance(parts, tuple | list) else got


def weights(draw: Draw, *sizes: int) -> list[Tensor]:
    """W (h, n), b (h,), V (m, h), c (m,) of two layers; ``sizes`` are n, h, m."""
    n, h, m = sizes
    return [draw.normal(h, n) / n**0.5, draw.normal(h), draw.normal(m, h), draw.normal(m)]


def ran(at: list[Tensor], x: Tensor) -> Tensor:
    """Two layers, tanh between them."""
    w, b, v, c = at
    return (x @ w.mT + b).tanh() @ v.mT + c
