"""Exercise 10.3, who is whose partner."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def partners(
    n: int,
    interleaved: bool,
    *,
    which: Callable = lambda interleaved: interleaved,
    neighbour: Callable = lambda i: i + 1 - 2 * (i % 2),
    across: Callable = lambda i, n: (i + n) % (2 * n),
    rows: Callable = lambda n: torch.arange(2 * n),
) -> Tensor:
    """The row of the other view of the same image, for each of 2n views."""
    return neighbour(rows(n)) if which(interleaved) else across(rows(n), n)


positives = Exercise("10.3", "positives", points=4, hidden=1, right=partners)


@positives.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for interleaved in (True, False):
        yield from ((n, interleaved) for n in (4, 2, 3, 1))
        yield given(interleaved=interleaved, n=7)


@positives.aspect(
    "interleaved: rows 2k and 2k + 1 are partners",
    0.5,
    {
        "interleaved is ignored, always rows k and k + n": {"which": lambda _: False},
        "the two orders are swapped: with interleaved=True rows 2k and 2k + 1 are partners": {
            "which": lambda interleaved: not interleaved
        },
        "each row's partner is the next one: of an odd row it is the one before": {
            "neighbour": lambda i: i + 1
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((4, True), (5, True))


@positives.aspect(
    "in two blocks: rows k and k + n are partners",
    0.5,
    {
        "interleaved is ignored, always rows 2k and 2k + 1": {"which": lambda _: True},
        "i + n for every row: the partners of the second half are in the first": {
            "across": lambda i, n: i + n
        },
        "the rows in reverse order: row k belongs to row k + n": {
            "across": lambda i, n: i.flip(0)
        },
        "only the first n rows: each of the 2n views has a partner": {"rows": torch.arange},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((4, False), (5, False))


positives.keeps(points=0.5, name="gives int64: an index and a target")
