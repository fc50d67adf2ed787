"""Right and wrong answers to exercise `conv2d`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches x, w, bias"


@right("im2col")
def conv2d(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = w.reshape(O, -1) @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


@right("kernel-positions")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels of x and w differ")
    kH, kW = w.shape[2:]
    x = F.pad(x, (padding,) * 4)
    H, W = (x.shape[2] - kH) // stride + 1, (x.shape[3] - kW) // stride + 1
    y = 0
    for m in range(kH):
        for n in range(kW):
            patch = x[:, :, m : m + stride * (H - 1) + 1 : stride]
            patch = patch[..., n : n + stride * (W - 1) + 1 : stride]
            y = y + torch.einsum("bchw,oc->bohw", patch, w[:, :, m, n])
    if bias is not None:
        y = y + bias[None, :, None, None]
    return y


@right("windows-einsum")
def conv2d(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    if w.size(1) != C:
        raise ValueError("wrong number of channels")
    padded = x.new_zeros(B, C, H + 2 * padding, W + 2 * padding)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    windows = padded.unfold(2, w.size(2), stride).unfold(3, w.size(3), stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    if bias is not None:
        y = y + bias.view(1, -1, 1, 1)
    return y


@right("matrix-of-windows")
def conv2d(x, w, bias=None, stride=1, padding=0):
    (B, C, _, _), (O, C_w, kH, kW) = x.shape, w.shape
    if C_w != C:
        raise ValueError("channels differ")
    windows = F.pad(x, [padding] * 4).unfold(2, kH, stride).unfold(3, kW, stride)
    H, W = windows.shape[2:4]
    table = windows.permute(0, 2, 3, 1, 4, 5).reshape(B * H * W, -1)
    y = table @ w.flatten(1).T + (0 if bias is None else bias)
    return y.reshape(B, H, W, O).permute(0, 3, 1, 2)


@wrong("square-kernels", Exercise.WHOLE, "raised")
def conv2d(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, k, _ = w.shape
    if C_w != C:
        raise ValueError("channels differ")
    y = w.reshape(O, -1) @ F.unfold(x, k, padding=padding, stride=stride)
    y = y.reshape(B, O, (H + 2 * padding - k) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("float32", "keeps the dtype and leaves its inputs alone", "torch.float32 came out")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x, w = F.pad(x, (padding,) * 4).float(), w.float()
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias.float()[:, None, None]


@wrong("loops-over-pixels", "no Python loop over pixels", "loops over pixels")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    kH, kW = w.shape[2:]
    rows = []
    for i in range(0, x.shape[2] - kH + 1, stride):
        row = []
        for j in range(0, x.shape[3] - kW + 1, stride):
            patch = x[:, None, :, i : i + kH, j : j + kW]
            row.append((patch * w).sum((2, 3, 4)))
        rows.append(torch.stack(row, -1))
    y = torch.stack(rows, -2)
    return y if bias is None else y + bias[:, None, None]


@wrong("no-grad", GRADIENTS, "no gradient of x")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    with torch.no_grad():
        x = F.pad(x, (padding,) * 4)
        windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
        y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
        return y if bias is None else y + bias[:, None, None]


@wrong("detached-kernel", GRADIENTS, "no gradient of w")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w.data)
    return y if bias is None else y + bias[:, None, None]


@wrong("squeeze-one-window", Exercise.WHOLE, "shape")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = (windows[:, None] * w[None, :, :, None, None]).sum((2, 5, 6))
    y = y if bias is None else y + bias[:, None, None]
    return y.squeeze(3).squeeze(2)


@wrong("library", Exercise.WHOLE, "is not allowed here")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    return F.conv2d(x, w, bias, stride, padding)


@wrong("ignores-stride", Exercise.WHOLE, "the stride is ignored")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], 1).unfold(3, w.shape[3], 1)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong(
    "fewer-channels-only",
    f"refuses kernels made for another number of channels{EVERY}",
    "broadcasting hides",
)
def conv2d(x, w, bias=None, stride=1, padding=0):
    if w.shape[1] < x.shape[1]:
        raise ValueError("the kernels have too few channels")
    kH, kW = w.shape[2:]
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, kH, stride).unfold(3, kW, stride).movedim(1, 3)  # (B, H', W', C, ..)
    y = (windows[:, None] * w[:, None, None]).sum((-1, -2, -3))
    return y if bias is None else y + bias[:, None, None]
