"""Exercise 2.3, convolution in one dimension."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.convolution.bans import BY_HAND
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def full(a: Tensor, b: Tensor) -> Tensor:
    """Σ_j a[j] b[i − j] at every i where a term exists: sums along diagonals of products."""
    table, n = torch.outer(a, b.flip(0)), len(b) - 1
    return torch.stack([table.diagonal(n - i).sum() for i in range(len(a) + n)])


def wrapped(a: Tensor, b: Tensor) -> Tensor:
    """The sum as a careless loop takes it: b[−1] is the last sample."""
    n, k = len(a), len(b)
    terms = [[a[j] * b[i - j] for j in range(n) if -k <= i - j < k] for i in range(n + k - 1)]
    return torch.stack([torch.stack(some).sum() for some in terms])


def convolved(
    a: Tensor, b: Tensor, *, sums: Callable = full, part: Callable = lambda c, n, k: c
) -> Tensor:
    """(N,), (K,) -> (N + K − 1,)."""
    return part(sums(a, b), len(a), len(b))


def symmetric(b: Tensor) -> Tensor:
    """Filters that look the same flipped: which way they run is judged by another property."""
    return b + b.flip(0)


conv1d = Exercise("2.3", "conv1d", points=6, hidden=1, bans=(BY_HAND,), right=convolved)


@conv1d.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield draw.normal(9), draw.normal(5)
    yield given(a=draw.normal(10), b=draw.normal(3))
    for n, k in ((7, 4), (3, 8), (5, 5), (6, 2), (6, 1), (1, 3), (1, 1)):
        yield draw.normal(n), draw.normal(k)


@conv1d.aspect(
    "the filter runs backwards: b[i − j]",
    0.5,
    {
        "the filter is not flipped: this is cross-correlation, Σ a[j]·b[j − i]": {
            "sums": lambda a, b: full(a, b.flip(0))
        },
        "b[i − j] with a negative index is read from the end of b: that term is zero": {
            "sums": wrapped
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(8), draw.normal(3)
    yield draw.normal(4), draw.normal(6)


@conv1d.aspect(
    "every i at which a term exists",
    1.5,
    {
        "only whole windows: the ends, where a and b overlap in part, are missing": {
            "part": lambda c, n, k: c[min(n, k) - 1 : max(n, k)]
        },
        "only as long as the signal: the ends are missing, N + K − 1 values exist": {
            "part": lambda c, n, k: c[(k - 1) // 2 :][:n]
        },
        "only as long as the signal: i has to run up to N + K − 2": {
            "part": lambda c, n, k: c[:n]
        },
        "divided by the length of the filter; its weights already say what to do": {
            "part": lambda c, n, k: c / k
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, k in ((8, 3), (6, 4), (2, 5)):
        yield draw.normal(n), symmetric(draw.normal(k))


conv1d.keeps(points=0.5)
