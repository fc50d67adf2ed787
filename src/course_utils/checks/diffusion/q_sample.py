"""Exercise 13.2, into the noise at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.diffusion.parts import allowed, schedule, times
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def noised(
    x0: Tensor, t: Tensor, noise: Tensor, alpha_bar: Tensor, *,
    inside: Callable = lambda t, T: bool(((t >= 0) & (t <= T)).all()),
    entry: Callable = lambda bar, t: bar[t],
    along: Callable = lambda level: level.view(-1, 1, 1, 1),
    signal: Callable = torch.sqrt,
    sigma: Callable = lambda bar: (1 - bar).sqrt(),
) -> Tensor:  # fmt: skip
    """x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε, in the dtype of x₀."""
    if not inside(t, len(alpha_bar) - 1):
        raise ValueError("t must be from 0 to T")
    bar = along(entry(alpha_bar, t))
    return signal(bar).to(x0.dtype) * x0 + sigma(bar).to(x0.dtype) * noise


q_sample = Exercise("13.2", "q_sample", points=5, hidden=1, right=noised)


def images(draw: Draw, *shape: int, steps: int = 6) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images, a time of its own for each, noise, and a schedule."""
    t = times(draw, shape[0], steps)
    return draw.normal(*shape), t, draw.normal(*shape), schedule(draw, steps)


@q_sample.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    # As many images as columns, as channels, as rows, and as all of them. Most have as many as
    # columns: who forgets to reshape the weights is then told so, and keeps what is right.
    for shape in ((5, 2, 3, 5), (3, 3, 2, 4), (4, 2, 4, 3), (3, 3, 3, 3), (1, 2, 4, 6)):
        yield images(draw, *shape)
    x0, t, noise, bar = images(draw, 4, 1, 5, 4, steps=3)  # t is each of 0 … T
    yield x0, t, noise, bar
    yield x0.float(), t, noise.float(), bar
    x0, t, noise, bar = images(draw, 3, 2, 2, 3, steps=9)
    yield given(alpha_bar=bar, noise=noise, t=t, x0=x0)


@q_sample.aspect(
    "√ᾱ_t of the image and √(1 − ᾱ_t) of the noise",
    1,
    {
        "t is off by one: entry t of alpha_bar is ᾱ_t": {"entry": lambda bar, t: bar[t - 1]},
        "the image's root is forgotten: √ᾱ_t": {"signal": lambda bar: bar},
        "the noise's root is forgotten: √(1 − ᾱ_t)": {"sigma": lambda bar: 1 - bar},
        "1 − √ᾱ_t: variances add up to 1, not roots": {"sigma": lambda bar: 1 - bar.sqrt()},
        "image and noise have each other's weight": {"entry": lambda bar, t: 1 - bar[t]},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for shape, t in (((2, 4, 5), 2), ((1, 3, 4), 4)):
        x0, _, noise, bar = images(draw, 1, *shape)  # one image: its weight fits every axis
        yield x0, torch.tensor([t]), noise, bar


@q_sample.aspect(
    "each image has its own t",
    0.5,
    {
        "one t for all: each image has its own": {"entry": lambda bar, t: bar[t[:1]]},
        "the weights run along the columns: each image has one": {"along": lambda level: level},
        "the weights run along the channels": {"along": lambda level: level.view(-1, 1, 1)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for shape in ((4, 2, 3, 4), (4, 4, 2, 3), (3, 1, 2, 4)):
        yield images(draw, *shape)


@q_sample.refuses("refuses a t outside 0 … T", 0.25, allowed("inside", "−1, which is not T,"))
def _(draw: Draw) -> Iterator[Probe]:
    x0, _, noise, bar = images(draw, 3, 2, 4, 3)
    yield Probe((x0, torch.tensor([4, -1, 2]), noise, bar), about="t 4, −1, 2 of three images")


q_sample.gradients("x0, noise", 0.25)
q_sample.keeps(0.25, "gives the dtype of x0, whatever alpha_bar has; inputs stay as they are")
