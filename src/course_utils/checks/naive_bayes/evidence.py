"""Exercise 1.6, the evidence of a pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.naive_bayes.data import coins, tables
from course_utils.checks.probe import Probe, given


def ratio(
    x: Tensor,
    log_on: Tensor,
    log_off: Tensor,
    a: int,
    b: int,
    *,
    classes: Callable = lambda a, b: (a, b),
    against: Callable = torch.sub,
    says: Callable = lambda x, on, off: x * on + (1 - x) * off,
    shown: Callable = lambda e: e,
) -> Tensor:
    """x (N, D), log_on and log_off (K, D) -> (N, D)."""
    a, b = classes(a, b)
    return shown(says(x, against(log_on[a], log_on[b]), against(log_off[a], log_off[b])))


evidence = Exercise("1.6", "evidence", points=5, hidden=1, right=ratio)


@evidence.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    # From the fifth on: one pixel, one class; as many images as classes, as pixels.
    for n, k, d, a, b in (
        (3, 4, 6, 1, 3), (4, 5, 3, 4, 2), (1, 2, 5, 1, 0), (2, 3, 7, 0, 2),
        (4, 3, 1, 2, 0), (1, 2, 1, 0, 1), (3, 3, 4, 0, 1), (3, 2, 3, 1, 0), (2, 4, 4, 3, 0),
        (3, 3, 5, 1, 1), (4, 1, 2, 0, 0),
    ):  # fmt: skip
        yield coins(draw, n, d), *tables(draw, k, d)[1:], a, b
    x, (_, on, off) = coins(draw, 5, 4), tables(draw, 4, 4)
    yield given(x=x, log_on=on, log_off=off, a=3, b=1)


@evidence.aspect(
    "what a pixel that is on says",
    0.5,
    {
        "the difference of probabilities: their logarithms are compared": {
            "against": lambda p, q: p.exp() - q.exp()
        },
        "only class a is counted: what counts is a against b": {"against": lambda p, q: p},
        "the quotient of the probabilities: expected its logarithm": {"shown": torch.exp},
        "one number per image: expected one per pixel, (N, D)": {"shown": lambda e: e.sum(1)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield torch.ones(3, 6, dtype=torch.float64), *tables(draw, 4, 6)[1:], 1, 2


@evidence.aspect(
    "a pixel that is off is evidence too",
    0.5,
    {
        "a pixel that is off says nothing: it speaks as well, by log_off": {
            "says": lambda x, on, off: x * on
        },
        "a pixel that is off says the opposite of one that is on: log_off says how much": {
            "says": lambda x, on, off: (2 * x - 1) * on
        },
        "the weights of the linear view: what an off pixel says, log_off, is in its bias": {
            "says": lambda x, on, off: x * (on - off)
        },
        "log_on and log_off are swapped": {"says": lambda x, on, off: x * off + (1 - x) * on},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield coins(draw, 3, 6), *tables(draw, 4, 6)[1:], 0, 3
    yield torch.zeros(2, 5, dtype=torch.float64), *tables(draw, 3, 5)[1:], 1, 2


@evidence.aspect(
    "positive for a, negative for b, in any order",
    0.5,
    {
        "the sign is wrong: positive has to speak for a": {"classes": lambda a, b: (b, a)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    x, (_, on, off) = coins(draw, 3, 5), tables(draw, 4, 5)
    for a, b in ((2, 0), (0, 3), (3, 1)):
        yield x, on, off, a, b


evidence.keeps(points=0.5)
