"""Right and wrong answers to exercise `separable_filter`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

BOTH = "filters along rows and along columns"


BORDER = "repeats the border"


APART = "each channel by itself"


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


@wrong("rows-only", BOTH, "along the rows only")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    return F.conv2d(F.pad(x, (r, r, 0, 0), mode="replicate"), k.expand(C, 1, 1, -1), groups=C)


@wrong("rows-twice", BOTH, "along the rows twice")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    for _ in range(2):
        x = F.conv2d(F.pad(x, (r, r, 0, 0), mode="replicate"), k.expand(C, 1, 1, -1), groups=C)
    return x


@wrong("added", BOTH, "the two passes are added")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    rows = F.conv2d(F.pad(x, (r, r, 0, 0), mode="replicate"), k.expand(C, 1, 1, -1), groups=C)
    tall = F.pad(x, (0, 0, r, r), mode="replicate")
    return rows + F.conv2d(tall, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("zero-border", BORDER, "make its border dark")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.conv2d(x, k.expand(C, 1, 1, -1), padding=(0, r), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), padding=(r, 0), groups=C)


@wrong("mirrored-border", BORDER, "the border is mirrored")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="reflect")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("no-padding", BORDER, "shape")
def separable_filter(x, k):
    C = x.shape[1]
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("mixes-channels", APART, "mix")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, C, 1, -1))
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("sums-channels", APART, "summed into one")
def separable_filter(x, k):
    r = len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate").sum(1, keepdim=True)
    return F.conv2d(F.conv2d(x, k.view(1, 1, 1, -1)), k.view(1, 1, -1, 1))


@wrong("outer-product", "2K products a pixel, not K²", "do not build the 11 × 11 kernel")
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


@wrong("flipped", "an asymmetric filter keeps its direction", "the filter is flipped")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    k = k.flip(0)
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("empty-at-one-sample", "any length of filter, any size of picture", "shape")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    y = F.conv2d(x, k[:, None].expand(C, 1, -1, 1), padding=(r, 0), groups=C)
    return y[:, :, r:-r]


@wrong("copied-filter", "gradients reach picture and filter", "no gradient reaches k")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    k = torch.tensor(k.tolist(), dtype=x.dtype)
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)
