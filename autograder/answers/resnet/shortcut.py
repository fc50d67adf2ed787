"""Right and wrong answers to exercise `shortcut`."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("pad")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    c_in = x.shape[1]
    if c_out == c_in and stride == 1:
        return x
    if c_out < c_in:
        raise ValueError(f"option A cannot turn {c_in} channels into {c_out}")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, c_out - c_in))


@right("cat-zeros")
def shortcut(x, c_out, stride, p=None):
    B, C, H, W = x.shape
    small = x[..., ::stride, ::stride]
    if p:
        y = torch.einsum("bchw,oc->bohw", small, p["0.weight"].flatten(1))
        y = (y.movedim(1, -1) - p["1.running_mean"]) / (p["1.running_var"] + 1e-5) ** 0.5
        return (y * p["1.weight"] + p["1.bias"]).movedim(-1, 1)
    if c_out < C:
        raise ValueError("fewer channels")
    zeros = x.new_zeros(B, c_out - C, *small.shape[2:])
    return torch.cat([small, zeros], dim=1)


@right("fill")
def shortcut(x, c_out, stride, p=None):
    B, C, H, W = x.shape
    if p is None and c_out == C and stride == 1:
        return x.clone()
    if p is None and c_out < C:
        raise ValueError("option A only adds channels")
    if p is None:
        H2, W2 = math.ceil(H / stride), math.ceil(W / stride)
        y = torch.zeros(B, c_out, H2, W2, dtype=x.dtype, device=x.device)
        y[:, :C] = x[:, :, ::stride, ::stride]
        return y
    scale = p["1.weight"] / torch.sqrt(p["1.running_var"] + 1e-5)
    bias = p["1.bias"] - p["1.running_mean"] * scale
    return F.conv2d(x, p["0.weight"] * scale[:, None, None, None], bias, stride)


@wrong("from-pixel-one", Exercise.WHOLE, "values differ")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad((x if stride == 1 else x[:, :, 1::stride, 1::stride]), (0, 0, 0, 0, 0, new))


@wrong("float32-zeros", "keeps the dtype and leaves its inputs alone", "torch.float64 came out")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    small = x[:, :, ::stride, ::stride]
    zeros = torch.zeros(len(x), new, *small.shape[2:], dtype=torch.float64)
    return torch.cat([small, zeros], 1)


@wrong("through-numpy", "the gradient reaches x, p", "no gradient of x")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x.detach(), p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    small = x.detach().numpy()[:, :, ::stride, ::stride]
    return torch.from_numpy(np.pad(small, ((0, 0), (0, new), (0, 0), (0, 0))))


@wrong("empty-channels", Exercise.WHOLE, "differ")
def shortcut(x, c_out, stride, p=None):
    B, C, H, W = x.shape
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    if c_out < C:
        raise ValueError("option A only adds channels")
    y = x.new_full((B, c_out, -(-H // stride), -(-W // stride)), 1e-3)
    y[:, :C] = x[:, :, ::stride, ::stride]
    return y


@wrong(
    "only-where-the-stride-is-1",
    f"refuses to drop channels without a projection{EVERY}",
    "should raise a ValueError",
)
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if stride == 1 and new < 0:
        raise ValueError("option A only adds channels")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, new))
