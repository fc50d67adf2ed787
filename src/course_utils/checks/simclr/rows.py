"""Rows and their lengths, which several exercises of this chapter share."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import same
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise

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


def keeps_digits(exercise: Exercise, points: float, inputs: Callable[[Draw], tuple]) -> None:
    """A change that only float64 can hold shows, whatever tolerance values have."""

    def test(answer: Answer, draw: Draw) -> None:
        x, *rest = inputs(draw)
        x = x.float().double()
        near = x * (1 + 1e-9 * draw.uniform(*x.shape))
        if same(answer(near, *rest), answer(x, *rest), rtol=0):
            raise Wrong("the ninth digit of a float64 is lost: a step computes in float32")

    exercise.contract("float64 is computed in float64", points)(test)
