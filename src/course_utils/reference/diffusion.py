"""Diffusion: noise is added to an image step by step; a network learns to take it away.

Sources: J. Ho, A. Jain and P. Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020
(DDPM; equations 4, 6, 7, 14); T. Salimans and J. Ho, "Progressive distillation for fast
sampling of diffusion models", ICLR 2022 (v: section 4). The way back is in ``samplers``, the
network in ``unet``, β and ᾱ in ``schedules``.

Symbols: x₀ is the image, in −1 to 1, x_t the same after t of T steps: t = 0 is the image
itself, t = T almost pure noise. ε ~ N(0, I), and x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.reference import autoencoders
from course_utils.reference.schedules import (
    Level,
    Schedule,
    Time,
    cosine_schedule,
    levels,
    linear_schedule,
    pick,
    require_times,
)

__all__ = [
    "FORMULAS", "NO_CLASS", "PREDICTIONS", "PerfectDenoiser", "Schedule", "convert",
    "cosine_schedule", "gaussian_score", "levels", "linear_schedule", "loss", "posterior",
    "q_sample",
]  # fmt: skip

Model = Callable[..., Tensor]  # (x_t, t) or (x_t, t, classes) -> its prediction, (B, …)
PREDICTIONS = ("eps", "x0", "v")
NO_CLASS = -1  # the label of an image whose class is not told
LARGEST = 1 << 25  # numbers of all differences between images that a perfect denoiser holds


def q_sample(x0: Tensor, t: Time, noise: Tensor, schedule: Schedule) -> Tensor:
    """x_t = √ᾱ_t x₀ + √(1 − ᾱ_t) ε: t steps at once (DDPM, equation 4).

    Args:
        x0, noise: (B, …) each.
        t: 0 to T.

    Raises:
        ValueError: the shapes differ, or t is outside the schedule.
    """
    _require_alike("x0", x0, "noise", noise)
    signal, sigma = levels(t, schedule, x0, first=0)
    return signal * x0 + sigma * noise


# All that a network can predict, from each other: p the prediction, x = x_t, a = √ᾱ_t,
# s = √(1 − ᾱ_t). Each line is x = a x₀ + s ε with v = a ε − s x₀, solved for what is asked.
FORMULAS: dict[tuple[str, str], Callable[[Tensor, Tensor, Level, Level], Tensor]] = {
    ("eps", "x0"): lambda p, x, a, s: (x - s * p) / a,
    ("eps", "v"): lambda p, x, a, s: (p - s * x) / a,
    ("x0", "eps"): lambda p, x, a, s: (x - a * p) / s,
    ("x0", "v"): lambda p, x, a, s: (a * x - p) / s,
    ("v", "x0"): lambda p, x, a, s: a * x - s * p,
    ("v", "eps"): lambda p, x, a, s: s * x + a * p,
}


def convert(
    prediction: Tensor, xt: Tensor, t: Time, schedule: Schedule, source: str, target: str
) -> Tensor:
    """What a prediction of ``source`` says of ``target``; each is "eps", "x0" or "v".

    Args:
        prediction, xt: (B, …) each.
        t: 1 to T: in the image itself, t = 0, there is no noise to be told.

    Raises:
        ValueError: another name, shapes that differ, or t outside the schedule.
    """
    _require_prediction("source", source)
    _require_prediction("target", target)
    _require_alike("prediction", prediction, "xt", xt)
    signal, sigma = levels(t, schedule, xt)
    if source == target:
        return prediction
    return FORMULAS[source, target](prediction, xt, signal, sigma)


def loss(
    model: Model,
    x0: Tensor,
    t: Time,
    noise: Tensor,
    schedule: Schedule,
    prediction: str = "v",
    classes: Tensor | None = None,
) -> Tensor:
    """The simple loss: the mean squared error of what the model says of x_t (equation 14).

    With "eps" it is DDPM's, with "x0" the denoiser's of chapter 11 for every strength at once.

    Args:
        model: (x_t, t), with classes (x_t, t, classes) -> (B, …).
        x0: (B, …) in −1 to 1.
        t: 1 to T, (B,): one drawn for each image.
        noise: ε, of the shape of x0.
        prediction: what the model is to say: "v", "eps" or "x0".
        classes: (B,), for a model that sees them.

    Raises:
        ValueError: pixels outside −1 to 1, another prediction, shapes that differ, the model's
            answer too, or t outside the schedule.
    """
    _require_prediction("prediction", prediction)
    _require_alike("x0", x0, "noise", noise)
    if not autoencoders.holds(x0.abs() <= 1):
        seen = f"{x0.min().item():g} to {x0.max().item():g}"
        raise ValueError(f"x0 must be in −1 to 1, not {seen}; 2 x − 1 for pixels of 0 to 1")
    signal, sigma = levels(t, schedule, x0)
    xt = signal * x0 + sigma * noise
    target = {"eps": noise, "x0": x0, "v": signal * noise - sigma * x0}[prediction]
    if isinstance(t, int):
        t = torch.full((len(x0),), t, device=x0.device)
    said = model(xt, t) if classes is None else model(xt, t, classes)
    _require_alike("the model's answer", said, "x0", x0)  # or it would be broadcast
    return (said - target).square().mean()


def posterior(x0: Tensor, xt: Tensor, t: Time, schedule: Schedule) -> tuple[Tensor, Tensor]:
    """q(x_{t−1} | x_t, x₀) = N(μ̃, β̃_t I): one step back, if x₀ were known (equations 6, 7).

        μ̃ = √ᾱ_{t−1} β_t / (1 − ᾱ_t) · x₀ + √α_t (1 − ᾱ_{t−1}) / (1 − ᾱ_t) · x_t
        β̃_t = (1 − ᾱ_{t−1}) / (1 − ᾱ_t) · β_t

    Args:
        x0, xt: (B, …) each.
        t: 1 to T.

    Returns:
        μ̃ (B, …), and β̃: one number, or (B, 1, …). At t = 1 they are x₀ and 0.

    Raises:
        ValueError: the shapes differ, or t is outside the schedule.
    """
    _require_alike("x0", x0, "xt", xt)
    require_times(t, schedule, x0)
    beta, bar, before = schedule.beta[1:], schedule.alpha_bar[1:], schedule.alpha_bar[:-1]
    of_x0 = before.sqrt() * beta / (1 - bar)
    of_xt = (1 - beta).sqrt() * (1 - before) / (1 - bar)
    variance = (1 - before) / (1 - bar) * beta
    a, b, v = (pick(table, t - 1, x0) for table in (of_x0, of_xt, variance))  # t counts from 1
    return a * x0 + b * xt, v


def gaussian_score(
    xt: Tensor, t: Time, schedule: Schedule, mean: Tensor | float, variance: Tensor | float
) -> Tensor:
    """∇ log p_t(x_t) for data x₀ ~ N(m, v), number by number, in closed form.

    p_t = N(√ᾱ_t m, ᾱ_t v + 1 − ᾱ_t). Of any data the score is what the best prediction of the
    noise says, −ε / √(1 − ᾱ_t), chapter 11's arrow.

    Args:
        xt: (B, …).
        t: 1 to T.
        mean, variance: numbers, or tensors to be broadcast; v ≥ 0.

    Raises:
        ValueError: a variance is negative, or t is outside the schedule.
    """
    if not autoencoders.holds(torch.as_tensor(variance) >= 0):
        raise ValueError("variance must be 0 or more")
    signal, sigma = levels(t, schedule, xt)
    return (signal * mean - xt) / (signal**2 * variance + sigma**2)


class PerfectDenoiser:
    """E[x₀ | x_t], the model of the least loss on its training set: it predicts "x0".

    The data are N(x, s² I) about each image x of the set, for s = 0 the images themselves: then
    every sampler ends at one of them, and nothing new is drawn. x_t / √ᾱ_t is an image with
    noise of σ = √((1 − ᾱ_t) / ᾱ_t), of which ``autoencoders.posterior_mean`` knows the rest.

    Args:
        data: (N, …), N ≥ 1.
        labels: (N,), for a denoiser that can be told the class.
        spread: s ≥ 0; one point with a spread is a Gaussian.

    Raises:
        ValueError: there are no data, or not one label each.
    """

    unconditional = True  # without classes it knows all images

    def __init__(
        self,
        data: Tensor,
        schedule: Schedule,
        labels: Tensor | None = None,
        spread: float = 0.0,
    ) -> None:
        if not len(data) or (labels is not None and labels.shape != data.shape[:1]):
            shape = None if labels is None else tuple(labels.shape)
            raise ValueError(f"data must be (N, …), N ≥ 1, labels (N,), not {shape}")
        self.data, self.schedule = data.flatten(1), schedule
        self.labels, self.spread = labels, spread

    def __call__(self, xt: Tensor, t: Time, classes: Tensor | None = None) -> Tensor:
        """(B, …), t the same for all, classes (B,) or None -> (B, …)."""
        if isinstance(t, Tensor):
            if not autoencoders.holds(t == t[:1]):
                raise ValueError("t must be the same for all images of a perfect denoiser")
            t = int(t[0])
        signal, sigma = levels(t, self.schedule, xt)
        x, strength = xt.flatten(1) / signal, float(sigma / signal)
        if classes is None:
            return self._mean(x, self.data, strength).view_as(xt)
        best = torch.empty_like(x)
        for label in classes.unique():
            mine = classes == label
            best[mine] = self._mean(x[mine], self._of(int(label)), strength)
        return best.view_as(xt)

    def _of(self, label: int) -> Tensor:
        """The images of a class, all of them for "no class"."""
        if label == NO_CLASS:
            return self.data
        if self.labels is None or not autoencoders.holds((self.labels == label).any()):
            raise ValueError(f"classes must be among the labels of the data; {label} is not")
        return self.data[self.labels == label]

    def _mean(self, x: Tensor, data: Tensor, strength: float) -> Tensor:
        rows = max(1, LARGEST // data.numel())  # images at a time: all pairs lie in memory
        parts = [
            autoencoders.posterior_mean(part, data, strength, self.spread)
            for part in x.split(rows)
        ]
        return torch.cat(parts)


def _require_prediction(name: str, prediction: str) -> None:
    if prediction not in PREDICTIONS:
        raise ValueError(f"{name} must be one of {', '.join(PREDICTIONS)}, not {prediction!r}")


def _require_alike(name: str, x: Tensor, other: str, y: Tensor) -> None:
    if x.shape != y.shape or not len(x):
        shapes = f"{tuple(x.shape)} and {tuple(y.shape)}"
        raise ValueError(f"{name} and {other} must be of one shape (B, …), B > 0, not {shapes}")
