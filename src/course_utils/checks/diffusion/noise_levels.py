"""Exercise 13.1, a schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.diffusion.parts import KEEPS, allowed, one, two
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def levels(
    beta: Tensor, *,
    fits: Callable = lambda beta: bool(((beta > 0) & (beta < 1)).all()),
    left: Callable = lambda beta: (1 - beta).cumprod(0),
    begins: Callable = lambda bar: F.pad(bar, (1, 0), value=1),
    image: Callable = torch.sqrt,
    noise: Callable = lambda bar, beta: (1 - bar).sqrt(),
    gives: Callable = lambda image, noise: (image, noise),
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """√ᾱ_t and √(1 − ᾱ_t) for t = 0 … T."""
    if not fits(beta):
        raise ValueError("each beta must be between 0 and 1")
    bar = begins(left(beta))
    return gives(image(bar), noise(bar, beta))


noise_levels = Exercise("13.1", "noise_levels", points=5, hidden=1, right=levels, reads=two)


def betas(draw: Draw, steps: int) -> Tensor:
    """(T,), in no order."""
    return 0.03 + 0.45 * draw.uniform(steps)


@noise_levels.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for steps in (4, 7, 2, 1):
        yield (betas(draw, steps),)
    yield (torch.linspace(0.002, 0.2, 25).double(),)
    yield (1 - betas(draw, 3) / 10,)
    yield given(beta=betas(draw, 5))


@noise_levels.aspect(
    "how much image: √ᾱ_t, for t = 0 … T",
    0.75,
    {
        "α_t in place of ᾱ_t: all steps so far are multiplied": {"left": lambda b: 1 - b},
        "the β are multiplied: ᾱ_t is a product of 1 − β": {"left": lambda b: b.cumprod(0)},
        "the β are added: each leaves 1 − β of the rest": {"left": lambda b: 1 - b.cumsum(0)},
        "t = 0 is missing: before any step, ᾱ_0 = 1": {"begins": lambda bar: bar},
        "the last step is missing: T + 1 entries": {"left": lambda b: (1 - b[:-1]).cumprod(0)},
        "this is ᾱ_t: the image is multiplied by its root, √ᾱ_t": {"image": lambda bar: bar},
        "the noise comes first: expected √ᾱ_t, then √(1 − ᾱ_t)": {"gives": lambda a, s: (s, a)},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for steps in (5, 3):
        yield one(0, betas(draw, steps), about=f"√ᾱ_t for beta ({steps},)")


@noise_levels.aspect(
    "how much noise: √(1 − ᾱ_t)",
    0.75,
    {
        "1 − ᾱ_t is the noise's variance: expected its root": {"noise": lambda bar, b: 1 - bar},
        "1 − √ᾱ_t: variances add up to 1, not roots": {"noise": lambda bar, b: 1 - bar.sqrt()},
        "√β_t is the noise of step t alone": {"noise": lambda bar, b: F.pad(b, (1, 0)).sqrt()},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for steps in (5, 3):
        yield one(1, betas(draw, steps), about=f"√(1 − ᾱ_t) for beta ({steps},)")


@noise_levels.refuses("refuses a β outside 0 to 1", 0.25, allowed("fits", "such a β"))
def _(draw: Draw) -> Iterator[Probe]:
    beta = betas(draw, 4) + torch.tensor([0, 0, 1, 0])
    yield Probe((beta,), about="beta (4,), the third above 1")


noise_levels.keeps(points=0.25, name=KEEPS)
