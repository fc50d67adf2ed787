"""Exercise 1.2, the log prior."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.naive_bayes.data import labels
from course_utils.checks.probe import Probe, given


def log_share(
    y: Tensor,
    classes: int,
    *,
    order: Callable = lambda y, classes: range(classes),
    fits: Callable = lambda n: bool((n > 0).all()),
    share: Callable = lambda n: n / n.sum(),
    log: Callable = torch.log,
) -> Tensor:
    """(N,) -> (classes,) float64."""
    counts = [(y == k).sum() for k in order(y, classes)]
    n = torch.stack(counts).double()
    if not fits(n):
        raise ValueError("a class has no image")
    return log(share(n))


log_prior = Exercise("1.2", "log_prior", points=4, hidden=1, right=log_share)


@log_prior.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield labels(3, 2, 7, 1), 4
    yield given(y=labels(4, 9), classes=2)
    yield labels(5, 5, 5), 3
    yield labels(2, 1, 3, 1, 6, 2, 1, 4, 8, 3), 10
    yield labels(6), 1
    yield labels(1), 1
    yield labels(1, 1, 1), 3
    yield labels(1, 1, 2), 3


@log_prior.aspect(
    "the logarithm of each class's share",
    1,
    {
        "shares without their logarithm": {"log": lambda p: p},
        "a logarithm to base 2: expected the natural one": {"log": torch.log2},
        "without its sign: the logarithm of a share is negative": {"log": lambda p: -p.log()},
        "the logarithm of the counts: divide by the number of labels": {"share": lambda n: n},
        "divided by the number of classes: divide by the number of labels": {
            "share": lambda n: n / len(n)
        },
        "divided by the largest count: the shares have to sum to one": {
            "share": lambda n: n / n.max()
        },
        "all classes get the same prior: count the labels": {
            "share": lambda n: torch.ones_like(n) / len(n)
        },
        "the prior is smoothed: only pixels need that": {
            "share": lambda n: (n + 1) / (n + 1).sum()
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield labels(2, 3, 3, 5), 4
    yield labels(1, 1, 6), 3


@log_prior.aspect(
    "entry k belongs to class k",
    0.25,
    {
        "classes in the order in which they appear: entry k has to be class k": {
            "order": lambda y, classes: dict.fromkeys(y.tolist())
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield labels(4, 2, 1), 3
    yield labels(1, 3, 2, 5), 4


@log_prior.refuses(
    "refuses a class without images",
    0.25,
    {
        "a class without images should raise a ValueError: the logarithm of 0 is no number to "
        "compute with": {"fits": lambda n: True}
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield torch.tensor([0, 2, 2]), 3


log_prior.keeps(points=0.25, name="gives float64 and leaves its input alone")
