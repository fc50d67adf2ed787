"""Right and wrong answers to exercise `posterior`."""

from __future__ import annotations

import math

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENT = "the gradient reaches x0, xt"
KEEPS = "gives the dtype that came in; inputs stay as they are"
MEAN = "the mean: √ᾱ_{t−1} β_t / (1 − ᾱ_t) of x₀, √α_t (1 − ᾱ_{t−1}) / (1 − ᾱ_t) of x_t"
REFUSES = "refuses a t outside 1 … T"
VARIANCE = "the variance: (1 − ᾱ_{t−1}) / (1 − ᾱ_t) · β_t"


@right("as-it-stands")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta = 1 - now / before
    alpha = 1 - beta
    mean = torch.sqrt(before) * beta / (1 - now) * x0
    mean = mean + torch.sqrt(alpha) * (1 - before) / (1 - now) * xt
    return mean, (1 - before) / (1 - now) * beta


@right("numbers-of-python")
def posterior(x0, xt, t, alpha_bar):
    bars = alpha_bar.tolist()
    if t not in range(1, len(bars)):
        raise ValueError(f"t = {t}")
    alpha = bars[t] / bars[t - 1]
    share = (1 - bars[t - 1]) / (1 - bars[t])
    of_x0 = math.sqrt(bars[t - 1]) * (1 - alpha) / (1 - bars[t])
    return of_x0 * x0 + math.sqrt(alpha) * share * xt, share * (1 - alpha)


@right("precisions-add-up")
def posterior(x0, xt, t, alpha_bar):
    if not 0 < t < len(alpha_bar):
        raise ValueError("no such step")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    alpha = now / before
    if t == 1:  # x₀ itself: its precision has no end
        return x0 + 0 * xt, 0.0
    of_past, of_step = 1 / (1 - before), alpha / (1 - alpha)
    variance = 1 / (of_past + of_step)
    mean = variance * (of_past * before.sqrt() * x0 + of_step * xt / alpha.sqrt())
    return mean, variance


@right("regression-on-x_t")
def posterior(x0, xt, t, alpha_bar):
    if t <= 0 or t >= alpha_bar.shape[0]:
        raise ValueError("1 ≤ t ≤ T")
    prior, at = 1 - alpha_bar[t - 1], 1 - alpha_bar[t]
    a = (alpha_bar[t] / alpha_bar[t - 1]).sqrt()
    gain = a * prior / at
    guess = alpha_bar[t - 1].sqrt() * x0
    return guess + gain * (xt - a * guess), prior - gain * a * prior


@right("tables")
def posterior(x0, xt, t, alpha_bar):
    T = alpha_bar.numel() - 1
    if t > T or t < 1:
        raise ValueError(f"t must be from 1 to {T}")
    before, now = alpha_bar[:-1], alpha_bar[1:]
    betas = 1 - now / before
    variances = betas * (1 - before) / (1 - now)
    first = betas * before.sqrt() / (1 - now)
    second = (1 - before) * (1 - betas).sqrt() / (1 - now)
    return [first[t - 1] * x0 + second[t - 1] * xt, variances[t - 1].item()]


@right("numbers-of-numpy")
def posterior(x0, xt, t, alpha_bar):
    bars = alpha_bar.numpy()
    if t < 1 or t >= len(bars):
        raise ValueError("t is not a step")
    beta = 1 - bars[t] / bars[t - 1]
    first = np.sqrt(bars[t - 1]) * beta / (1 - bars[t])
    second = np.sqrt(1 - beta) * (1 - bars[t - 1]) / (1 - bars[t])
    return x0 * first + xt * second, beta * (1 - bars[t - 1]) / (1 - bars[t])


@wrong("clipped", MEAN, "x₀ is clipped")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before, x0 = alpha_bar[t], alpha_bar[t - 1], x0.clamp(-1, 1)
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta


@wrong("root-forgotten", MEAN, "the root is forgotten in front of x₀")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta


@wrong("alpha-bar-for-alpha", MEAN, "√ᾱ_t in front of x_t")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + now.sqrt() * share * xt, share * beta


@wrong("beta", VARIANCE, "this is β_t")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, beta


@wrong("beta-in-the-last-step", Exercise.WHOLE, "this is β_t, not β̃_t")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    mean = before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt
    return mean, share * beta if t > 1 else beta


@wrong("a-variance-for-each-image", Exercise.WHOLE, "shape")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    mean = before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt
    return mean, (share * beta).expand_as(x0)


@wrong("float32", KEEPS, "torch.float32 came out")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    x0, xt, now, before = x0.float(), xt.float(), alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta


@wrong("schedule-in-float32", KEEPS, "right to seven digits")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar.float()[t], alpha_bar.float()[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta


@wrong("in-place", KEEPS, "changed in place")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t].clone(), alpha_bar[t - 1].clone()
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    alpha_bar[t] = (1 - beta).sqrt()
    return before.sqrt() * beta / (1 - now) * x0 + alpha_bar[t] * share * xt, share * beta


@wrong("detached", GRADIENT, "no gradient of x0")
def posterior(x0, xt, t, alpha_bar):
    if t < 1 or t > len(alpha_bar) - 1:
        raise ValueError("t must be from 1 to T")
    now, before, x0 = alpha_bar[t], alpha_bar[t - 1], x0.detach()
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta


@wrong("from-0-on", REFUSES, "a t below 1 should")
def posterior(x0, xt, t, alpha_bar):
    if not 0 <= t < len(alpha_bar):
        raise ValueError("t must be a step of the schedule")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta


@wrong("index-error", REFUSES + EVERY, "expected a ValueError")
def posterior(x0, xt, t, alpha_bar):
    if t < 1:
        raise ValueError("t must be 1 or more")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta


@wrong("zero-alone", REFUSES + EVERY, "a t below 1 should")
def posterior(x0, xt, t, alpha_bar):
    if t == 0 or t >= len(alpha_bar):
        raise ValueError("t must be from 1 to T")
    now, before = alpha_bar[t], alpha_bar[t - 1]
    beta, share = 1 - now / before, (1 - before) / (1 - now)
    return before.sqrt() * beta / (1 - now) * x0 + (1 - beta).sqrt() * share * xt, share * beta
