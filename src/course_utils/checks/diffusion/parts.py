"""What the exercises of this chapter share: schedules, times, and how values are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, Subject, experiment

KEEPS = "gives the dtype that came in; inputs stay as they are"


def schedule(draw: Draw, steps: int) -> Tensor:
    """ᾱ (T + 1,): 1, then less after each step."""
    return torch.cat([torch.ones(1).double(), 0.55 + 0.4 * draw.uniform(steps)]).cumprod(0)


def times(draw: Draw, b: int, steps: int, first: int = 0) -> Tensor:
    """(b,) times from ``first`` to T, no two alike."""
    return first + draw.normal(steps + 1 - first).argsort()[:b]


def scalar(got: object) -> object:
    """A reader: one number, NumPy's too, whatever its shape, as a tensor without axes."""
    if isinstance(got, int | float | np.number) and not isinstance(got, bool):
        return torch.tensor(got, dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got


def two(got: object) -> object:
    """A reader: two values, in a tuple, a list or one tensor."""
    parts = got.unbind() if isinstance(got, Tensor) and got.ndim and len(got) == 2 else got
    return [scalar(x) for x in parts] if isinstance(parts, tuple | list) else got


def one(which: int, *inputs: object, about: str) -> Probe:
    """A probe of one of two values: a mistake in the other has an aspect of its own."""

    def run(subject: Subject, *args: object) -> Any:
        got = subject(*args)
        if not isinstance(got, list) or len(got) != 2:
            raise Wrong(f"returned {a(got)}, expected two values")
        return got[which]

    return experiment(run, *inputs, about=about)


def allowed(step: str, *what: str) -> dict[str, Mapping]:
    """Slips that refuse nothing, under the names of what should be refused."""
    return {f"{odd} should raise a ValueError": {step: lambda *_: True} for odd in what}
