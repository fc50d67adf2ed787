"""Right and wrong answers to exercise `noise_levels`."""

from __future__ import annotations

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

IMAGE = "how much image: √ᾱ_t, for t = 0 … T"
KEEPS = "gives the dtype that came in; inputs stay as they are"
NOISE = "how much noise: √(1 − ᾱ_t)"
REFUSES = "refuses a β outside 0 to 1"


@right("cumprod")
def noise_levels(beta):
    if (beta <= 0).any() or (beta >= 1).any():
        raise ValueError("beta must be between 0 and 1")
    alpha_bar = torch.cumprod(1 - beta, dim=0)
    alpha_bar = torch.cat([torch.ones(1, dtype=beta.dtype), alpha_bar])
    return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()


@right("step-by-step")
def noise_levels(beta):
    left, image, noise = 1.0, [1.0], [0.0]
    for b in beta.tolist():
        if not 0 < b < 1:
            raise ValueError(f"{b} is no beta")
        left *= 1 - b
        image.append(left**0.5)
        noise.append((1 - left) ** 0.5)
    return torch.tensor(image, dtype=beta.dtype), torch.tensor(noise, dtype=beta.dtype)


@right("logarithms")
def noise_levels(beta):
    if not torch.all((beta > 0) & (beta < 1)):
        raise ValueError("0 < beta < 1")
    logs = torch.nn.functional.pad(torch.log1p(-beta).cumsum(0), (1, 0))
    return (logs / 2).exp(), (-torch.expm1(logs)).clamp(min=0).sqrt()


@right("empty-and-filled")
def noise_levels(beta):
    if beta.min() <= 0 or beta.max() >= 1:
        raise ValueError("out of range")
    image = beta.new_empty(len(beta) + 1)
    image[0] = 1
    for t in range(1, len(image)):
        image[t] = image[t - 1] * (1 - beta[t - 1]) ** 0.5
    return [image, (1 - image.square()).clamp_min(0).sqrt()]


@right("numpy")
def noise_levels(beta):
    alphas = 1 - beta.numpy()
    if not ((alphas > 0) & (alphas < 1)).all():
        raise ValueError("each beta must be above 0 and below 1")
    bars = np.concatenate([np.ones(1, alphas.dtype), np.cumprod(alphas)])
    return torch.from_numpy(np.sqrt(bars)), torch.from_numpy(np.sqrt(1 - bars))


@right("one-tensor")
def noise_levels(beta):
    for b in beta:
        if b <= 0 or b >= 1:
            raise ValueError
    squares = torch.cat((beta.new_ones(1), 1 - beta)).cumprod(-1)
    return torch.stack([squares, 1 - squares]).pow(0.5)


@wrong("alpha-not-bar", IMAGE, "α_t in place of ᾱ_t")
def noise_levels(beta):
    if (beta <= 0).any() or (beta >= 1).any():
        raise ValueError("beta must be between 0 and 1")
    alpha = torch.cat([torch.ones(1, dtype=beta.dtype), 1 - beta])
    return alpha.sqrt(), (1 - alpha).sqrt()


@wrong("no-roots", NOISE, "the noise's variance")
def noise_levels(beta):
    if (beta <= 0).any() or (beta >= 1).any():
        raise ValueError("beta must be between 0 and 1")
    bar = torch.cat([torch.ones(1, dtype=beta.dtype), (1 - beta).cumprod(0)])
    return bar, 1 - bar


@wrong("from-t-1-on", Exercise.WHOLE, "t = 0 is missing")
def noise_levels(beta):
    if (beta <= 0).any() or (beta >= 1).any():
        raise ValueError("beta must be between 0 and 1")
    bar = torch.cumprod(1 - beta, 0)
    return bar.sqrt(), (1 - bar).sqrt()


@wrong("float32", KEEPS, "torch.float32 came out")
def noise_levels(beta):
    if (beta <= 0).any() or (beta >= 1).any():
        raise ValueError("beta must be between 0 and 1")
    bar = torch.cat([torch.ones(1), torch.cumprod(1 - beta.float(), 0)])
    return bar.sqrt(), (1 - bar).sqrt()


@wrong("always-float64", KEEPS, "torch.float64 came out")
def noise_levels(beta):
    if (beta <= 0).any() or (beta >= 1).any():
        raise ValueError("beta must be between 0 and 1")
    bar = torch.cat([torch.ones(1).double(), torch.cumprod(1 - beta, 0)])
    return bar.sqrt(), (1 - bar).sqrt()


@wrong("in-place", KEEPS, "changed in place")
def noise_levels(beta):
    if (beta <= 0).any() or (beta >= 1).any():
        raise ValueError("beta must be between 0 and 1")
    alpha = beta.neg_().add_(1)
    bar = torch.cat([torch.ones(1, dtype=beta.dtype), alpha.cumprod(0)])
    return bar.sqrt(), (1 - bar).sqrt()


@wrong("only-the-first", REFUSES, "such a β should raise a ValueError")
def noise_levels(beta):
    if not 0 < beta[0] < 1:
        raise ValueError("beta must be between 0 and 1")
    bar = torch.cat([torch.ones(1, dtype=beta.dtype), (1 - beta).cumprod(0)])
    return bar.sqrt(), (1 - bar).clamp(min=0).sqrt()


@wrong("ends-allowed", REFUSES + EVERY, "exactly 0 or 1")
def noise_levels(beta):
    if (beta < 0).any() or (beta > 1).any():
        raise ValueError("beta must be between 0 and 1")
    bar = torch.cat([torch.ones(1, dtype=beta.dtype), (1 - beta).cumprod(0)])
    return bar.sqrt(), (1 - bar).sqrt()


@wrong("negative-allowed", REFUSES + EVERY, "should raise a ValueError")
def noise_levels(beta):
    if (beta >= 1).any():
        raise ValueError("beta must be below 1")
    bar = torch.cat([torch.ones(1, dtype=beta.dtype), (1 - beta).cumprod(0)])
    return bar.sqrt(), (1 - bar).sqrt()
