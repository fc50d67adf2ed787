"""Exercise 4.1, batch normalisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given
from course_utils.checks.resnet.bans import BY_HAND, NORM_BY_HAND


def normalised(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *,
    over: tuple[int, ...] = (0, 2, 3),
    divisor: Callable = lambda n: n,
    held: Callable = lambda statistic: statistic,
    own: Callable = lambda training: training,
    root: Callable = lambda var, eps: (var + eps).sqrt(),
    affine: Callable = lambda y, weight, bias: weight * y + bias,
    renews: Callable = lambda training: training,
    learns: Callable = lambda var, n: var * n / (n - 1),
    mixes: Callable = lambda old, new, m: (1 - m) * old + m * new,
) -> tuple[Tensor, Tensor, Tensor]:
    """y, and the running mean and variance from now on."""
    n = x.numel() // x.shape[1]
    if training and n == 1:
        raise ValueError("one value per channel has no variance")
    mean, var = running_mean[:, None, None], running_var[:, None, None]
    if own(training):
        mean = x.mean(over, keepdim=True)
        squares = (x - mean).square()
        var = squares.sum(over, keepdim=True) / divisor(x.numel() // mean.numel())
        mean, var = held(mean), held(var)
    y = affine((x - mean) / root(var, eps), weight[:, None, None], bias[:, None, None])
    if renews(training):
        values = x.detach().transpose(0, 1).flatten(1)  # (C, N)
        running_mean = mixes(running_mean, values.mean(1), momentum)
        running_var = mixes(running_var, learns(values.var(1, correction=0), n), momentum)
    return y, running_mean, running_var


def inputs(draw: Draw, *size: int) -> tuple[Tensor, ...]:
    """x, γ, β, running mean and variance; variances far above the default ε."""
    c = size[1]
    x = (4 + 4 * draw.uniform(c, 1, 1)) * draw.normal(*size) + 5 * draw.normal(c, 1, 1)
    w, b, m, v = (draw.normal(c) for _ in range(4))
    return x, 2 * w, b, 5 * m, 10 * v.abs() + 20


batch_norm = Exercise("4.1", "batch_norm", 9, 2, (BY_HAND, NORM_BY_HAND), right=normalised)


@batch_norm.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield *inputs(draw, 3, 4, 5, 6), True
    yield *inputs(draw, 3, 5, 6, 4), False
    yield *inputs(draw, 1, 3, 3, 4), True, 0.25, 9.0
    yield *inputs(draw, 2, 4, 3, 5), False, 0.25, 9.0
    yield *inputs(draw, 6, 3, 1, 1), True, 0.6, 30.0
    yield *inputs(draw, 1, 2, 1, 7), True, 1.0, 20.0
    yield *inputs(draw, 1, 1, 4, 1), False, 0.5, 20.0
    for training in (True, False):
        yield *inputs(draw, 3, 3, 3, 3), training, 0.3
    yield given(*inputs(draw, 1, 6, 5, 3), training=False)
    names = ("x", "weight", "bias", "running_mean", "running_var")
    yield given(**dict(zip(names, inputs(draw, 4, 1, 2, 3), strict=True)), training=True)


# Momentum 0 where y alone counts: the running values stay as they are.
@batch_norm.aspect(
    "training: the batch's own mean and variance",
    1,
    {
        "statistics of each image by itself: those of a channel are over all images": {
            "over": (2, 3)
        },
        "statistics over everything at once: each channel has its own": {"over": (0, 1, 2, 3)},
        "divided by N − 1: Tensor.var does so unless correction=0": {
            "divisor": lambda n: max(n - 1, 1)
        },
        "ε is left out, or the argument is not used": {"root": lambda var, eps: var.sqrt()},
        "divided by the variance: take its root": {"root": lambda var, eps: var + eps},
        "the running values are used in training": {"own": lambda training: False},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((*inputs(draw, 2, 3, 2, 3), True, 0.0, eps) for eps in (9.0, 30.0))


@batch_norm.aspect(
    "the running values are used in evaluation and renewed in training",
    1,
    {
        "the batch's own statistics are used in evaluation": {"own": lambda training: True},
        "the running values are renewed in evaluation": {"renews": lambda training: True},
        "momentum is on the wrong side: it is the weight of this batch, (1 − m)·old + m·new": {
            "mixes": lambda old, new, m: m * old + (1 - m) * new
        },
        "the biased variance goes into the running one: what is learned about all images "
        "divides by N − 1": {"learns": lambda var, n: var},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((*inputs(draw, 2, 3, 2, 3), training, 0.25) for training in (True, False))


@batch_norm.aspect(
    "γ and β scale and shift each channel",
    0.5,
    {"γ and β are left out": {"affine": lambda y, weight, bias: y}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *inputs(draw, 2, 4, 3, 4), False, 0.0


@batch_norm.refuses("refuses to train on one value per channel", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield *inputs(draw, 1, 1, 1, 1), True


DETACHED = "mean and variance are held constant, but they depend on x: the gradient passes them"
HELD = {DETACHED: {"held": lambda statistic: statistic.detach()}}
batch_norm.gradients("x, weight, bias", 0.5, HELD, of=lambda values: values[0])
batch_norm.keeps(0.5)
