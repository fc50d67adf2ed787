"""Samplers: from noise to an image, step by step, and guidance by a class.

Sources: J. Ho, A. Jain and P. Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020
(algorithm 2); J. Song, C. Meng and S. Ermon, "Denoising diffusion implicit models", ICLR 2021
(DDIM; equations 12, 16; its α_t is our ᾱ_t); J. Ho and T. Salimans, "Classifier-free diffusion
guidance", 2022 (equation 6).

Symbols as in ``diffusion``. A step leads from x_t to x_s of an earlier time s, by x̂₀, what the
model believes the image to be (``estimate``). s = 0 is the image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor

from course_utils.reference.diffusion import NO_CLASS, Model, convert, posterior
from course_utils.reference.schedules import Schedule

VARIANCES = ("posterior", "beta")


def times(steps: int, number: int) -> tuple[int, ...]:
    """T = τ_0 > τ_1 > … > τ_number = 0 in parts as equal as whole numbers allow.

    It begins at T, where noise is noise, and ends at 0, the image: ``number`` steps.

    Raises:
        ValueError: ``number`` is not from 1 to ``steps``.
    """
    if not 1 <= number <= steps:
        raise ValueError(f"number must be from 1 to steps = {steps}, not {number}")
    return tuple(steps * left // number for left in range(number, -1, -1))


def require_order(times: Sequence[int], schedule: Schedule) -> None:
    """Refuse times that do not fall from T or below to 0."""
    T = schedule.steps
    falls = all(t > s for t, s in pairwise(times))
    if len(times) < 2 or not falls or times[0] > T or times[-1] != 0:
        raise ValueError(
            f"times must fall at every step, from at most T = {T} to 0, the image, not "
            f"{list(times)!s:.60}"
        )


def ancestral_step(
    xt: Tensor,
    t: int,
    x0: Tensor,
    schedule: Schedule,
    noise: Tensor | None = None,
    variance: str = "posterior",
) -> Tensor:
    """x_{t−1} ~ N(μ̃(x_t, x̂₀), σ_t² I); at t = 1 its mean, x̂₀, without noise (algorithm 2).

    Args:
        xt, x0: (B, …), x0 the model's estimate.
        t: 1 to T.
        noise: (B, …), needed for t > 1.
        variance: σ_t² = β̃_t, "posterior", right for data of one point, or "beta", β_t, right
            for data N(0, I): the two ends between which it lies (DDPM, section 3.2).

    Raises:
        ValueError: another variance, no noise, shapes that differ, or t outside the schedule.
    """
    if variance not in VARIANCES:
        raise ValueError(f"variance must be one of {', '.join(VARIANCES)}, not {variance!r}")
    mean, of_posterior = posterior(x0, xt, t, schedule)
    if t == 1:
        return mean
    square = of_posterior if variance == "posterior" else schedule.beta[t]
    return mean + square.sqrt() * _required(noise, xt)


def ddim_step(
    xt: Tensor, t: int, s: int, x0: Tensor, schedule: Schedule, eta: float = 0.0,
    noise: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """x_s of any earlier time s: DDIM's equation 12, with σ of equation 16.

        x_s = √ᾱ_s x̂₀ + √(1 − ᾱ_s − σ²) ε̂ + σ z,   ε̂ = (x_t − √ᾱ_t x̂₀) / √(1 − ᾱ_t)
        σ = η √((1 − ᾱ_s) / (1 − ᾱ_t)) √(1 − ᾱ_t / ᾱ_s)

    The neighbour of t in the subsequence, s, has the ᾱ_s; at s = 0 it is 1 and σ is 0. With
    η = 1 and s = t − 1 this is ``ancestral_step``.

    Args:
        xt, x0: (B, …), x0 the model's estimate.
        t, s: T ≥ t > s ≥ 0.
        eta: η, 0 to 1; at 0 no noise is added.
        noise: z, (B, …), needed for η > 0 and s > 0.

    Raises:
        ValueError: t and s in the wrong order or outside the schedule, η outside 0 to 1, no
            noise, or shapes that differ.
    """
    if not 0 <= s < t <= schedule.steps:
        raise ValueError(f"t and s must be T = {schedule.steps} ≥ t > s ≥ 0, not {t} and {s}")
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must be from 0 to 1, not {eta}")
    if xt.shape != x0.shape:
        raise ValueError(f"x0 must have the shape of xt, {(*xt.shape,)}, not {(*x0.shape,)}")
    now, then = schedule.numbers[t], schedule.numbers[s]
    square = eta**2 * (1 - then) / (1 - now) * (1 - now / then)
    # With ε̂ put in: so much of x_t stays, and so much of x̂₀ comes. Below 0 by rounding alone.
    stays = math.sqrt(max(0.0, 1 - then - square) / (1 - now))
    x = stays * xt + (math.sqrt(then) - stays * math.sqrt(now)) * x0
    return x + math.sqrt(square) * _required(noise, xt) if square > 0 else x


def _required(noise: Tensor | None, x: Tensor) -> Tensor:
    if noise is None or noise.shape != x.shape:
        shape = None if noise is None else tuple(noise.shape)
        raise ValueError(f"noise must have the shape of xt, {tuple(x.shape)}, not {shape}")
    return noise


def guided(model: Model, x: Tensor, t: Tensor, classes: Tensor, scale: float) -> Tensor:
    """u + s (c − u): what the model says of a class c, away from what it says of none, u.

    s = 0 forgets the class, s = 1 is the model with its class and s > 1 goes beyond. Ho and
    Salimans count w = s − 1. As the two add up to 1 it is the same for ε, x₀ and v. Both
    answers come from one batch of 2 B images.

    Args:
        model: with ``unconditional = True``, as it learned with ``drop_classes``.
        x: x_t (B, …).
        t: (B,).
        classes: (B,).
        scale: s.

    Raises:
        ValueError: the model has no unconditional branch.
    """
    if not getattr(model, "unconditional", False):
        raise ValueError(
            "model has no unconditional branch, without which there is no guidance: train it "
            "with drop_classes, and let it say so by unconditional = True"
        )
    labels = torch.cat([classes, torch.full_like(classes, NO_CLASS)])
    c, u = model(torch.cat([x, x]), torch.cat([t, t]), labels).chunk(2)
    return u + scale * (c - u)


def drop_classes(classes: Tensor, p: float, generator: Generator | None = None) -> Tensor:
    """Each label becomes ``NO_CLASS``, −1, with probability p: one coin for each image.

    So one network learns both branches of ``guided``. (B,) -> (B,); the labels given stay.

    Args:
        generator: on the CPU, where the coins are thrown: the same on every device.

    Raises:
        ValueError: p is not from 0 to 1.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p must be a probability from 0 to 1, not {p}")
    coins = torch.rand(classes.shape, generator=generator).to(classes.device)
    return classes.masked_fill(coins < p, NO_CLASS)


def estimate(
    model: Model,
    xt: Tensor,
    t: int,
    schedule: Schedule,
    prediction: str = "v",
    classes: Tensor | None = None,
    guidance: float | None = None,
    clip: bool = True,
) -> Tensor:
    """x̂₀, what the model believes the image behind x_t to be, (B, …).

    Args:
        prediction: what the model says.
        classes: (B,), for a model that sees them.
        guidance: the scale of ``guided``; None: one call, with the classes if there are any.
        clip: cut x̂₀ to −1 to 1, after which ε̂ is that of the image cut; not for data that
            are no images.

    Raises:
        ValueError: guidance without classes, or as ``convert`` and ``guided``.
    """
    time = torch.full((len(xt),), t, device=xt.device)
    if guidance is not None:
        if classes is None:
            raise ValueError("classes must be given: guidance leads towards a class")
        said = guided(model, xt, time, classes, guidance)
    else:
        said = model(xt, time) if classes is None else model(xt, time, classes)
    x0 = convert(said, xt, t, schedule, prediction, "x0")
    return x0.clamp(-1, 1) if clip else x0


@torch.no_grad()
def sample(
    model: Model,
    shape: Sequence[int],
    schedule: Schedule,
    times: Sequence[int],
    eta: float = 0.0,
    noise: Tensor | None = None,
    generator: Generator | None = None,
    guidance: float | None = None,
    classes: Tensor | None = None,
    prediction: str = "v",
    clip: bool = True,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Images (B, …) by ``ddim_step`` along ``times``; η = 0 is DDIM, η = 1 as DDPM.

    Args:
        shape: (B, …).
        times: falling to 0, from ``times(T, number)``. Noise stands for x at the first.
        noise: (M, B, …): where to begin, then what is added in each step but the last. For
            η = 0 the first alone is used.
        generator: on the CPU, draws the noise that is not given.
        guidance, classes, prediction, clip: as in ``estimate``.
        device: of the images, where no noise is given.

    Raises:
        ValueError: times in the wrong order, noise of another shape or too little of it, or as
            ``estimate``.
    """
    require_order(times, schedule)
    needed = len(times) - 1 if eta > 0 else 1
    draws = _draws(tuple(shape), needed, noise, generator, device)
    x = next(draws)
    for t, s in pairwise(times):
        x0 = estimate(model, x, t, schedule, prediction, classes, guidance, clip)
        x = ddim_step(x, t, s, x0, schedule, eta, next(draws, None))
    return x


def _draws(
    shape: tuple[int, ...], needed: int, noise: Tensor | None, generator: Generator | None,
    device: torch.device | str,
) -> Iterator[Tensor]:  # fmt: skip
    """The noise of each step in turn, given or drawn."""
    if noise is None:
        return (torch.randn(shape, generator=generator).to(device) for _ in range(needed))
    if noise.shape[1:] != shape or len(noise) < needed:
        asked = f"({needed}, {', '.join(map(str, shape))})"
        raise ValueError(f"noise must be {asked} or more of it, not {tuple(noise.shape)}")
    return iter(noise[:needed])
