"""Exercise 9.2, a linear probe in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.pretext.bans import FIT_BY_HAND
from course_utils.checks.probe import Probe, given


def standard(x: Tensor, like: Tensor, correction: int = 0, power: float = 0.5) -> Tensor:
    """x with the mean and the deviation of ``like``; a deviation of 0 counts as 1."""
    mean = like.mean(0)
    std = ((like - mean).square().sum(0) / (len(like) - correction)) ** power
    return (x - mean) / torch.where(std > 0, std, torch.ones_like(std))


def solved(x: Tensor, y: Tensor, test: Tensor, l2: float, of_bias: float = 0) -> Tensor:
    """Scores; the bias is the last weight, with a penalty of its own."""
    x, test = (F.pad(a, (0, 1), value=1.0) for a in (x, test))
    penalty = torch.full((x.shape[1],), float(l2), dtype=x.dtype)
    penalty[-1] = of_bias
    return test @ torch.linalg.solve(x.T @ x + penalty.diag(), x.T @ y)


def ridge(
    train_x: Tensor,
    train_y: Tensor,
    test_x: Tensor,
    classes: int,
    l2: float,
    *,
    standardise: Callable = lambda a, b: (standard(a, a), standard(b, a)),
    targets: Callable = F.one_hot,
    strength: Callable = lambda l2, n: l2,
    solve: Callable = solved,
) -> Tensor:
    a, b = standardise(train_x, test_x)
    return solve(a, targets(train_y, classes).to(a.dtype), b, strength(l2, len(a)))


def together(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    both = torch.cat([a, b])
    return standard(a, both), standard(b, both)


def mean_as_bias(x: Tensor, y: Tensor, test: Tensor, l2: float) -> Tensor:
    """Scores; the bias is the mean of the targets, which is right for centred features."""
    penalty = torch.full((x.shape[1],), float(l2), dtype=x.dtype).diag()
    return test @ torch.linalg.solve(x.T @ x + penalty, x.T @ (y - y.mean(0))) + y.mean(0)


def features(draw: Draw, n: int, d: int, m: int, k: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    """To learn from, with labels of k classes, and to test; of any mean and deviation."""
    scale, shift = 3 * draw.uniform(d) + 0.3, 4 * draw.normal(d)
    labels = torch.cat([torch.arange(k)[:n], draw.integers(0, k, max(n - k, 0))])
    test = 1.5 * scale * draw.normal(m, d) + shift - 1
    return scale * draw.normal(n, d) + shift, labels, test


ridge_probe = Exercise("9.2", "ridge_probe", 7, 1, (FIT_BY_HAND,), right=ridge)


@ridge_probe.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield *features(draw, 30, 4, 9), 3, 2.5
    yield *features(draw, 9, 20, 6), 3, 2.0  # more features than images
    yield *features(draw, 24, 5, 1, 2), 2, 0.5
    yield *features(draw, 16, 3, 7, 4), 6, 100  # the last classes have no image
    x, y, test = features(draw, 12, 12, 5)
    yield x, 2 * y, test, 5, 1.5  # nor have some between them
    x, y, test = features(draw, 6, 11, 4, 4)
    yield given(train_x=x, train_y=y, test_x=test, classes=4, l2=4.0)
    yield *features(draw, 4, 3, 5), 3, 0.008
    yield *features(draw, 40, 2, 4), 3, 3000


@ridge_probe.aspect(
    "standardised by the training set's mean and deviation",
    1,
    exchange(
        "standardise",
        {
            "the test set is standardised by its own statistics, not the training set's": (
                lambda a, b: (standard(a, a), standard(b, b))
            ),
            "standardised by the statistics of training and test set together: the test set is "
            "not known when the probe learns": together,
            "the test set is left as it is: it is standardised like the training set": (
                lambda a, b: (standard(a, a), b)
            ),
            "not divided by the deviation: the penalty falls on features of any size": (
                lambda a, b: (a - a.mean(0), b - a.mean(0))
            ),
            "divided by the variance: the deviation is its root": (
                lambda a, b: (standard(a, a, 0, 1), standard(b, a, 0, 1))
            ),
            "the deviation divides by N − 1: it divides by N": (
                lambda a, b: (standard(a, a, 1), standard(b, a, 1))
            ),
        },
    )
    | {
        "the statistics are not the training set's alone: where its features keep a mean, that "
        "of the targets is no bias": {"standardise": together, "solve": mean_as_bias}
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, m in ((30, 9), (14, 5)):
        yield *features(draw, n, 4, m), 3, 2.5


@ridge_probe.aspect(
    "one-hot targets, errors are summed, l2 times the squared weights, the bias is free",
    1.5,
    {
        "targets −1 and 1: one-hot labels are 0 and 1": {
            "targets": lambda y, classes: 2 * F.one_hot(y, classes) - 1
        },
        "no bias: add a column of ones, or the mean of the targets": {
            "solve": lambda x, y, test, l2: solved(x, y, test, l2, 1e12)
        },
        "the bias is penalised: it is no weight of a feature": {
            "solve": lambda x, y, test, l2: solved(x, y, test, l2, l2)
        },
        "l2 is multiplied by the number of images: the squares are summed, not averaged": {
            "strength": lambda l2, n: l2 * n
        },
        "half of l2 is added: the factors 2 of both derivatives cancel": {
            "strength": lambda l2, n: l2 / 2
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d in ((20, 4), (8, 11)):
        x, y, _ = features(draw, n, d, 1)
        x = standard(x, x)
        test = torch.cat([x, -x, 0 * x[:2]])  # their own statistics are the same
        yield x, y, test, 3, 2.5


ridge_probe.keeps(0.5)
