"""Exercise 2.1, the moving average."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.convolution.bans import BY_HAND
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def averaged(
    a: Tensor,
    r: int,
    *,
    windows: Callable = lambda a, r: a.unfold(0, 2 * r + 1, 1),
    average: Callable = lambda w, r: w.sum(-1) / (2 * r + 1),
) -> Tensor:
    """(N,) -> (N - 2r,)."""
    return average(windows(a, r), r)


moving_average = Exercise(
    "2.1", "moving_average", points=3, hidden=1, bans=(BY_HAND,), right=averaged
)


@moving_average.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, r in ((11, 2), (14, 3), (20, 6), (8, 0), (7, 3), (6, 2), (1, 0)):
        yield draw.normal(n), r
    yield given(a=draw.normal(9), r=1)
    yield 100 * draw.normal(12) + 300, 4


@moving_average.aspect(
    "the mean of 2r + 1 samples",
    0.5,
    {
        "the sum is not divided by the number of samples": {"average": lambda w, r: w.sum(-1)},
        "divided by 2r, but a window of radius r holds 2r + 1 samples": {
            "average": lambda w, r: w.sum(-1) / (2 * r)
        },
        "the last sample of each window is missing: a slice ends before its stop, so it has to "
        "stop at i + r + 1": {"average": lambda w, r: w[:, :-1].mean(-1)},
        "the last sample of each window is missing, yet the sum is divided by 2r + 1: a slice "
        "ends before its stop": {"average": lambda w, r: w[:, :-1].sum(-1) / (2 * r + 1)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(10), 2
    yield draw.normal(5), 1


@moving_average.aspect(
    "all windows that lie wholly in the signal, and no others",
    0.5,
    {
        "the window holds r samples, but r is its radius: it holds 2r + 1": {
            "windows": lambda a, r: a.unfold(0, max(r, 1), 1),
            "average": lambda w, r: w.mean(-1),
        },
        "windows that stick out over the ends are averaged with zeros: only whole windows "
        "count": {"windows": lambda a, r: F.pad(a, (r, r)).unfold(0, 2 * r + 1, 1)},
        "the last window is missing: N − 2r of them fit": {
            "windows": lambda a, r: a.unfold(0, 2 * r + 1, 1)[:-1]
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(8), 1
    yield draw.normal(13), 5


moving_average.keeps(points=0.25)
