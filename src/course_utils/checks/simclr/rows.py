"""Rows and their lengths, which several exercises of this chapter share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw

KEEPS = "a tensor without axes of the dtype that came in; inputs stay as they are"


def unit_rows(z: Tensor) -> Tensor:
    """Rows of length 1; a row of zeros stays one, with a finite gradient."""
    zero = (z == 0).all(1, keepdim=True)
    return torch.where(zero, z, z / (z + zero).norm(dim=1, keepdim=True))


def constant_lengths(z: Tensor) -> Tensor:
    """The same values; no gradient flows through the lengths."""
    return z / z.detach().norm(dim=1, keepdim=True)


def unit(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d) rows of length 1."""
    return F.normalize(draw.normal(n, d), dim=1)


def uneven(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d) rows of very different lengths, in no order."""
    lengths = torch.linspace(0.4, 3, n, dtype=torch.float64)[draw.normal(n).argsort()]
    return unit(draw, n, d) * lengths[:, None]


def scalar(got: object) -> object:
    """A reader: one number, of whatever type and shape, as a tensor without axes."""
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(got, dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got
