"""Right and wrong answers to exercise `shift`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

DTYPES = "any dtype: truth values, half precision, integers to the last digit"
KEEPS = "keeps the dtype, also uint8, and leaves its input alone"


@right("roll-and-blacken")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = torch.roll(x, (down, right), (2, 3))
    rows = (torch.arange(H) - down >= 0) & (torch.arange(H) - down < H)
    cols = (torch.arange(W) - right >= 0) & (torch.arange(W) - right < W)
    return torch.where(rows[:, None] & cols, y, torch.zeros_like(y))


@right("slices")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = torch.zeros_like(x)
    if abs(right) >= W or abs(down) >= H:
        return y * x
    to_rows = slice(max(down, 0), H + min(down, 0))
    to_cols = slice(max(right, 0), W + min(right, 0))
    from_rows = slice(max(-down, 0), H - max(down, 0))
    from_cols = slice(max(-right, 0), W - max(right, 0))
    y[:, :, to_rows, to_cols] = x[:, :, from_rows, from_cols]
    return y


@right("pad")
def shift(x, right, down):
    H, W = x.shape[-2:]
    h, w = min(abs(down), H), min(abs(right), W)
    x = F.pad(x, (w, w, h, h))
    top = 0 if down > 0 else 2 * h
    left = 0 if right > 0 else 2 * w
    return x[..., top : top + H, left : left + W]


@right("gather")
def shift(x, right, down):
    H, W = x.shape[-2:]
    i, j = torch.arange(H) - down, torch.arange(W) - right
    inside = ((i >= 0) & (i < H))[:, None] & ((j >= 0) & (j < W))
    return x[..., i.clamp(0, H - 1), :][..., j.clamp(0, W - 1)] * inside.to(x.dtype)


@wrong("grows", Exercise.WHOLE, "shape")
def shift(x, right, down):
    return F.pad(x, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))


@wrong("empty-slice", Exercise.WHOLE, "raised RuntimeError")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = torch.zeros_like(x)
    if abs(right) >= W or abs(down) >= H:
        return y
    if down > 0:
        rows = slice(down, None), slice(None, -down)
    else:
        rows = slice(None, down), slice(-down, None)
    if right > 0:
        cols = slice(right, None), slice(None, -right)
    else:
        cols = slice(None, right), slice(-right, None)
    y[:, :, rows[0], cols[0]] = x[:, :, rows[1], cols[1]]
    return y


@wrong("float-canvas", KEEPS, "torch.float32 came out")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = torch.zeros(x.shape[0], x.shape[1], 3 * H, 3 * W)
    right, down = max(-W, min(right, W)), max(-H, min(down, H))
    y[:, :, H + down : 2 * H + down, W + right : 2 * W + right] = x
    return y[:, :, H : 2 * H, W : 2 * W]


@wrong("writes-into-its-input", KEEPS, "changed in place")
def shift(x, right, down):
    y = torch.roll(x, (down, right), (2, 3))
    H, W = x.shape[2:]
    rows = (torch.arange(H) - down >= 0) & (torch.arange(H) - down < H)
    cols = (torch.arange(W) - right >= 0) & (torch.arange(W) - right < W)
    y = y * (rows[:, None] & cols).to(x.dtype)
    x.data.copy_(y.detach())
    return y


@wrong("not-farther", Exercise.WHOLE, "raised RuntimeError")
def shift(x, right, down):
    return F.pad(x, (right, -right, down, -down))


@wrong("through-float64", DTYPES, "not the numbers that went in")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = F.pad(x.double(), (W, W, H, H))
    right, down = max(-W, min(right, W)), max(-H, min(down, H))
    return y[..., H - down : 2 * H - down, W - right : 2 * W - right].to(x.dtype)


@wrong("detached", "the gradient reaches x", "no gradient of x")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = F.pad(x.detach(), (W, W, H, H))
    right, down = max(-W, min(right, W)), max(-H, min(down, H))
    return y[..., H - down : 2 * H - down, W - right : 2 * W - right]
