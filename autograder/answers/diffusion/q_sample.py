"""Right and wrong answers to exercise `q_sample`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

EACH = "each image has its own t"
GRADIENT = "the gradient reaches x0, noise"
KEEPS = "gives the dtype of x0, whatever alpha_bar has; inputs stay as they are"
REFUSES = "refuses a t outside 0 … T"


@right("view")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise


@right("image-by-image")
def q_sample(x0, t, noise, alpha_bar):
    T = len(alpha_bar) - 1
    images = []
    for x, step, e in zip(x0, t.tolist(), noise, strict=True):
        if step < 0 or step > T:
            raise ValueError(f"{step} is not in 0 … {T}")
        left = alpha_bar[step].item()
        images.append(left**0.5 * x + (1 - left) ** 0.5 * e)
    return torch.stack(images)


@right("einsum")
def q_sample(x0, t, noise, alpha_bar):
    if not ((t >= 0) & (t <= alpha_bar.shape[0] - 1)).all():
        raise ValueError("t")
    signal = alpha_bar.sqrt().type_as(x0)[t]
    sigma = (1 - alpha_bar).sqrt().type_as(x0)[t]
    return torch.einsum("b,bchw->bchw", signal, x0) + torch.einsum("b,b...->b...", sigma, noise)


@right("gather")
def q_sample(x0, t, noise, alpha_bar):
    def extract(table):
        out = table.gather(-1, t).to(x0.dtype)
        return out.reshape(t.shape[0], *((1,) * (x0.ndim - 1)))

    if torch.any(t < 0) or torch.any(t > alpha_bar.numel() - 1):
        raise ValueError("t is outside the schedule")
    return extract(torch.sqrt(alpha_bar)) * x0 + extract(torch.sqrt(1.0 - alpha_bar)) * noise


@right("images-last")
def q_sample(x0, t, noise, alpha_bar):
    if set(t.tolist()) - set(range(len(alpha_bar))):
        raise ValueError("not a time of this schedule")
    bar = alpha_bar[t]
    mixed = x0.permute(1, 2, 3, 0) * bar**0.5 + noise.permute(1, 2, 3, 0) * (1 - bar) ** 0.5
    return mixed.permute(3, 0, 1, 2).to(x0.dtype)


@right("guarded-by-index-error")
def q_sample(x0, t, noise, alpha_bar):
    try:
        if (t < 0).any():
            raise IndexError
        bar = alpha_bar[t][:, None, None, None]
    except IndexError:
        raise ValueError("t must be a step of the schedule") from None
    return torch.addcmul(bar.sqrt().to(x0) * x0, (1 - bar).sqrt().to(x0), noise)


@wrong("along-the-width", EACH, "the weights run along the columns")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].to(x0.dtype)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise


@wrong("one-t-for-all", EACH, "one t for all")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[int(t[0])].item()
    return bar**0.5 * x0 + (1 - bar) ** 0.5 * noise


@wrong("variances", Exercise.WHOLE, "the noise's root is forgotten")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
    return bar * x0 + (1 - bar) * noise


@wrong("steps-counted-from-0", Exercise.WHOLE, "t is off by one")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t - 1].to(x0.dtype).view(-1, 1, 1, 1)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise


@wrong("dtype-of-the-schedule", KEEPS, "torch.float64 came out")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].view(-1, 1, 1, 1)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise


@wrong("float32", KEEPS, "torch.float32 came out")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].float().view(-1, 1, 1, 1)
    return bar.sqrt() * x0.float() + (1 - bar).sqrt() * noise.float()


@wrong("schedule-in-float32", KEEPS, "about seven digits only")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar.float()[t].view(-1, 1, 1, 1)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise


@wrong("in-place", KEEPS, "changed in place")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
    return x0.detach().mul_(bar.sqrt()) + (1 - bar).sqrt() * noise + 0 * x0


@wrong("detached", GRADIENT, "no gradient of x0")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
    return bar.sqrt() * x0.detach() + (1 - bar).sqrt() * noise


@wrong("from-the-end", REFUSES, "−1, which is not T")
def q_sample(x0, t, noise, alpha_bar):
    if t.max() >= len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise


@wrong("index-error", REFUSES + EVERY, "expected a ValueError")
def q_sample(x0, t, noise, alpha_bar):
    if (t < 0).any():
        raise ValueError("t must be 0 or more")
    bar = alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise


@wrong("as-if-T-were-its-length", REFUSES + EVERY, "expected a ValueError")
def q_sample(x0, t, noise, alpha_bar):
    if t.min() < 0 or t.max() > len(alpha_bar):
        raise ValueError("t must be from 0 to T")
    bar = alpha_bar[t].to(x0.dtype).view(-1, 1, 1, 1)
    return bar.sqrt() * x0 + (1 - bar).sqrt() * noise
