"""Right and wrong answers to exercise `conv_forward`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ONE = "one matrix product for all channels and kernel positions"


@right("unfold")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    H2 = (H + 2 * padding - kH) // stride + 1
    W2 = (W + 2 * padding - kW) // stride + 1
    if H2 < 1 or W2 < 1:
        raise ValueError("the kernel does not fit")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = (w.reshape(O, -1) @ columns).view(B, O, H2, W2)
    if bias is not None:
        y += bias[:, None, None]
    return y


@right("windows-einsum")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4)
    too_large = [w.shape[axis] > x.shape[axis] for axis in (2, 3)]
    if x.shape[1] != w.shape[1] or any(too_large):
        raise ValueError("x and w do not go together")
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y + (0 if bias is None else bias.view(1, -1, 1, 1))


@right("index-arrays")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError("wrong number of channels")
    padded = x.new_zeros(B, C, H + 2 * padding, W + 2 * padding)
    padded[:, :, padding : padding + H, padding : padding + W] = x
    H2 = (padded.size(2) - kH) // stride + 1
    W2 = (padded.size(3) - kW) // stride + 1
    if min(H2, W2) <= 0:
        raise ValueError("no window")
    rows = stride * torch.arange(H2)[:, None, None, None] + torch.arange(kH)[:, None]
    cols = stride * torch.arange(W2)[:, None, None] + torch.arange(kW)
    windows = padded[:, :, rows, cols]  # (B, C, H', W', kH, kW)
    columns = windows.permute(0, 2, 3, 1, 4, 5).reshape(B * H2 * W2, C * kH * kW)
    y = (columns @ w.reshape(O, -1).T).reshape(B, H2, W2, O).permute(0, 3, 1, 2)
    return y if bias is None else y + bias[None, :, None, None]


@right("strides-linear")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4).contiguous()
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C or kH > H or kW > W:
        raise ValueError("wrong sizes")
    H2, W2 = (H - kH) // stride + 1, (W - kW) // stride + 1
    b, c, h, v = x.stride()
    size = (B, H2, W2, C, kH, kW)
    windows = x.as_strided(size, (b, stride * h, stride * v, c, h, v))
    y = F.linear(windows.reshape(B, H2 * W2, -1), w.flatten(1), bias)
    return y.transpose(1, 2).reshape(B, O, H2, W2)


@right("tensordot")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    try:
        windows = F.pad(x, [padding] * 4).unfold(2, w.size(2), stride)
        windows = windows.unfold(3, w.size(3), stride)
        y = torch.tensordot(windows, w, dims=([1, 4, 5], [1, 2, 3])).movedim(-1, 1)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if x.size(1) != w.size(1):  # a one would be broadcast
        raise ValueError("channels")
    return y if bias is None else y + bias.unsqueeze(-1).unsqueeze(-1)


@wrong("loop-over-channels", ONE, "8 matrix products, expected one")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C or kH > H + 2 * padding or kW > W + 2 * padding:
        raise ValueError("wrong sizes")
    y = 0
    for c in range(C):
        columns = F.unfold(x[:, c, None], (kH, kW), padding=padding, stride=stride)
        y = y + w[:, c].reshape(O, -1) @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("columns-in-a-loop", ONE, "the columns are built in a loop")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4)
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C or kH > H or kW > W:
        raise ValueError("wrong sizes")
    patches = [
        x[:, :, m : m + H - kH + 1 : stride, n : n + W - kW + 1 : stride]
        for m in range(kH)
        for n in range(kW)
    ]
    columns = torch.stack(patches, 2).reshape(B, C * kH * kW, -1)
    y = (w.reshape(O, -1) @ columns).reshape(B, O, *patches[0].shape[2:])
    return y if bias is None else y + bias[:, None, None]


@wrong("elementwise", ONE, "no matrix products")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4)
    if x.shape[1] != w.shape[1] or w.shape[2] > x.shape[2] or w.shape[3] > x.shape[3]:
        raise ValueError("wrong sizes")
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = (windows[:, None] * w[None, :, :, None, None]).sum((2, 5, 6))
    return y if bias is None else y + bias[:, None, None]


@wrong("float32", "keeps the dtype and leaves its inputs alone", "torch.float32 came out")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C or kH > H + 2 * padding or kW > W + 2 * padding:
        raise ValueError("wrong sizes")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride).float()
    y = w.reshape(O, -1).float() @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias.float()[:, None, None]


@wrong("data", "the gradient reaches x, w, bias", "no gradient of x")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    x = F.pad(x.data, (padding,) * 4)
    if x.shape[1] != w.shape[1] or w.shape[2] > x.shape[2] or w.shape[3] > x.shape[3]:
        raise ValueError("wrong sizes")
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong("torch-refuses", "refuses other channels and too large kernels", "raised RuntimeError")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, _, H, _ = x.shape
    O, _, kH, kW = w.shape
    y = w.reshape(O, -1) @ F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("library", Exercise.WHOLE, "is not allowed here")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    return F.conv2d(x, w, bias, stride, padding)


@wrong(
    "height-only", f"refuses other channels and too large kernels{EVERY}", "raised RuntimeError"
)
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, _ = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C or kH > H + 2 * padding:
        raise ValueError("wrong sizes")
    y = w.reshape(O, -1) @ F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]
