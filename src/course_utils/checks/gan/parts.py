"""What the exercises of this chapter share: how pairs and scalars are read, densities."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.probe import Subject

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


def part(subject: Subject, *args: object, which: int) -> Any:
    """One of two values: a mistake in the other has an aspect of its own."""
    got = subject(*args)
    if not isinstance(got, list) or len(got) != 2:
        raise Wrong(f"returned {a(got)}, expected two values")
    return got[which]


def density(draw: Draw, k: int) -> Tensor:
    """(k,) without zeros."""
    return (1.5 * draw.normal(k)).softmax(0)


def with_zeros(draw: Draw, k: int, *where: int) -> Tensor:
    """(k,), 0 at these places."""
    x = draw.uniform(k) + 0.2
    x[list(where)] = 0
    return x / x.sum()
