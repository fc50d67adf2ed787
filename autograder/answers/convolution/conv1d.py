"""Right and wrong answers to exercise `conv1d`."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("definition")
def conv1d(a, b):
    N, K = len(a), len(b)
    c = []
    for i in range(N + K - 1):
        c.append(sum(a[j] * b[i - j] for j in range(N) if 0 <= i - j < K))
    return torch.stack(c)


@right("shift-and-add")
def conv1d(a, b):
    N, K = len(a), len(b)
    out = a.new_zeros(N + K - 1)
    for k in range(K):
        out = out + b[k] * F.pad(a, (k, K - 1 - k))
    return out


@right("toeplitz")
def conv1d(a, b):
    N, K = a.numel(), b.numel()
    shift = torch.arange(N + K - 1)[:, None] - torch.arange(N)[None, :]
    inside = (shift >= 0) & (shift < K)
    return (b[shift.clamp(0, K - 1)] * inside) @ a


@right("outer-product")
def conv1d(a, b):
    table = torch.outer(a, b)
    out = torch.zeros(len(a) + len(b) - 1, dtype=a.dtype)
    index = torch.arange(len(a))[:, None] + torch.arange(len(b))
    return out.index_add(0, index.flatten(), table.flatten())


@right("fourier")
def conv1d(a, b):
    n = len(a) + len(b) - 1
    return torch.fft.irfft(torch.fft.rfft(a, n) * torch.fft.rfft(b, n), n)


@wrong("odd-filters-only", Exercise.WHOLE, "shape (11,), expected (10,)")
def conv1d(a, b):
    r = len(b) // 2
    windows = F.pad(a, (2 * r, 2 * r)).unfold(0, 2 * r + 1, 1)
    return windows[:, : len(b)] @ b.flip(0)


@wrong(
    "float32-buffer", "keeps the dtype and leaves its inputs alone", "torch.float32 came out"
)
def conv1d(a, b):
    out = torch.zeros(len(a) + len(b) - 1)
    for k in range(len(b)):
        out[k : k + len(a)] += b[k] * a
    return out


@wrong("numpy", "the gradient reaches a, b", "no gradient of a")
def conv1d(a, b):
    out = np.zeros(len(a) + len(b) - 1, dtype=a.detach().numpy().dtype)
    for j in range(len(a)):
        out[j : j + len(b)] += a[j].item() * b.detach().numpy()
    return torch.from_numpy(out)


@wrong("one-sample", Exercise.WHOLE, "raised")
def conv1d(a, b):
    K = len(b)
    padded = torch.zeros(len(a) + 2 * (K - 1), dtype=a.dtype)
    padded[K - 1 : -(K - 1)] = a
    return padded.unfold(0, K, 1) @ b.flip(0)


@wrong("library", Exercise.WHOLE, "is not allowed here")
def conv1d(a, b):
    return F.conv1d(a[None, None], b.flip(0)[None, None], padding=len(b) - 1)[0, 0]


@wrong("numpy-library", Exercise.WHOLE, "is not allowed here")
def conv1d(a, b):
    return torch.from_numpy(np.convolve(a.detach().numpy(), b.detach().numpy()))


@wrong("filter-as-numbers", "the gradient reaches a, b", "no gradient of b")
def conv1d(a, b):
    K = len(b)
    padded = F.pad(a, (K - 1, K - 1))
    return sum(w * padded[K - 1 - j :][: len(a) + K - 1] for j, w in enumerate(b.tolist()))


@wrong("not-flipped", Exercise.WHOLE, "this is cross-correlation")
def conv1d(a, b):
    K = len(b)
    return F.pad(a, (K - 1, K - 1)).unfold(0, K, 1) @ b
