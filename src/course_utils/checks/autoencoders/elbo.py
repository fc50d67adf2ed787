"""Exercise 11.5, the bound that a variational autoencoder raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.autoencoders.encoded import encoded, without_code, without_pixels
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """log p of each pixel."""
    return x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)


def bounded(
    x: Tensor,
    logits: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    beta: float = 1.0,
    *,
    valid: Callable = lambda x: bool(((x >= 0) & (x <= 1)).all()),
    pixels: Callable = bernoulli,
    over_pixels: Callable = lambda log_p: log_p.sum(1),
    over_latent: Callable = lambda terms: terms.sum(1),
    adds: Callable = lambda log_p, kl, beta: log_p - beta * kl,
    gives: Callable = lambda bound: bound,
) -> Tensor:
    """The log likelihood of each image, less what its code costs: (B,) nats."""
    if not valid(x):
        raise ValueError("pixels are from 0 to 1")
    kl = over_latent((mean.square() + log_variance.exp() - log_variance - 1) / 2)
    return gives(adds(over_pixels(pixels(x, logits)), kl, beta))


elbo = Exercise("11.5", "elbo", points=8, hidden=3, right=bounded)


@elbo.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for b, d, z in ((3, 5, 2), (2, 4, 6), (4, 7, 3), (5, 2, 4)):
        yield encoded(draw, b, d, z)
    for b, d, z, beta in ((3, 6, 4, 0.4), (4, 3, 5, 4.0), (2, 8, 3, 1.5), (3, 4, 2, 0.1)):
        yield *encoded(draw, b, d, z), beta
    x, logits, mean, log_variance = encoded(draw, 4, 5, 3)
    yield given(beta=2, log_variance=log_variance, mean=mean, logits=logits, x=x)


@elbo.aspect(
    "log likelihood: the sum over all pixels, from logits",
    0.75,
    {
        "the mean over the pixels: take their sum, each is a number of its own": {
            "over_pixels": lambda log_p: log_p.mean(1)
        },
        **exchange(
            "pixels",
            {
                "logits are taken for probabilities twice: sigmoid is applied once": (
                    lambda x, logits: bernoulli(x, logits.sigmoid())
                ),
                "only white pixels count: (1 − x) log(1 − σ) is missing": (
                    lambda x, logits: x * F.logsigmoid(logits)
                ),
                "a squared error: expected the Bernoulli log likelihood": (
                    lambda x, logits: -(x - logits.sigmoid()).square()
                ),
            },
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield without_code(draw, 3, 4)
    yield without_code(draw, 2, 7)


@elbo.aspect(
    "less beta times the divergence, the sum over the latent dimensions",
    0.75,
    {
        **exchange(
            "adds",
            {
                "the divergence is added: it is a price, subtract it": (
                    lambda log_p, kl, beta: log_p + beta * kl
                ),
                "beta multiplies the log likelihood: it belongs to the divergence": (
                    lambda log_p, kl, beta: beta * log_p - kl
                ),
                "beta is ignored: it multiplies the divergence": (
                    lambda log_p, kl, beta: log_p - kl
                ),
            },
        ),
        "the mean over the latent dimensions: take their sum": {
            "over_latent": lambda terms: terms.mean(1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *without_pixels(draw, 3, 2), 0.5
    yield *without_pixels(draw, 4, 5), 3.0


@elbo.aspect(
    "a bound, one number an image",
    0.25,
    exchange(
        "gives",
        {
            "the negative: that is the loss, expected the bound": lambda bound: -bound,
            "one number for the whole batch: expected one an image, (B,)": (
                lambda bound: bound.mean()
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for b in (2, 3):
        yield encoded(draw, b, 1, 1)


@elbo.refuses(
    "refuses pixels outside 0 to 1",
    0.25,
    {"pixels outside 0 to 1 should raise a ValueError": {"valid": lambda x: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    x, *rest = encoded(draw, 3, 5, 2)
    yield 255 * x, *rest


elbo.gradients("logits, mean, log_variance", 0.5)
elbo.keeps(points=0.25)
