"""Noise schedules of a diffusion: how much of an image is left after t of T steps.

Sources: J. Ho, A. Jain and P. Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020,
section 4 (linear); A. Nichol and P. Dhariwal, "Improved denoising diffusion probabilistic
models", ICML 2021, equation 17 (cosine).

Symbols: step t adds noise of variance β_t; α_t = 1 − β_t and ᾱ_t = α_1 α_2 … α_t. DDIM's paper
writes α_t for this ᾱ_t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from course_utils.reference import autoencoders

Time = int | Tensor  # one t for all images, or (B,) whole numbers
Level = float | Tensor  # one number, or (B, 1, …)


@dataclass(frozen=True, eq=False)
class Schedule:
    """How much of the image is left after each step.

    Args:
        alpha_bar: ᾱ (T + 1,), entry t after t steps: 1 at t = 0, then falling, never 0.

    Raises:
        ValueError: another shape or first entry, or ᾱ does not fall or leaves 0 to 1.
    """

    alpha_bar: Tensor

    def __post_init__(self) -> None:
        bar = torch.as_tensor(self.alpha_bar).double()
        object.__setattr__(self, "alpha_bar", bar)
        if bar.ndim != 1 or len(bar) < 2 or not autoencoders.holds(bar[0] == 1):
            raise ValueError(
                f"alpha_bar must be (T + 1,), T ≥ 1, with 1 for t = 0, not {bar.tolist()!s:.50}"
            )
        inside, falls = (bar[1:] > 0) & (bar[1:] < 1), bar.diff() < 0
        for fine, rule in ((inside, "be between 0 and 1"), (falls, "fall at every step")):
            if not autoencoders.holds(fine):
                at = int((~fine).nonzero()[0]) + 1
                raise ValueError(f"alpha_bar must {rule}; it is {bar[at]:g} at t = {at}")

    @property
    def steps(self) -> int:
        """T."""
        return len(self.alpha_bar) - 1

    @cached_property
    def numbers(self) -> list[float]:
        """ᾱ as plain numbers, with which a sampler's loop is quicker than with tensors."""
        return self.alpha_bar.tolist()

    @cached_property
    def alpha(self) -> Tensor:
        """α (T + 1,), float64; α_0 = 1 stands for no step at all."""
        return torch.cat([self.alpha_bar[:1], self.alpha_bar[1:] / self.alpha_bar[:-1]])

    @cached_property
    def beta(self) -> Tensor:
        """β (T + 1,), float64; β_0 = 0."""
        return 1 - self.alpha


def linear_schedule(steps: int, first: float = 1e-4, last: float = 0.02) -> Schedule:
    """β_1 = ``first`` to β_T = ``last`` in equal parts (DDPM, section 4, with T = 1000).

    The ends are those for 1000 steps: with far fewer much of the image is left at the end.
    Both times 1000 / T makes up for it.

    Raises:
        ValueError: no step, or an end outside (0, 1).
    """
    autoencoders.require_sizes(steps=steps)
    for name, beta in (("first", first), ("last", last)):
        if not 0 < beta < 1:
            raise ValueError(f"{name} must be a beta between 0 and 1, not {beta}")
    return _of_beta(torch.linspace(first, last, steps, dtype=torch.float64))


def cosine_schedule(steps: int) -> Schedule:
    """ᾱ_t = f(t) / f(0) with f(t) = cos²((t / T + 0.008) / 1.008 · π / 2), β at most 0.999.

    The last step alone is cut for common T. Nichol and Dhariwal, equation 17.

    Raises:
        ValueError: no step.
    """
    autoencoders.require_sizes(steps=steps)
    share = torch.arange(steps + 1, dtype=torch.float64) / steps
    f = ((share + 0.008) / 1.008 * math.pi / 2).cos().square()
    return _of_beta((1 - f[1:] / f[:-1]).clamp(max=0.999))


def _of_beta(beta: Tensor) -> Schedule:
    """From β_1 … β_T."""
    return Schedule(torch.cat([beta.new_ones(1), (1 - beta).cumprod(0)]))


def levels(t: Time, schedule: Schedule, x: Tensor, first: int = 1) -> tuple[Level, Level]:
    """√ᾱ_t and √(1 − ᾱ_t): how much image and how much noise x_t has, ready to multiply x.

    Args:
        t: from ``first`` to T, one for all or (B,).
        x: (B, …), of which dtype and device are taken.

    Returns:
        Two numbers for one t, or two tensors (B, 1, …).

    Raises:
        ValueError: t is outside the schedule, no whole number, or not (B,).
    """
    require_times(t, schedule, x, first)
    if isinstance(t, int):
        return math.sqrt(schedule.numbers[t]), math.sqrt(1 - schedule.numbers[t])
    bar = schedule.alpha_bar
    return pick(bar.sqrt(), t, x), pick((1 - bar).sqrt(), t, x)


def pick(table: Tensor, t: Time, x: Tensor) -> Tensor:
    """Entries t of a table in float64, to multiply x: one number, or (B, 1, …) of x's dtype."""
    if isinstance(t, int):
        return table[t]  # a number takes part in any dtype and on any device
    return table.to(x.dtype).to(x.device)[t].reshape(-1, *[1] * (x.ndim - 1))


def require_times(t: Time, schedule: Schedule, x: Tensor, first: int = 1) -> None:
    """Refuse times that are no whole numbers from ``first`` to T, one for all or one each."""
    T = schedule.steps
    asked = f"t must be from {first} to {T}, the schedule's last step"
    if isinstance(t, int):
        if not first <= t <= T:
            raise ValueError(f"{asked}, not {t}")
        return
    if t.is_floating_point() or t.shape != x.shape[:1]:
        raise ValueError(
            f"t must be one whole number for each image, ({len(x)},), not "
            f"{tuple(t.shape)} {t.dtype}; t and not t / T"
        )
    if not autoencoders.holds((t >= first) & (t <= T)):
        raise ValueError(f"{asked}, not {t.min().item()} to {t.max().item()}")
