"""Right and wrong answers to exercise `moving_average`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("loop")
def moving_average(a, r):
    c = []
    for i in range(r, len(a) - r):
        c.append(a[i - r : i + r + 1].mean())
    return torch.stack(c)


@right("running-sum")
def moving_average(a, r):
    total = torch.cat([a.new_zeros(1), a.cumsum(0)])
    n = 2 * r + 1
    return (total[n:] - total[:-n]) / n


@right("unfold")
def moving_average(a, r):
    return a.unfold(0, 2 * r + 1, 1).mean(-1)


@right("recursive")
def moving_average(a, r):
    n = 2 * r + 1

    def from_sample(i):
        if i + n > len(a):
            return []
        return [sum(a[i : i + n]) / n, *from_sample(i + 1)]

    return torch.stack(from_sample(0))


@right("band-matrix")
def moving_average(a, r):
    n = a.shape[0] - 2 * r
    band = torch.ones(n, a.shape[0], dtype=a.dtype).triu().tril(2 * r)
    return band @ a / (2 * r + 1)


@wrong(
    "float32-buffer", "keeps the dtype and leaves its inputs alone", "torch.float32 came out"
)
def moving_average(a, r):
    c = torch.zeros(len(a) - 2 * r)
    for i in range(len(c)):
        c[i] = a[i : i + 2 * r + 1].mean()
    return c


@wrong(
    "writes-into-its-input", "keeps the dtype and leaves its inputs alone", "changed in place"
)
def moving_average(a, r):
    c = a.unfold(0, 2 * r + 1, 1).mean(-1)
    a.data[r : r + len(c)] = c.detach()
    return c


@wrong("empty-at-radius-0", Exercise.WHOLE, "shape (0,)")
def moving_average(a, r):
    padded = torch.cat([a.new_zeros(r), a, a.new_zeros(r)])
    same = padded.unfold(0, 2 * r + 1, 1).mean(-1)
    return same[r:-r]


@wrong("item", "the gradient reaches a", "no gradient of a")
def moving_average(a, r):
    means = [a[i : i + 2 * r + 1].mean().item() for i in range(len(a) - 2 * r)]
    return torch.tensor(means, dtype=a.dtype)


@wrong("library", Exercise.WHOLE, "is not allowed here")
def moving_average(a, r):
    return F.avg_pool1d(a[None, None], 2 * r + 1, stride=1)[0, 0]


@wrong("adaptive-pooling", Exercise.WHOLE, "adaptive_avg_pool1d is not allowed here")
def moving_average(a, r):
    windows = a.unfold(0, 2 * r + 1, 1)
    return F.adaptive_avg_pool1d(windows[None], 1)[0, :, 0]


@wrong("pooling-module", Exercise.WHOLE, "is not allowed here")
def moving_average(a, r):
    windows = a.unfold(0, 2 * r + 1, 1)
    return torch.nn.AdaptiveAvgPool2d(1)(windows[:, None, None]).flatten()


@wrong("resized-by-area", Exercise.WHOLE, "is not allowed here")
def moving_average(a, r):
    windows = a.unfold(0, 2 * r + 1, 1)
    return F.interpolate(windows[None], size=1, mode="area")[0, :, 0]


@wrong("divides-by-2r", Exercise.WHOLE, "divided by 2r")
def moving_average(a, r):
    return a.unfold(0, 2 * r + 1, 1).sum(-1) / max(2 * r, 1)
