"""Right and wrong answers to exercise `moving_average`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

WINDOW = "averages every whole window"


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


@wrong("divides-by-2r", WINDOW, "divided by 2r")
def moving_average(a, r):
    return a.unfold(0, 2 * r + 1, 1).sum(-1) / max(2 * r, 1)


@wrong("sum", WINDOW, "not divided")
def moving_average(a, r):
    return a.unfold(0, 2 * r + 1, 1).sum(-1)


@wrong("slice-end", WINDOW, "last sample of each window is missing")
def moving_average(a, r):
    if r == 0:
        return a
    return torch.stack([a[i - r : i + r].mean() for i in range(r, len(a) - r)])


@wrong("slice-end-divides-right", WINDOW, "last sample of each window is missing")
def moving_average(a, r):
    return torch.stack([a[i - r : i + r].sum() / (2 * r + 1) for i in range(r, len(a) - r)])


@wrong("radius-as-width", WINDOW, "the window holds r samples")
def moving_average(a, r):
    return a.unfold(0, max(r, 1), 1).mean(-1)


@wrong("zeros-beyond-the-ends", WINDOW, "averaged with zeros")
def moving_average(a, r):
    padded = torch.cat([a.new_zeros(r), a, a.new_zeros(r)])
    return padded.unfold(0, 2 * r + 1, 1).mean(-1)


@wrong("last-window-missing", WINDOW, "the last window is missing")
def moving_average(a, r):
    return torch.stack(
        [a[i - r : i + r + 1].mean() for i in range(r, max(len(a) - r - 1, r + 1))]
    )


@wrong("float32-buffer", "keeps the dtype and leaves its input alone", "torch.float32 came out")
def moving_average(a, r):
    c = torch.zeros(len(a) - 2 * r)
    for i in range(len(c)):
        c[i] = a[i : i + 2 * r + 1].mean()
    return c


@wrong(
    "writes-into-its-input", "keeps the dtype and leaves its input alone", "changed in place"
)
def moving_average(a, r):
    c = a.unfold(0, 2 * r + 1, 1).mean(-1)
    a.data[r : r + len(c)] = c.detach()
    return c


@wrong("empty-at-radius-0", "radius 0, and a window as long as the signal", "shape (0,)")
def moving_average(a, r):
    padded = torch.cat([a.new_zeros(r), a, a.new_zeros(r)])
    same = padded.unfold(0, 2 * r + 1, 1).mean(-1)
    return same[r:-r]


@wrong("item", "a gradient reaches the signal", "the result has no gradient")
def moving_average(a, r):
    means = [a[i : i + 2 * r + 1].mean().item() for i in range(len(a) - 2 * r)]
    return torch.tensor(means, dtype=a.dtype)


@wrong("library", WINDOW, "is not allowed here")
def moving_average(a, r):
    return F.avg_pool1d(a[None, None], 2 * r + 1, stride=1)[0, 0]
