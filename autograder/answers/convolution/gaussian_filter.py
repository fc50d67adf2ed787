"""Right and wrong answers to exercise `gaussian_filter`."""

from __future__ import annotations

import math

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


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


@wrong("float32", "gives float64 throughout", "torch.float32 came out")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("list", Exercise.WHOLE, "returned a list")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    weights = [math.exp(-(x**2) / (2 * sigma**2)) for x in range(-radius, radius + 1)]
    return [w / sum(weights) for w in weights]


@wrong("wide-only", Exercise.WHOLE, "refuses")
def gaussian_filter(radius, sigma):
    if sigma < 0.5:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("asserts", "refuses a sigma that is not positive", "AssertionError")
def gaussian_filter(radius, sigma):
    assert sigma > 0
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("not-scaled", Exercise.WHOLE, "not scaled to sum to one")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    return torch.exp(-(x**2) / (2 * sigma**2))
