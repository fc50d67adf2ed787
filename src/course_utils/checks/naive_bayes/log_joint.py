"""Exercise 1.4, the log joint."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.naive_bayes.data import coins, tables
from course_utils.checks.probe import Probe, given


def joint(
    x: Tensor,
    log_prior: Tensor,
    log_on: Tensor,
    log_off: Tensor,
    *,
    says: Callable = torch.where,
    adds: Callable = lambda terms: terms.sum(2),
    prior: Callable = lambda log_prior, d: log_prior,
    shown: Callable = lambda logs: logs,
) -> Tensor:
    """x (N, D), log_prior (K,), log_on and log_off (K, D) -> (N, K)."""
    terms = says(x[:, None] == 1, log_on, log_off)  # (N, K, D)
    return shown(adds(terms) + prior(log_prior, x.shape[1]))


# One class, one pixel; as many images as classes, as pixels.
EDGES = ((4, 1, 3), (3, 2, 1), (1, 1, 1), (3, 3, 5), (4, 2, 4), (2, 3, 3), (3, 3, 3))

log_joint = Exercise("1.4", "log_joint", points=7, hidden=1, right=joint)


@log_joint.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, k, d in ((4, 3, 6), (1, 2, 5), (5, 4, 3), *EDGES):
        yield coins(draw, n, d), *tables(draw, k, d)
    x, (prior, on, off) = coins(draw, 3, 8), tables(draw, 5, 8)
    yield given(x=x, log_prior=prior, log_on=on, log_off=off)
    yield coins(draw, 2, 3000), *tables(draw, 3, 3000)


def flat(draw: Draw, k: int, d: int) -> tuple[Tensor, Tensor, Tensor]:
    """Tables with a prior of 1: whether it is added is judged by another property."""
    prior, on, off = tables(draw, k, d)
    return 0 * prior, on, off


@log_joint.aspect(
    "adds what the pixels that are on say",
    0.5,
    {
        "averaged over the pixels: independent pixels multiply, so their logs add up": {
            "adds": lambda terms: terms.mean(2)
        },
        "log_on and log_off are swapped": {
            "says": lambda is_on, on, off: torch.where(is_on, off, on)
        },
        "off pixels are counted for all pixels": {
            "says": lambda is_on, on, off: is_on * on + off
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield torch.ones(4, 6, dtype=torch.float64), *flat(draw, 3, 6)


@log_joint.aspect(
    "adds what the pixels that are off say",
    1,
    {
        "only pixels that are on are counted: an off pixel is evidence too": {
            "says": lambda is_on, on, off: is_on * on
        },
        "1 − log_on for the pixels that are off: use log_off": {
            "says": lambda is_on, on, off: torch.where(is_on, on, 1 - on)
        },
        "off pixels are subtracted: their logs add up as well": {
            "says": lambda is_on, on, off: torch.where(is_on, on, -off)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield coins(draw, 4, 6), *flat(draw, 3, 6)
    yield torch.zeros(2, 5, dtype=torch.float64), *flat(draw, 4, 5)


@log_joint.aspect(
    "adds the prior once",
    0.5,
    {
        "the prior is left out: accuracy hardly sees it, rare classes do": {
            "prior": lambda log_prior, d: 0
        },
        "the prior is added for every pixel: once per image": {
            "prior": lambda log_prior, d: d * log_prior
        },
        "exp(log_prior) is added: it is a logarithm already": {
            "prior": lambda log_prior, d: log_prior.exp()
        },
        "the prior is subtracted: its logarithm is added": {
            "prior": lambda log_prior, d: -log_prior
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield coins(draw, 4, 6), *tables(draw, 3, 6)


@log_joint.aspect(
    "thousands of pixels do not underflow",
    0.5,
    {
        "exp at the end is 0 for thousands of pixels: return the logarithm": {
            "shown": torch.exp
        },
        "a product of thousands of probabilities is 0 in floating point, its logarithm −∞: add "
        "their logarithms": {"adds": lambda terms: terms.exp().prod(2).log()},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield coins(draw, 3, 4000), *flat(draw, 2, 4000)


log_joint.keeps(points=0.5)
