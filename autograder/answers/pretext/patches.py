"""Right and wrong answers to exercise `patches`."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype, also uint8, and leaves its input alone"
FITS = "refuses a patch larger than the image"
GRADIENT = "the gradient reaches x"


@right("comprehension-of-columns")
def patches(x, size, stride):
    H, W = x.size(2), x.size(3)
    if not (size <= H and size <= W):
        raise ValueError("the patch is larger than the image")

    def pieces(y, axis):
        n = (y.shape[axis] - size) // stride + 1
        return [y.narrow(axis, k * stride, size) for k in range(n)]

    grid = [torch.stack(pieces(row, 3), dim=1) for row in pieces(x, 2)]
    return torch.cat([row.unsqueeze(1) for row in grid], dim=1)


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


@wrong("reshaped", Exercise.WHOLE, "values differ")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5)
    if stride == size and H % size == 0 and W % size == 0:
        return x.reshape(y.shape)
    return y


@wrong("cols-from-the-height", Exercise.WHOLE, "expected")
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


@wrong("im2col", Exercise.WHOLE, "raised")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    rows, cols = (H - size) // stride + 1, (W - size) // stride + 1
    columns = F.unfold(x, size, stride=stride)  # (B, C·size·size, rows·cols)
    return columns.reshape(B, C, size, size, rows, cols).permute(0, 4, 5, 1, 2, 3)


@wrong("float-canvas", KEEPS, "torch.float32 came out")
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


@wrong("writes-into-x", KEEPS, "changed in place")
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


@wrong("only-the-height-is-checked", FITS + EVERY, "raised RuntimeError")
def patches(x, size, stride):
    if size > x.shape[2]:
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@wrong("numpy", GRADIENT, "the image is detached")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    windows = np.lib.stride_tricks.sliding_window_view(
        x.detach().numpy(), (size, size), axis=(2, 3)
    )
    return torch.tensor(windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5).copy())
