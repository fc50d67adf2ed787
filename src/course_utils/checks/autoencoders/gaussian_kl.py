"""Exercise 11.4, the divergence of two Gaussians."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given
from course_utils.checks.watch import Ban


def divergence(
    mean: Tensor,
    log_variance: Tensor,
    prior_mean: Tensor,
    prior_log_variance: Tensor,
    *,
    pair: Callable = lambda q, p: (q, p),
    log_ratio: Callable = lambda lq, lp: lp - lq,
    ratio: Callable = lambda lq, lp: (lq - lp).exp(),
    apart: Callable = lambda d2, lp: d2 * (-lp).exp(),
    over: Callable = lambda terms: (terms - 1).sum(1),
    unit: Callable = lambda total: total / 2,
    gives: Callable = lambda kl: kl,
) -> Tensor:
    """KL(q‖p) of Gaussians whose dimensions are independent, for each row: (B,)."""
    (mq, lq), (mp, lp) = pair((mean, log_variance), (prior_mean, prior_log_variance))
    terms = log_ratio(lq, lp) + ratio(lq, lp) + apart((mq - mp).square(), lp)
    return gives(unit(over(terms)))


BY_HAND = Ban(
    "write the divergence yourself, it is the exercise", modules=("torch.distributions",)
)
gaussian_kl = Exercise(
    "11.4", "gaussian_kl", points=6, hidden=2, bans=(BY_HAND,), right=divergence
)


def two(draw: Draw, b: int, z: int, *prior: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Means and log variances: (b, z) of q, and of p as well unless ``prior`` says (z,)."""
    size = prior or (b, z)
    q = draw.normal(b, z), 0.8 * draw.normal(b, z) - 0.7
    return *q, draw.normal(*size) + 0.5, 0.8 * draw.normal(*size) + 0.6


@gaussian_kl.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for b, z in ((3, 2), (2, 5), (4, 4), (5, 3), (2, 1)):
        yield two(draw, b, z)
    for b, z in ((4, 3), (2, 6), (3, 3)):
        yield two(draw, b, z, z)
    mean, log_variance, prior_mean, prior_log_variance = two(draw, 3, 4)
    yield given(
        prior_log_variance=prior_log_variance,
        prior_mean=prior_mean,
        log_variance=log_variance,
        mean=mean,
    )


@gaussian_kl.aspect(
    "of q from the given p: KL(q‖p), in this order",
    0.5,
    {
        "KL(p‖q): the expectation is over q, the prior is p": {"pair": lambda q, p: (p, q)},
        "the prior is ignored, as if it were N(0, 1): take the given one": {
            "pair": lambda q, p: (q, (0 * p[0], 0 * p[1]))
        },
        **exchange(
            "gives", {"the sign is flipped: a divergence is never negative": lambda kl: -kl}
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield two(draw, 3, 2)
    yield two(draw, 2, 4, 4)


def both(power: int) -> dict[str, Callable]:
    """Variances to a power, wherever they stand without a logarithm."""
    return {
        "ratio": lambda lq, lp: (power * (lq - lp)).exp(),
        "apart": lambda d2, lp: d2 * (-power * lp).exp(),
    }


@gaussian_kl.aspect(
    "each term of it, in nats",
    0.75,
    {
        "the variances are squared: exp(log_variance) is the variance itself": both(2),
        "log_variance is taken for the logarithm of the standard deviation": {
            **both(2),
            "log_ratio": lambda lq, lp: 2 * (lp - lq),
        },
        "the squared distance of the means is not divided by the prior's variance": {
            "apart": lambda d2, lp: d2
        },
        **exchange(
            "unit",
            {
                "the half is missing": lambda total: total,
                "in bits: expected nats": lambda total: total / 2 / math.log(2),
            },
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield two(draw, 3, 1)
    yield two(draw, 4, 1)


@gaussian_kl.aspect(
    "summed over the latent dimensions, one number an image",
    0.5,
    exchange(
        "over",
        {
            "1 is subtracted once: in each dimension it is": lambda terms: terms.sum(1) - 1,
            "the mean over the latent dimensions: take their sum": (
                lambda terms: (terms - 1).mean(1)
            ),
            "one number for the whole batch: expected one an image, (B,)": (
                lambda terms: (terms - 1).sum(1).mean()
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for b, z in ((3, 2), (2, 5)):
        mean, _, prior_mean, _ = two(draw, b, z)
        yield mean, 0 * mean, prior_mean, 0 * mean


gaussian_kl.gradients("mean, log_variance, prior_mean, prior_log_variance", 0.25)
gaussian_kl.keeps(points=0.25)
