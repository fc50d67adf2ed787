"""Right and wrong answers to exercise `patches`."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

PLACE = "patch (i, j) lies in row i and column j, pixels as they were"


CHANNELS = "each patch holds its place in every channel"


STRIDE = "a stride of its own: patches overlap or leave gaps"


COUNT = "the last patch that fits counts, what fills none is dropped"


KEEPS_UINT8 = "keeps the dtype, also uint8, and leaves its input alone"


FITS = "refuses a patch larger than the picture"


GRADIENT = "a gradient reaches the picture"


@right("unfold-permute")
def patches(x, size, stride):
    if size > x.shape[2] or size > x.shape[3]:
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@right("two-loops")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if min(H, W) < size:
        raise ValueError("no patch fits")
    rows = []
    for top in range(0, H - size + 1, stride):
        row = []
        for left in range(0, W - size + 1, stride):
            row.append(x[:, :, top : top + size, left : left + size])
        rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)


@right("index-arrays")
def patches(x, size, stride):
    H, W = x.shape[-2:]
    if size > H or size > W:
        raise ValueError("no patch fits")
    i = stride * torch.arange((H - size) // stride + 1)[:, None] + torch.arange(size)
    j = stride * torch.arange((W - size) // stride + 1)[:, None] + torch.arange(size)
    y = x[:, :, i[:, None, :, None], j[None, :, None, :]]  # (B, C, rows, cols, size, size)
    return y.movedim(1, 3)


@right("filled-canvas")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > H or size > W:
        raise ValueError("no patch fits")
    rows, cols = math.floor((H - size) / stride) + 1, math.floor((W - size) / stride) + 1
    y = torch.zeros((B, rows, cols, C, size, size), dtype=x.dtype)
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@right("strides")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    x = x.contiguous()
    b, c, h, w = x.stride()
    shape = (B, (H - size) // stride + 1, (W - size) // stride + 1, C, size, size)
    return x.as_strided(shape, (b, stride * h, stride * w, c, h, w))


@wrong("grid-transposed", PLACE, "rows and columns of the grid are swapped")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(3, size, stride).unfold(2, size, stride)
    return y.permute(0, 3, 2, 1, 5, 4)


@wrong("patch-transposed", PLACE, "rows and columns of each patch are swapped")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(3, size, stride).unfold(2, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@wrong("reshaped", PLACE, "pixels are mixed up in a reshape")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5)
    if stride == size and H % size == 0 and W % size == 0:
        return x.reshape(y.shape)
    return y


@wrong("flat-grid", PLACE, "the grid is flat")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5).flatten(1, 2)


@wrong("cols-from-the-height", PLACE, "expected")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    n = (H - size) // stride + 1
    return (
        x.unfold(2, size, stride)
        .unfold(3, size, stride)[:, :, :n, :n]
        .permute(0, 2, 3, 1, 4, 5)
    )


@wrong("channels-second", CHANNELS, "the channels come second")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    return x.unfold(2, size, stride).unfold(3, size, stride)


@wrong("channels-last", CHANNELS, "the channels come last")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    return x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 4, 5, 1)


@wrong("channels-reshaped", CHANNELS, "channels are mixed with places in a reshape")
def patches(x, size, stride):
    B, C = x.shape[:2]
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.reshape(B, y.shape[2], y.shape[3], C, size, size)


@wrong("flat-patches", CHANNELS, "patches are flat")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5).flatten(3)


@wrong("side-by-side", STRIDE, "patches lie side by side")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    return x.unfold(2, size, size).unfold(3, size, size).permute(0, 2, 3, 1, 4, 5)


@wrong("size-and-stride-swapped", STRIDE, "size and stride are swapped")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    size, stride = stride, size
    return x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5)


@wrong("last-missing", COUNT, "the last patch is missing")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    rows, cols = (H - size) // stride, (W - size) // stride
    y = x.new_zeros(B, rows, cols, C, size, size)
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@wrong("range-too-short", COUNT, "the last patch")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    tops, lefts = range(0, H - size, stride), range(0, W - size, stride)
    y = x.new_zeros(B, len(tops), len(lefts), C, size, size)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@wrong("rounded-up", COUNT, "rounded up")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    down, across = -(H - size) % stride, -(W - size) % stride
    x = torch.cat([x, x.new_zeros(B, C, down, W)], 2)
    x = torch.cat([x, x.new_zeros(B, C, H + down, across)], 3)
    return x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5)


@wrong("im2col", KEEPS_UINT8, "raised")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    rows, cols = (H - size) // stride + 1, (W - size) // stride + 1
    columns = F.unfold(x, size, stride=stride)  # (B, C·size·size, rows·cols)
    return columns.reshape(B, C, size, size, rows, cols).permute(0, 4, 5, 1, 2, 3)


@wrong("float-canvas", KEEPS_UINT8, "torch.float32 came out")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    rows, cols = (H - size) // stride + 1, (W - size) // stride + 1
    y = torch.zeros(B, rows, cols, C, size, size)
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@wrong("writes-into-x", KEEPS_UINT8, "changed in place")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5).clone()
    x.data.zero_()
    return y


@wrong("no-patch-no-error", FITS, "raised RuntimeError")
def patches(x, size, stride):
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@wrong("only-the-height-is-checked", FITS, "raised RuntimeError")
def patches(x, size, stride):
    if size > x.shape[2]:
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@wrong("numpy", GRADIENT, "the result has no gradient")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    windows = np.lib.stride_tricks.sliding_window_view(
        x.detach().numpy(), (size, size), axis=(2, 3)
    )
    return torch.tensor(windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5).copy())
