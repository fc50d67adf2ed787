"""Exercise 11.3, a sample that gradients flow through."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def moved(
    mean: Tensor,
    log_variance: Tensor,
    noise: Tensor,
    *,
    centre: Callable = lambda mean: mean,
    spread: Callable = lambda log_variance: (log_variance / 2).exp(),
    dice: Callable = lambda noise: noise,
) -> Tensor:
    """Standard normal numbers as numbers of this mean and variance."""
    return centre(mean) + spread(log_variance) * dice(noise)


reparameterise = Exercise("11.3", "reparameterise", points=4, hidden=1, right=moved)


def gaussian(draw: Draw, b: int, z: int) -> tuple[Tensor, Tensor]:
    """Means and log variances (b, z) of both signs."""
    return 2 * draw.normal(b, z), draw.normal(b, z) - 0.5


@reparameterise.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for b, z in ((3, 2), (2, 5), (4, 4), (1, 3)):
        yield *gaussian(draw, b, z), draw.normal(b, z)
    for k, b, z in ((4, 3, 2), (2, 2, 3), (5, 4, 1), (1, 2, 6)):
        yield *gaussian(draw, b, z), draw.normal(k, b, z)
    mean, log_variance = gaussian(draw, 3, 4)
    yield given(noise=draw.normal(2, 3, 4), log_variance=log_variance, mean=mean)


@reparameterise.aspect(
    "the mean, plus the standard deviation times the noise",
    0.5,
    {
        **exchange(
            "spread",
            {
                "exp(log_variance) is the variance: the standard deviation is its root, "
                "exp(log_variance / 2)": lambda log_variance: log_variance.exp(),
                "log_variance is multiplied as it is: take exp(log_variance / 2)": (
                    lambda log_variance: log_variance
                ),
                "half of the variance, exp(log_variance) / 2: expected exp(log_variance / 2)": (
                    lambda log_variance: log_variance.exp() / 2
                ),
                "divided by the standard deviation: multiply by it": (
                    lambda log_variance: (-log_variance / 2).exp()
                ),
            },
        ),
        **exchange("dice", {"the noise is ignored: the mean is no sample": lambda e: 0 * e}),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *gaussian(draw, 4, 3), draw.normal(4, 3)
    yield *gaussian(draw, 2, 5), draw.normal(3, 2, 5)


reparameterise.gradients(
    "mean, log_variance",
    0.5,
    {
        "the mean is detached: it is learned": {"centre": lambda mean: mean.detach()},
        "the standard deviation is detached: log_variance is learned": {
            "spread": lambda log_variance: (log_variance / 2).exp().detach()
        },
    },
)
reparameterise.keeps(points=0.25)
