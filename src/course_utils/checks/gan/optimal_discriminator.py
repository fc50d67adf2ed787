"""Exercise 12.3, the best discriminator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.gan.parts import KEEPS, density, part, scalar, with_zeros
from course_utils.checks.probe import Probe, experiment, given

LOG_2 = math.log(2)


def share(p: Tensor, q: Tensor) -> Tensor:
    nowhere = p + q == 0
    return torch.where(nowhere, 0.5, p / torch.where(nowhere, 1, p + q))


def best(
    p: Tensor,
    q: Tensor,
    *,
    fits: Callable = lambda x: bool((x >= 0).all()),
    whole: Callable = lambda x: bool((x.sum() - 1).abs() <= 1e-4),
    d: Callable = share,
    term: Callable = torch.xlogy,
    over: Callable = torch.sum,
    value: Callable = lambda p, q, d, term, over: over(term(p, d)) + over(term(q, share(q, p))),
    gives: Callable = lambda value: value,
) -> tuple[Tensor, Tensor]:
    """D* = p / (p + q), and V(D*, G) in nats."""
    if not all(fits(x) and whole(x) for x in (p, q)):
        raise ValueError("p and q must be densities: 0 or more everywhere, with the sum 1")
    found = d(p, q)
    return found, gives(value(p, q, found, term, over))


def two(got: object) -> object:
    """A reader: D as it comes, and one number."""
    pair = isinstance(got, tuple | list) and len(got) == 2
    return [got[0], scalar(got[1])] if pair else got  # type: ignore[index]


optimal_discriminator = Exercise(
    "12.3", "optimal_discriminator", points=6, hidden=2, right=best, reads=two
)


@optimal_discriminator.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for k in (2, 5, 8, 3):
        yield density(draw, k), density(draw, k)
    yield given(q=density(draw, 4), p=density(draw, 4))


@optimal_discriminator.aspect(
    "D = p / (p + q), the share of real images",
    0.5,
    {
        "q / (p + q) is the share of the fakes: D is that of real images": {
            "d": lambda p, q: share(q, p)
        }
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    p, q = density(draw, 6), density(draw, 6)
    yield experiment(partial(part, which=0), p, q, about="D for p (6,), q (6,)")


@optimal_discriminator.aspect(
    "V = Σ p log D + Σ q log(1 − D), in nats",
    0.75,
    exchange(
        "gives",
        {
            "this is the Jensen–Shannon divergence: V = 2 JSD − log 4": (
                lambda v: (v + 2 * LOG_2) / 2
            ),
            "in bits: take the natural logarithm": lambda v: v / LOG_2,
            "this is D's loss, −V: G is left with V": lambda v: -v,
        },
    )
    | exchange(
        "value",
        {
            "this is KL(p ‖ q): V compares both with their mean, through D": (
                lambda p, q, d, term, over: over(p * (p / q).log())
            ),
            "the fakes' term is missing: Σ q log(1 − D)": (
                lambda p, q, d, term, over: over(term(p, d))
            ),
        },
    )
    | {"the mean over the places: p and q are weights, take the sum": {"over": torch.mean}},
)
def _(draw: Draw) -> Iterator[Probe]:
    p, q = density(draw, 6), density(draw, 6)
    yield experiment(partial(part, which=1), p, q, about="the value for p (6,), q (6,)")


@optimal_discriminator.aspect(
    "0 log 0 is 0, and D is ½ where both are 0",
    0.5,
    {
        "0 · log 0 gives NaN: such a term is 0": {"term": lambda x, d: x * d.log()},
        "D is 0 where both are 0: expected ½, no small number below the line": {
            "d": lambda p, q: p / (p + q + 1e-12)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for k, of_p, of_q in ((5, [1], [3]), (6, [0, 2], [2, 4]), (4, [0, 1], [2, 3])):
        yield with_zeros(draw, k, *of_p), with_zeros(draw, k, *of_q)


@optimal_discriminator.aspect(
    "a place where fakes are very rare beside real images",
    0.25,
    {
        "1 − D is rounded to 0, and its logarithm is −∞: take q / (p + q)": {
            "value": lambda p, q, d, term, over: over(term(p, d)) + over(term(q, 1 - d))
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for k in (5, 7):
        q = density(draw, k)
        q[1] *= 1e-20
        yield density(draw, k), q / q.sum()


SUM = {"a sum other than 1 should raise a ValueError": {"whole": lambda x: True}}
NEGATIVE = {"a negative density should raise a ValueError": {"fits": lambda x: True}}
REFUSES = "refuses what is no density"


@optimal_discriminator.refuses(REFUSES, 0.25, SUM)
def _(draw: Draw) -> Iterator[tuple]:
    yield 1.5 * density(draw, 5), density(draw, 5)


optimal_discriminator.keeps(points=0.25, name=KEEPS)
