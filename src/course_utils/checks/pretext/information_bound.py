"""Exercise 9.6, the bound of InfoNCE."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.pretext.returned import chosen, comes_as, scalar
from course_utils.checks.probe import Probe, given


def information(
    x: Tensor,
    y: Tensor,
    rho: float,
    *,
    sees: Callable = lambda rho: rho,
    squares: Callable = lambda a, b, rho: rho**2 * (a**2 + b**2),
    below: Callable = lambda rho: 2 * (1 - rho**2),
    sums: Callable = lambda each: each.sum(2),
    loss: Callable = lambda f: chosen(f).mean(),
    gives: Callable = lambda loss, n: math.log(n) - loss,
) -> Tensor:
    """log N − InfoNCE with log p(y | x) / p(y) as scores, of pairs x, y (N, D)."""
    rho = sees(rho)
    a, b = x[:, None], y[None]
    each = (2 * rho * a * b - squares(a, b, rho)) / below(rho)
    return gives(loss(sums(each - math.log(1 - rho**2) / 2)), len(x))


def correlated(draw: Draw, n: int, d: int, rho: float) -> tuple[Tensor, Tensor, float]:
    x = draw.normal(n, d)
    return x, rho * x + math.sqrt(1 - rho**2) * draw.normal(n, d), rho


def strangers(draw: Draw, n: int, d: int, rho: float) -> tuple[Tensor, Tensor, float]:
    """Pairs that are none: the bound is less than 0."""
    return draw.normal(n, d), draw.normal(n, d), rho


information_bound = Exercise(
    "9.6", "information_bound", points=6, hidden=1, right=information, reads=scalar
)


@information_bound.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, d, rho in ((5, 2, 0.6), (8, 3, -0.7), (3, 1, 0.9), (4, 6, 0.3), (2, 2, -0.4)):
        yield correlated(draw, n, d, rho)
    for n, d, rho in (
        (6, 1, 0.95),
        (5, 8, 0.8),
        (4, 4, -0.9),
        (6, 3, 0.0),
        (5, 4, 0.04),
        (7, 2, -0.15),
    ):
        yield strangers(draw, n, d, rho)
    for n, d, rho in ((12, 1, 0.99), (15, 1, -0.996), (1, 3, 0.5)):
        yield correlated(draw, n, d, rho)
    x, y, rho = correlated(draw, 12, 4, 0.95)
    yield given(x=x, y=y, rho=rho)


@information_bound.aspect(
    "each x chooses among all y; log N less the mean loss, in nats, also below 0",
    1,
    {
        "the loss came back: expected log N − loss": {"gives": lambda loss, n: loss},
        "log N is missing: expected log N − loss": {"gives": lambda loss, n: -loss},
        "cut off at 0: by chance it may be negative": {
            "gives": lambda loss, n: (math.log(n) - loss).clamp(min=0)
        },
        "each y chooses among all x: the sum runs over the y of other pairs": {
            "loss": lambda f: chosen(f.T).mean()
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for n in (5, 12):
        yield correlated(draw, n, 2, 0.9)
        yield strangers(draw, n, 2, 0.8)


@information_bound.aspect(
    "the critic is the logarithm of p(y | x) / p(y), summed over the dimensions",
    1,
    {
        "y² lacks its ρ²: that is p(y | x) alone, divide it by p(y)": {
            "squares": lambda a, b, rho: rho**2 * a**2 + b**2
        },
        "ρ² y² is missing: it differs among the y that an x chooses from": {
            "squares": lambda a, b, rho: rho**2 * a**2
        },
        "ρ x² + ρ y²: squares go with ρ²": {"squares": lambda a, b, rho: rho * (a**2 + b**2)},
        "the 2 below the fraction is missing: 2 (1 − ρ²)": {"below": lambda rho: 1 - rho**2},
        "the sign of ρ is lost: 2ρxy needs it": {"sees": abs},
        "averaged over the dimensions: logarithms add up": {"sums": lambda each: each.mean(2)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d, rho in ((6, 2, 0.6), (12, 4, 0.8), (7, 2, -0.7)):
        yield correlated(draw, n, d, rho)


comes_as(information_bound, "a tensor without axes, no number of Python", axes=0)
