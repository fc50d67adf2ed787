"""Right and wrong answers to exercise `max_pool`."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("unfold")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = size if stride is None else stride
    return x.unfold(2, size, s).unfold(3, size, s).amax((-1, -2))


@right("loop")
def max_pool(x, size, stride=None):
    if stride is None:
        stride = size
    B, C, H, W = x.shape
    if size > H or size > W:
        raise ValueError(f"a window of {size} does not fit into {H} x {W}")
    rows = []
    for i in range(0, H - size + 1, stride):
        row = []
        for j in range(0, W - size + 1, stride):
            window = x[:, :, i : i + size, j : j + size].reshape(B, C, -1)
            row.append(window.max(dim=-1).values)
        rows.append(torch.stack(row, -1))
    return torch.stack(rows, -2)


@right("columns")
def max_pool(x, size, stride=None):
    s = stride or size
    B, C, H, W = x.shape
    if size > H or size > W:
        raise ValueError("window larger than the image")
    columns = F.unfold(x, size, stride=s).reshape(B, C, size * size, -1)
    return columns.max(2)[0].reshape(B, C, (H - size) // s + 1, (W - size) // s + 1)


@right("running-maximum")
def max_pool(x, size, stride=None):
    s = stride or size
    H2, W2 = (x.shape[2] - size) // s + 1, (x.shape[3] - size) // s + 1
    if H2 < 1 or W2 < 1:
        raise ValueError("window larger than the image")
    y = x.new_full((*x.shape[:2], H2, W2), -math.inf)
    for m in range(size):
        for n in range(size):
            patch = x[:, :, m : m + s * (H2 - 1) + 1 : s, n : n + s * (W2 - 1) + 1 : s]
            y = torch.maximum(y, patch)
    return y


@wrong("reshape-only", Exercise.WHOLE, "raised")
def max_pool(x, size, stride=None):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("the window does not fit")
    if stride in (None, size):
        return x.reshape(B, C, H // size, size, W // size, size).amax((3, 5))
    return x.unfold(2, size, stride).unfold(3, size, stride).amax((-1, -2))


@wrong("starts-far-below", Exercise.WHOLE, "got -1e+09, expected")
def max_pool(x, size, stride=None):
    s = stride or size
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    return x.unfold(2, size, s).unfold(3, size, s).amax((-1, -2)).clamp(min=-1e9)


@wrong("float32-buffer", "keeps the dtype and leaves its input alone", "torch.float32 came out")
def max_pool(x, size, stride=None):
    s = stride or size
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("the window does not fit")
    y = torch.zeros(B, C, (H - size) // s + 1, (W - size) // s + 1)
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            window = x[:, :, i * s : i * s + size, j * s : j * s + size]
            y[:, :, i, j] = window.amax((2, 3))
    return y


@wrong("numpy", "the gradient reaches x", "no gradient of x")
def max_pool(x, size, stride=None):
    s = stride or size
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    windows = np.lib.stride_tricks.sliding_window_view(
        x.detach().numpy(), (size, size), axis=(2, 3)
    )
    return torch.from_numpy(windows[:, :, ::s, ::s].max((-1, -2)))


@wrong("torch-refuses", "refuses a window larger than the image", "raised RuntimeError")
def max_pool(x, size, stride=None):
    s = stride or size
    return x.unfold(2, size, s).unfold(3, size, s).amax((-1, -2))


@wrong("library", Exercise.WHOLE, "is not allowed here")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    return F.max_pool2d(x, size, stride)


@wrong("height-only", f"refuses a window larger than the image{EVERY}", "raised RuntimeError")
def max_pool(x, size, stride=None):
    if size > x.shape[2]:
        raise ValueError("the window does not fit")
    s = stride or size
    return x.unfold(2, size, s).unfold(3, size, s).amax((-1, -2))
