"""Right and wrong answers to exercise `gaussian_filter`."""

from __future__ import annotations

import math

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

BELL = "weights fall as exp(−x² / 2σ²)"


@right("torch")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-0.5 * (x / sigma) ** 2)
    return w / w.sum()


@right("softmax")
def gaussian_filter(radius, sigma):
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, not {sigma}")
    x = torch.linspace(-radius, radius, 2 * radius + 1, dtype=torch.double)
    return torch.softmax(-x.square() / (2 * sigma * sigma), dim=0)


@right("plain-python")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    weights = [math.exp(-(x**2) / (2 * sigma**2)) for x in range(-radius, radius + 1)]
    return torch.tensor([w / sum(weights) for w in weights], dtype=torch.float64)


@wrong("not-scaled", BELL, "not scaled to sum to one")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    return torch.exp(-(x**2) / (2 * sigma**2))


@wrong("density", BELL, "the integral of the curve")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    return torch.exp(-(x**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))


@wrong("no-2", BELL, "the 2 in exp")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / sigma**2)
    return w / w.sum()


@wrong("sigma-not-squared", BELL, "sigma is not squared")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma))
    return w / w.sum()


@wrong("not-centred", BELL, "not centred")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(2 * radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("range-end", BELL, "one weight is missing")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, max(radius, 1), dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("absolute-value", BELL, "x is not squared")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-x.abs() / (2 * sigma**2))
    return w / w.sum()


@wrong("float32", "sums to one, narrow or wide", "torch.float32 came out")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("any-sigma", "refuses a sigma that is not positive", "should raise a ValueError")
def gaussian_filter(radius, sigma):
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()
