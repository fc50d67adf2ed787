"""Exercise 12.5, the gradient penalty of WGAN-GP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.gan.parts import KEEPS, scalar
from course_utils.checks.probe import Probe, given


def judged(critic: list[Tensor], x: Tensor) -> Tensor:
    """(B,): maps of 3 × 3 filters, tanh, weighed sums of whole maps."""
    filters, bias, heights = critic
    return F.conv2d(x, filters, bias, padding=1).tanh().sum((2, 3)) @ heights


def penalised(
    critic: list[Tensor],
    real: Tensor,
    fake: Tensor,
    u: Tensor,
    *,
    each: Callable = lambda u, x: u[:, None, None, None],
    between: Callable = lambda u, real, fake: u * real + (1 - u) * fake,
    scores: Callable = torch.sum,
    slope: Callable = lambda slope: slope,
    norm: Callable = lambda slope: slope.flatten(1).norm(dim=1),
    off: Callable = lambda norm: (norm - 1).square(),
    over: Callable = torch.mean,
) -> Tensor:
    """Mean of (‖gradient‖ − 1)² at a place between each real image and its fake."""
    x = between(each(u, real), real, fake).detach().requires_grad_()
    total = scores(judged(critic, x))
    (found,) = torch.autograd.grad(total, x, create_graph=True)
    return over(off(norm(slope(found))))


gradient_penalty = Exercise(
    "12.5", "gradient_penalty", points=8, hidden=1, right=penalised, reads=scalar
)


def images(draw: Draw, *shape: int, steep: float = 0.5) -> tuple:
    """A critic, real images, fakes, and u; the steeper the critic, the larger the norms."""
    b, c, _, _ = shape
    critic = [draw.normal(3, c, 3, 3) * steep, draw.normal(3), draw.normal(3) * steep]
    return critic, draw.normal(*shape) + 1, draw.normal(*shape), draw.uniform(b)


@gradient_penalty.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for steep in (0.12, 0.6):  # all norms are below 1, most are above
        for shape in ((4, 2, 3, 5), (3, 3, 6, 2), (2, 2, 4, 4), (1, 4, 5, 3)):
            yield images(draw, *shape, steep=steep)
        yield images(draw, 5, 1, 4, 5, steep=steep)  # u would fit along the width
    names = "critic", "real", "fake", "u"
    yield given(**dict(zip(names, images(draw, 6, 2, 3, 6), strict=True)))


@gradient_penalty.aspect(
    "at x̂ = u · real + (1 − u) · fake, with a u for each pair",
    0.75,
    {
        "real and fake have changed places: u = 1 is the real image": {
            "between": lambda u, real, fake: u * fake + (1 - u) * real
        },
        "one u for all: each pair has its own": {"each": lambda u, x: u[0]},
        "u runs along the width of the images: it has one number for each image": {
            "each": lambda u, x: u
        },
        "the gradient at the real images: expected x̂, between real and fake": {
            "between": lambda u, real, fake: real + 0 * u
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for shape in ((4, 2, 3, 5), (5, 1, 4, 5)):
        yield images(draw, *shape)


@gradient_penalty.aspect(
    "the norm of the gradient of each image's score, over all its numbers",
    0.75,
    {
        "a norm for each pixel, over its channels: all numbers of an image make one": {
            "norm": lambda slope: slope.norm(dim=1)
        },
        "the gradient of the mean of the scores is B times too small: take their sum": {
            "scores": torch.mean
        },
        "the norm is squared before 1 is subtracted: take its root": {
            "norm": lambda slope: slope.flatten(1).square().sum(1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for shape in ((3, 3, 4, 2), (4, 1, 3, 3)):
        yield images(draw, *shape)


@gradient_penalty.aspect(
    "the mean of (norm − 1)²",
    0.5,
    exchange(
        "off",
        {
            "1 is not subtracted: a norm of 1 costs nothing": torch.square,
            "a norm below 1 costs as well: no max(0, norm − 1)": (
                lambda norm: (norm - 1).relu().square()
            ),
        },
    )
    | {"summed over the images: take the mean": {"over": torch.sum}},
)
def _(draw: Draw) -> Iterator[tuple]:
    for steep in (0.2, 0.8):
        yield images(draw, 4, 2, 3, 3, steep=steep)


gradient_penalty.gradients(
    "critic",
    1,
    {
        "the critic learns nothing from it: the gradient needs create_graph=True, and no "
        "detach, .data or .item() after it": {"slope": lambda slope: slope.detach()}
    },
)
gradient_penalty.no_loop_over("images", 0.25, lambda n, draw: images(draw, n * n, 1, 3, 4))
gradient_penalty.keeps(points=0.25, name=KEEPS)
