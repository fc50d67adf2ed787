"""Right and wrong answers to exercise `ddim_step`."""

from __future__ import annotations

import math

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ANY = "to any earlier time s; at s = 0 x̂₀, without noise"
GRADIENT = "the gradient reaches xt, eps"
IMAGE = "x̂₀ = (x_t − √(1 − ᾱ_t) ε̂) / √ᾱ_t"
KEEPS = "gives the dtype that came in; inputs stay as they are"
LONG = "in a schedule of 1000 steps, where next to nothing of the image is left"
REFUSES = "refuses times out of order, and η outside 0 … 1"
SIGMA = "σ = η √((1 − ᾱ_s) / (1 − ᾱ_t)) √(1 − ᾱ_t / ᾱ_s), and σ² under the root of ε̂"


@right("as-it-stands")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1:
        raise ValueError("0 ≤ s < t ≤ T")
    if eta < 0 or eta > 1:
        raise ValueError("eta must be from 0 to 1")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - torch.sqrt(1 - a_t) * eps) / torch.sqrt(a_t)
    sigma = eta * torch.sqrt((1 - a_s) / (1 - a_t)) * torch.sqrt(1 - a_t / a_s)
    return torch.sqrt(a_s) * x0 + torch.sqrt(1 - a_s - sigma**2) * eps + sigma * noise


@right("numbers-of-python")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    T = len(alpha_bar) - 1
    if s >= t or s < 0 or t > T or not 0 <= eta <= 1:
        raise ValueError("s, t or eta")
    now, then = float(alpha_bar[t]), float(alpha_bar[s])
    variance = eta**2 * (1 - then) / (1 - now) * (1 - now / then)
    x0 = (xt - math.sqrt(1 - now) * eps) / math.sqrt(now)
    if s == 0:
        return x0
    direction = math.sqrt(max(0, 1 - then - variance)) * eps
    return math.sqrt(then) * x0 + direction + math.sqrt(variance) * noise


@right("one-weight-for-each")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if t not in range(1, len(alpha_bar)) or s not in range(t) or not (0 <= eta <= 1):
        raise ValueError("no such step")
    ratio = alpha_bar[s] / alpha_bar[t]
    variance = eta * eta * (1 - alpha_bar[s]) * (1 - 1 / ratio) / (1 - alpha_bar[t])
    of_eps = (1 - alpha_bar[s] - variance) ** 0.5 - ((1 - alpha_bar[t]) * ratio) ** 0.5
    return ratio**0.5 * xt + of_eps * eps + variance**0.5 * noise


@right("by-the-posterior")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    """σ² is η² times the variance of q(x_s | x_t, x₀)."""
    if min(s, t - s - 1, len(alpha_bar) - 1 - t) < 0:
        raise ValueError("times")
    if abs(eta - 0.5) > 0.5:
        raise ValueError("eta")
    signal, level = alpha_bar.sqrt(), 1 - alpha_bar
    x0 = xt / signal[t] - level[t].sqrt() / signal[t] * eps
    beta = 1 - (signal[t] / signal[s]) ** 2
    sigma = eta * (beta * level[s] / level[t]).sqrt()
    rest = (level[s] - sigma.square()).clamp(min=0).sqrt()
    return torch.lerp(torch.zeros_like(x0), x0, signal[s]) + rest * eps + sigma * noise


@right("stacked")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if s < 0 or t <= s or t >= alpha_bar.numel():
        raise ValueError("t > s")
    if not 0.0 <= eta <= 1.0:
        raise ValueError("eta")
    now, then = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - now) ** 0.5 * eps) / now**0.5
    sigma = eta * ((1 - then) / (1 - now)) ** 0.5 * (1 - now / then) ** 0.5
    weights = torch.stack([then**0.5, (1 - then - sigma**2) ** 0.5, sigma])
    return torch.tensordot(weights.to(xt.dtype), torch.stack([x0, eps, noise]), dims=1)


@wrong("neighbour", ANY, "ᾱ_{t−1} in place of ᾱ_s")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[t - 1]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("sigma-forgotten-under-the-root", SIGMA, "σ² is forgotten under the root")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s).sqrt() * eps + sigma * noise


@wrong("sigma-without-its-root", SIGMA, "σ has lost its roots")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * (1 - a_s) / (1 - a_t) * (1 - a_t / a_s)
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("beta-in-place-of-its-posterior", ANY, "at s = 0 noise is added")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * (1 - a_t / a_s).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).clamp(min=0).sqrt() * eps + sigma * noise


@wrong("the-same-without-a-clamp", ANY, "NaN or infinity")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * (1 - a_t / a_s).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("eps-for-the-image", IMAGE, "ε̂ is taken for x̂₀")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * eps + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("clipped-and-noise-of-the-image", IMAGE, "x̂₀ is clipped")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = ((xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()).clamp(-1, 1)
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    eps = (xt - a_t.sqrt() * x0) / (1 - a_t).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("no-noise", SIGMA, "η is ignored")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    return a_s.sqrt() * x0 + (1 - a_s).sqrt() * eps


@wrong("clamped-schedule", LONG, "expected")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t].clamp(min=1e-3), alpha_bar[s].clamp(min=1e-3)
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("float32", KEEPS, "torch.float32 came out")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    xt, eps, noise = xt.float(), eps.float(), noise.float()
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("in-place", KEEPS, "changed in place")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + noise.mul_(sigma)


@wrong("no-grad", GRADIENT, "no gradient of xt")
@torch.no_grad()
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("the-same-time-again", REFUSES + EVERY, "s outside 0 … t − 1 should raise a ValueError")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s <= t <= len(alpha_bar) - 1 or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s ≤ t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("only-neighbours", Exercise.WHOLE, "which the task allows")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if s != t - 1 or not 0 <= s <= len(alpha_bar) - 2 or not 0 <= eta <= 1:
        raise ValueError("s = t − 1")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("eta-below-0", REFUSES + EVERY, "η outside 0 … 1")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t <= len(alpha_bar) - 1 or eta > 1:
        raise ValueError("0 ≤ s < t ≤ T")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise


@wrong("index-error", REFUSES + EVERY, "expected a ValueError")
def ddim_step(xt, t, s, eps, alpha_bar, eta, noise):
    if not 0 <= s < t or not 0 <= eta <= 1:
        raise ValueError("0 ≤ s < t")
    a_t, a_s = alpha_bar[t], alpha_bar[s]
    x0 = (xt - (1 - a_t).sqrt() * eps) / a_t.sqrt()
    sigma = eta * ((1 - a_s) / (1 - a_t) * (1 - a_t / a_s)).sqrt()
    return a_s.sqrt() * x0 + (1 - a_s - sigma**2).sqrt() * eps + sigma * noise
