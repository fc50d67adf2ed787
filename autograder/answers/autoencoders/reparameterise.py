"""Right and wrong answers to exercise `reparameterise`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches mean, log_variance"
KEEPS = "keeps the dtype and leaves its inputs alone"
STABLE = "stable: log variances of −200 and of 160"


@right("short")
def reparameterise(mean, log_variance, noise):
    return mean + torch.exp(0.5 * log_variance) * noise


@right("addcmul")
def reparameterise(mean, log_variance, noise):
    mean, log_variance = mean.expand_as(noise), log_variance.expand_as(noise)
    return torch.addcmul(mean, log_variance.div(2).exp(), noise)


@right("loop-over-samples")
def reparameterise(mean, log_variance, noise):
    std = log_variance.mul(0.5).exp()
    if noise.dim() == 2:
        return mean + std * noise
    return torch.stack([mean + std * one for one in noise])


@right("number-by-number")
def reparameterise(mean, log_variance, noise):
    out = torch.empty_like(noise)
    for b in range(mean.shape[0]):
        for z in range(mean.shape[1]):
            out[..., b, z] = mean[b, z] + noise[..., b, z] * torch.exp(log_variance[b, z] / 2)
    return out


@right("power-of-e")
def reparameterise(mean, log_variance, noise):
    many = noise if noise.ndim == 3 else noise[None]
    z = mean[None] + torch.e ** (log_variance[None] / 2) * many
    return z.view(noise.shape)


@wrong("own-noise", Exercise.WHOLE, "at index")
def reparameterise(mean, log_variance, noise):
    return mean + torch.exp(0.5 * log_variance) * torch.randn_like(noise)


@wrong("torch-normal", Exercise.WHOLE, "at index")
def reparameterise(mean, log_variance, noise):
    return torch.normal(mean.expand_as(noise), (log_variance / 2).exp().expand_as(noise))


@wrong("no-grad", GRADIENTS, "no gradient of mean")
def reparameterise(mean, log_variance, noise):
    with torch.no_grad():
        return mean + torch.exp(0.5 * log_variance) * noise


@wrong("std-by-lists", GRADIENTS, "the standard deviation is detached")
def reparameterise(mean, log_variance, noise):
    std = torch.tensor(log_variance.exp().sqrt().tolist(), dtype=mean.dtype)
    return mean + std * noise


@wrong("root-of-the-variance", STABLE, "NaN or infinity")
def reparameterise(mean, log_variance, noise):
    return mean + log_variance.exp().sqrt() * noise


@wrong("clamped", STABLE, "at index")
def reparameterise(mean, log_variance, noise):
    return mean + torch.exp(log_variance.clamp(-20, 20) / 2) * noise


@wrong("one-sample", Exercise.WHOLE, "expected (4, 3, 2)")
def reparameterise(mean, log_variance, noise):
    noise = noise if noise.dim() == 2 else noise[0]
    return mean + torch.exp(0.5 * log_variance) * noise


@wrong("in-place", KEEPS, "changed in place")
def reparameterise(mean, log_variance, noise):
    noise *= torch.exp(0.5 * log_variance)
    return noise.add_(mean)


@wrong("float32", KEEPS, "torch.float32 came out")
def reparameterise(mean, log_variance, noise):
    return (mean + torch.exp(0.5 * log_variance) * noise).float()


@wrong("float32-inside", KEEPS, "about seven digits")
def reparameterise(mean, log_variance, noise):
    return mean + torch.exp(0.5 * log_variance.float()).to(mean.dtype) * noise
