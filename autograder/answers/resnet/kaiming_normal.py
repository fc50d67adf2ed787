"""Right and wrong answers to exercise `kaiming_normal`."""

from __future__ import annotations

import math

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("generator")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(c_out, c_in, k, k, generator=generator) * math.sqrt(2 / fan)


@right("global-seed")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    torch.manual_seed(seed)
    weights = torch.empty(c_out, c_in, k, k)
    if mode == "fan_in":
        fan = weights[0].numel()
    elif mode == "fan_out":
        fan = weights[:, 0].numel()
    else:
        raise ValueError("mode is fan_in or fan_out")
    return weights.normal_(0, (2 / fan) ** 0.5)


@right("numpy")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    try:
        fan = {"fan_in": c_in, "fan_out": c_out}[mode] * k**2
    except KeyError:
        raise ValueError(mode) from None
    draws = np.random.default_rng(seed).normal(scale=np.sqrt(2 / fan), size=(c_out, c_in, k, k))
    return torch.from_numpy(draws).float()


@right("box-muller")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode == "fan_in":
        fan = c_in * k * k
    elif mode == "fan_out":
        fan = c_out * k * k
    else:
        raise ValueError(f"unknown mode: {mode}")
    generator = torch.Generator()
    generator.manual_seed(seed)
    size = (2, c_out, c_in, k, k)
    u, v = torch.rand(size, generator=generator, dtype=torch.float64)
    normal = torch.sqrt(-2 * torch.log1p(-u)) * torch.cos(2 * torch.pi * v)
    return (normal * (2 / fan) ** 0.5).to(torch.float32)


@wrong("mirrored", Exercise.WHOLE, "share of different sizes")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    half = torch.randn((c_out + 1) // 2, c_in, k, k, generator=generator)
    return torch.cat([half, -half])[:c_out] * math.sqrt(2 / fan)


@wrong("library", Exercise.WHOLE, "is not allowed here: draw the weights yourself")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    torch.manual_seed(seed)
    weights = torch.empty(c_out, c_in, k, k)
    return torch.nn.init.kaiming_normal_(weights, mode=mode, nonlinearity="relu")


@wrong(
    "standardised",
    "mean and spread of the draws are left to chance",
    "the draws are standardised",
)
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return (weights - weights.mean()) / weights.std() * math.sqrt(2 / fan)


@wrong("two-seeds", "the seed decides the values", "got 2, expected 9 (how many weights")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(min(seed, 1))
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


@wrong("float64", "returns float32", "torch.float64 came out")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    draws = np.random.default_rng(seed).standard_normal((c_out, c_in, k, k))
    return torch.from_numpy(draws) * math.sqrt(2 / fan)


@wrong("always-positive", Exercise.WHOLE, "share of positive weights")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(c_out, c_in, k, k, generator=generator).abs() * math.sqrt(2 / fan)


@wrong("part-of-a-text", f"refuses another mode{EVERY}", "should raise a ValueError")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in "fan_in, fan_out":
        raise ValueError(f"no mode {mode}")
    fan = (c_out if mode == "fan_out" else c_in) * k * k
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(c_out, c_in, k, k, generator=generator) * math.sqrt(2 / fan)
