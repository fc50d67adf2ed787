"""What comes back: one number or a row of them, as a tensor with so many axes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise


def chosen(scores: Tensor) -> Tensor:
    """−log of the right one's share in each row of (N, N) scores."""
    return scores.logsumexp(1) - scores.diagonal()


def scalar(got: Any) -> Any:
    """A reader: one number, however it is wrapped; its type is another property."""
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(float(got), dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got


def comes_as(exercise: Exercise, name: str, axes: int) -> None:
    """Register that a tensor with so many axes comes back, and that inputs are kept."""

    @exercise.contract(name, 0.25)
    def _(answer: Answer, draw: Draw) -> None:
        probe = exercise.probes(exercise.WHOLE)[0]
        got = answer(*probe.args, **probe.kwargs)
        if not isinstance(got, Tensor):
            raise Wrong(f"returned {a(got)}, expected a torch.Tensor")
        if got.ndim != axes:
            raise Wrong(f"shape {tuple(got.shape)}, expected a tensor of {axes} axes")

    exercise.keeps(0.25)
