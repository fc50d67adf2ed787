"""Random weights are judged by their statistics: those of two right draws differ little."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.probe import Probe

PARTS = (
    "shape",
    "root of the mean square",
    "share of positive weights",
    "share of different sizes: weights that are drawn each by itself are all different",
    "1 + correlation of neighbours: weights that are drawn each by itself have none",
    "root of the mean fourth power per mean square: large weights are too rare or too many",
)


def statistics(w: Any) -> list:
    """What of random weights is the same for all who draw rightly."""
    if not isinstance(w, Tensor) or not w.is_floating_point():
        raise Wrong(f"returned {a(w)}, expected a torch.Tensor of float32")
    w = w.detach().double()
    square, fourth = (w.pow(n).mean().item() or 1e-9 for n in (2, 4))
    rows = [w.movedim(axis, -1).flatten() for axis in range(w.ndim)]
    neighbours = [(r[1:] * r[:-1]).mean().item() / square for r in rows]
    return [
        list(w.shape),
        square**0.5,
        (w > 0).double().mean().item(),
        w.abs().unique().numel() / max(1, w.numel()),
        1 + max(map(abs, neighbours), default=0.0),
        fourth**0.5 / square,
    ]


def many(*args: Any, **kwargs: Any) -> Probe:
    """So many weights that statistics of two draws differ by 1 %; the tolerance is 5."""
    return Probe(args, kwargs, parts=PARTS)
