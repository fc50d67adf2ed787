"""Exercise 11.6, the bound of k samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def closed(log_p: Tensor, log_q: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Minus the divergence, in place of the samples' own densities."""
    kl = (mean.square() + log_variance.exp() - log_variance - 1).sum(1) / 2
    return 0 * log_p - kl


def tightened(
    log_likelihood: Tensor,
    z: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    *,
    scales: Callable = lambda log_variance: log_variance,
    narrow: Callable = lambda log_variance: log_variance / 2,
    over: Callable = lambda terms: terms.sum(2),
    differs: Callable = lambda log_p, log_q, mean, log_variance: log_p - log_q,
    bound: Callable = lambda log_w: log_w.logsumexp(0) - math.log(len(log_w)),
) -> Tensor:
    """The logarithm of the mean weight of k samples, for each image: (B,)."""
    constant = math.log(2 * math.pi) / 2
    distance = (z - mean).square() / (2 * scales(log_variance).exp())
    log_p = over(-z.square() / 2 - constant)
    log_q = over(-distance - narrow(log_variance) - constant)
    return bound(log_likelihood + differs(log_p, log_q, mean, log_variance))


importance_bound = Exercise("11.6", "importance_bound", points=8, hidden=2, right=tightened)


def samples(draw: Draw, k: int, b: int, z: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """k samples for each of b images: log p(x | z), z, and the mean and log variance of q."""
    mean, log_variance = draw.normal(b, z) + 0.4, 0.8 * draw.normal(b, z) - 0.6
    codes = mean + (log_variance / 2).exp() * draw.normal(k, b, z)
    return 1.5 * draw.normal(k, b) - 3, codes, mean, log_variance


@importance_bound.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for k, b, z in ((5, 3, 2), (2, 4, 5), (4, 4, 4), (7, 2, 3), (3, 5, 1), (6, 3, 6)):
        yield samples(draw, k, b, z)
    log_likelihood, codes, mean, log_variance = samples(draw, 8, 3, 4)
    yield given(log_variance=log_variance, mean=mean, z=codes, log_likelihood=log_likelihood)


@importance_bound.aspect(
    "a weight: log p(x | z) plus log p(z) minus log q(z | x)",
    1,
    {
        **exchange(
            "differs",
            {
                "the prior is missing: add log p(z)": lambda log_p, log_q, m, v: -log_q,
                "q is missing: subtract log q(z | x)": lambda log_p, log_q, m, v: log_p,
                "the signs of p and q are exchanged: p(z) is above, q(z | x) below": (
                    lambda log_p, log_q, m, v: log_q - log_p
                ),
                "the divergence in closed form: each sample has densities of its own": closed,
            },
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield samples(draw, 4, 3, 2)
    yield samples(draw, 2, 5, 3)


@importance_bound.aspect(
    "both densities in full, summed over the latent dimensions",
    0.75,
    {
        "half of log_variance is missing in log q: a narrow Gaussian is high": {
            "narrow": lambda log_variance: 0 * log_variance
        },
        "log_variance is taken for the logarithm of the standard deviation": {
            "scales": lambda log_variance: 2 * log_variance,
            "narrow": lambda log_variance: log_variance,
        },
        "divided by the standard deviation: by the variance, exp(log_variance)": {
            "scales": lambda log_variance: log_variance / 2
        },
        "the mean over the latent dimensions: log densities add up": {
            "over": lambda terms: terms.mean(2)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for k, b, z in ((3, 4, 2), (5, 2, 3)):
        _, codes, mean, log_variance = samples(draw, k, b, z)
        yield torch.zeros(k, b).double(), codes, mean, log_variance


@importance_bound.aspect(
    "the logarithm of the mean over the k samples",
    0.5,
    exchange(
        "bound",
        {
            "log k is not subtracted: a sum, expected the mean": (
                lambda log_w: log_w.logsumexp(0)
            ),
            "the mean of the logarithms, the plain bound: take the logarithm of the mean": (
                lambda log_w: log_w.mean(0)
            ),
            "the mean over images: axis 0 holds the samples": (
                lambda log_w: log_w.logsumexp(1) - math.log(log_w.shape[1])
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for k, b in ((3, 5), (4, 2)):
        log_likelihood, codes, mean, log_variance = samples(draw, k, b, 2)
        yield log_likelihood, codes, 0 * mean, 0 * log_variance


importance_bound.gradients("log_likelihood, z, mean, log_variance", 0.5)
importance_bound.keeps(points=0.25)
