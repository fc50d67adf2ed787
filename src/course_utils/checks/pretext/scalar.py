"""What the three losses of this chapter have in common: one number, as a tensor."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise


def scalar(got: Any) -> Any:
    """A reader: one number, however it is wrapped; its type is another property."""
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(float(got), dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got


def is_scalar_tensor(exercise: Exercise) -> None:
    """Register that the number comes as a tensor without axes, and that inputs are kept."""

    @exercise.contract("a tensor without axes, no number of Python", 0.25)
    def _(answer: Answer, draw: Draw) -> None:
        probe = exercise.probes(exercise.WHOLE)[0]
        got = answer(*probe.args, **probe.kwargs)
        if not isinstance(got, Tensor):
            raise Wrong(f"returned {a(got)}: no gradient passes; expected a torch.Tensor")
        if got.ndim:
            raise Wrong(f"shape {tuple(got.shape)}, expected a tensor without axes, ()")

    exercise.keeps(0.25)


def chosen(scores: Tensor) -> Tensor:
    """−log of the right one's share in each row of (N, N) scores."""
    return scores.logsumexp(1) - scores.diagonal()
