"""Right and wrong answers to exercise `max_pool`."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

LARGEST = "the largest value of every window, side by side"


NEGATIVE = "windows of negative values"


OWN = "a stride of its own: windows overlap or leave gaps"


DROPPED = "rows and columns that fill no window are dropped"


KEEPS_ONE = "keeps the dtype and leaves its input alone"


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
        raise ValueError("window larger than the picture")
    columns = F.unfold(x, size, stride=s).reshape(B, C, size * size, -1)
    return columns.max(2)[0].reshape(B, C, (H - size) // s + 1, (W - size) // s + 1)


@right("running-maximum")
def max_pool(x, size, stride=None):
    s = stride or size
    H2, W2 = (x.shape[2] - size) // s + 1, (x.shape[3] - size) // s + 1
    if H2 < 1 or W2 < 1:
        raise ValueError("window larger than the picture")
    y = x.new_full((*x.shape[:2], H2, W2), -math.inf)
    for m in range(size):
        for n in range(size):
            patch = x[:, :, m : m + s * (H2 - 1) + 1 : s, n : n + s * (W2 - 1) + 1 : s]
            y = torch.maximum(y, patch)
    return y


@wrong("mean", LARGEST, "the mean of the window")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = stride or size
    return x.unfold(2, size, s).unfold(3, size, s).mean((-1, -2))


@wrong("moves-by-one", LARGEST, "without a stride the window moves by one pixel")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = stride or 1
    return x.unfold(2, size, s).unfold(3, size, s).amax((-1, -2))


@wrong("samples", LARGEST, "one value of each window is taken")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = stride or size
    H, W = x.shape[2:]
    return x[:, :, : H - size + 1 : s, : W - size + 1 : s]


@wrong("channels-too", LARGEST, "the channels are pooled too")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = stride or size
    return x.unfold(2, size, s).unfold(3, size, s).amax((1, -1, -2))[:, None]


@wrong("starts-at-zero", NEGATIVE, "do not start from 0")
def max_pool(x, size, stride=None):
    s = stride or size
    H2, W2 = (x.shape[2] - size) // s + 1, (x.shape[3] - size) // s + 1
    if H2 < 1 or W2 < 1:
        raise ValueError("window larger than the picture")
    y = x.new_zeros(*x.shape[:2], H2, W2)
    for m in range(size):
        for n in range(size):
            patch = x[:, :, m : m + s * (H2 - 1) + 1 : s, n : n + s * (W2 - 1) + 1 : s]
            y = torch.maximum(y, patch)
    return y


@wrong("largest-absolute", NEGATIVE, "the largest absolute value")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = stride or size
    windows = x.unfold(2, size, s).unfold(3, size, s).flatten(-2)
    return windows.gather(-1, windows.abs().argmax(-1, keepdim=True))[..., 0]


@wrong("ignores-stride", OWN, "the stride is ignored")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    return x.unfold(2, size, size).unfold(3, size, size).amax((-1, -2))


@wrong("reshape-only", DROPPED, "raised")
def max_pool(x, size, stride=None):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("the window does not fit")
    if stride in (None, size):
        return x.reshape(B, C, H // size, size, W // size, size).amax((3, 5))
    return x.unfold(2, size, stride).unfold(3, size, stride).amax((-1, -2))


@wrong("rounds-up", DROPPED, "rounded up")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = stride or size
    extra_h, extra_w = (-(n - size) % s for n in x.shape[2:])
    x = F.pad(x, (0, extra_w, 0, extra_h), value=-math.inf)
    return x.unfold(2, size, s).unfold(3, size, s).amax((-1, -2))


@wrong("float32-buffer", KEEPS_ONE, "torch.float32 came out")
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


@wrong("numpy", "the gradient flows to the largest value alone", "has no gradient")
def max_pool(x, size, stride=None):
    s = stride or size
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    windows = np.lib.stride_tricks.sliding_window_view(
        x.detach().numpy(), (size, size), axis=(2, 3)
    )
    return torch.from_numpy(windows[:, :, ::s, ::s].max((-1, -2)))


@wrong(
    "straight-through",
    "the gradient flows to the largest value alone",
    "gradient of x: at index",
)
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    s = stride or size
    windows = x.unfold(2, size, s).unfold(3, size, s)
    mean = windows.mean((-1, -2))
    return mean + (windows.amax((-1, -2)) - mean).detach()


@wrong(
    "other-error", "refuses a window larger than the picture", "the call raised RuntimeError"
)
def max_pool(x, size, stride=None):
    s = stride or size
    return x.unfold(2, size, s).unfold(3, size, s).amax((-1, -2))


@wrong("library", LARGEST, "is not allowed here")
def max_pool(x, size, stride=None):
    if size > min(x.shape[2:]):
        raise ValueError("the window does not fit")
    return F.max_pool2d(x, size, stride)
