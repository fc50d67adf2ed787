"""Hidden checks of chapter 13, diffusion: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_utils.checks import diffusion as visible
from course_utils.checks.core import Draw
from course_utils.checks.diffusion.diffusion_loss import WORDS, told
from course_utils.checks.diffusion.guided import noisy
from course_utils.checks.diffusion.noise_levels import betas
from course_utils.checks.diffusion.parts import schedule

# -- 13.1 a schedule ----------------------------------------------------------------------

noise_levels = visible.noise_levels.hidden_part()


@noise_levels.refuses(
    "refuses a β outside 0 to 1",
    0.5,
    {
        "a β of exactly 0 or 1 should raise a ValueError": {
            "fits": lambda beta: bool(((beta >= 0) & (beta <= 1)).all())
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for odd in (0.0, 1.0, -0.1, 1.5):
        for place in (0, 3):
            beta = betas(draw, 4)
            beta[place] = odd
            yield (beta,)
    yield (torch.tensor([1e-4, 0.02, 0.9999]).double(),)
    yield (betas(draw, 1),)


# -- 13.2 into the noise at once ----------------------------------------------------------

q_sample = visible.q_sample.hidden_part()


@q_sample.refuses("refuses a t outside 0 … T", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    x0, noise, bar = draw.normal(3, 2, 4, 3), draw.normal(3, 2, 4, 3), schedule(draw, 5)
    for t in ((2, 6, 1), (-1, 0, 5), (5, 3, -6), (7, 8, 9), (0, 5, 2), (5, 5, 5), (0, 0, 0)):
        yield x0, torch.tensor(t), noise, bar


# -- 13.3 the loss ------------------------------------------------------------------------

diffusion_loss = visible.diffusion_loss.hidden_part()


@diffusion_loss.refuses("refuses another word, and pixels outside −1 … 1", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    said, x0, *others = told(draw, 3, 2, 4, 3)
    for word in ("epsilon", "V", "x_0", "", "vx0"):
        yield said, x0, *others, word
    for word in WORDS:
        for odd in (1.01, -1.01, 1.0, -1.0):
            x = x0.clone()
            x[2, 1, 3, 0] = odd
            yield said, x, *others, word


# -- 13.4 one step back -------------------------------------------------------------------

posterior = visible.posterior.hidden_part()


@posterior.refuses("refuses a t outside 1 … T", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for t in (0, 5, 6, -1, -3, 1, 4):
        yield draw.normal(2, 3, 3, 2), draw.normal(2, 3, 3, 2), t, schedule(draw, 4)


# -- 13.5 a step of any length ------------------------------------------------------------

ddim_step = visible.ddim_step.hidden_part()


@ddim_step.refuses("refuses times out of order, and η outside 0 … 1", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    xt, eps, noise = (draw.normal(2, 1, 3, 4) for _ in range(3))
    ordered = ((2, 2), (2, 3), (2, -1), (1, -2), (5, 1), (0, 0), (4, 0), (4, 3))
    cases = [(t, s, 0.5) for t, s in ordered]
    for t, s, eta in [*cases, (3, 1, 1.01), (3, 1, -0.01), (3, 1, 0), (3, 1, 1), (4, 0, 2.0)]:
        yield xt, t, s, eps, schedule(draw, 4), eta, noise


@ddim_step.aspect(
    "in a schedule of 1000 steps, where next to nothing of the image is left", 0.25
)
def _(draw: Draw) -> Iterator[tuple]:
    beta = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    bar = torch.cat([torch.ones(1).double(), (1 - beta).cumprod(0)])
    for t, s, eta in ((1000, 999, 0.0), (1000, 500, 1.0), (1000, 0, 0.5), (1, 0, 1.0)):
        xt, eps, noise = (draw.normal(2, 3, 2, 4) for _ in range(3))
        yield xt, t, s, eps, bar, eta, noise


# -- 13.6 guidance ------------------------------------------------------------------------

guided = visible.guided.hidden_part()


@guided.refuses("refuses a scale below 0", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for scale in (-0.01, -1, -7.5, 0, 0.0, 0.01, 1, 30.0):
        yield *noisy(draw, 3, 2, 4), scale


@guided.aspect("one row; no row with a class", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for b, without, scale in ((1, 0, 2.0), (1, 1, 2.0), (4, 4, 3.0), (3, 3, 0.0)):
        yield *noisy(draw, b, 3, 2, without=without), scale
