"""Right and wrong answers to exercise `separable_filter`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("grouped")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@right("channels-as-batch")
def separable_filter(x, k):
    B, C, H, W = x.shape
    r = len(k) // 2
    y = x.reshape(B * C, 1, H, W)
    y = F.conv2d(F.pad(y, (0, 0, r, r), mode="replicate"), k.view(1, 1, -1, 1))
    y = F.conv2d(F.pad(y, (r, r, 0, 0), mode="replicate"), k.view(1, 1, 1, -1))
    return y.view(B, C, H, W)


@right("shift-and-add")
def separable_filter(x, k):
    r = len(k) // 2
    for dim in (2, 3):
        n = x.shape[dim]
        first, last = x.narrow(dim, 0, 1), x.narrow(dim, n - 1, 1)
        padded = torch.cat([first] * r + [x] + [last] * r, dim)
        x = sum(k[i] * padded.narrow(dim, i, n) for i in range(len(k)))
    return x


@wrong("no-padding", Exercise.WHOLE, "shape")
def separable_filter(x, k):
    C = x.shape[1]
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("outer-product", "2K products per pixel, not K²", "do not build the 11 × 11 kernel")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    return F.conv2d(x, torch.outer(k, k).expand(C, 1, -1, -1), groups=C)


@wrong("float32", "keeps the dtype and leaves its inputs alone", "torch.float32 came out")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x, k = F.pad(x, (r, r, r, r), mode="replicate").float(), k.float()
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("empty-at-one-sample", Exercise.WHOLE, "shape")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    y = F.conv2d(x, k[:, None].expand(C, 1, -1, 1), padding=(r, 0), groups=C)
    return y[:, :, r:-r]


@wrong("copied-filter", "the gradient reaches x, k", "no gradient of k")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    k = torch.tensor(k.tolist(), dtype=x.dtype)
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)
