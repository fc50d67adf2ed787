"""Right and wrong answers to the exercises of chapter 3, convolutional networks."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong
ANSWERS = bank.answers

# -- 3.1 convolution, forward -------------------------------------------------------------

CHANNELS = "sums over the input channels, for each output channel"
UNFLIPPED = "the kernel is not flipped (cross-correlation)"
SIDES = "height and width may differ, in picture and kernel"
STEPS = "stride and padding"
BIAS = "one bias for each output channel"
ONE = "one matrix product for all channels and kernel positions"
KEEPS = "keeps the dtype and leaves its inputs alone"


@right("unfold")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = w.reshape(O, -1) @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@right("windows-einsum")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels of x and w differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    if bias is not None:
        y = y + bias.view(1, -1, 1, 1)
    return y


@right("index-arrays")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError("wrong number of channels")
    x = F.pad(x, (padding, padding, padding, padding))
    H2, W2 = (x.shape[2] - kH) // stride + 1, (x.shape[3] - kW) // stride + 1
    rows = stride * torch.arange(H2)[:, None, None, None] + torch.arange(kH)[:, None]
    cols = stride * torch.arange(W2)[:, None, None] + torch.arange(kW)
    windows = x[:, :, rows, cols]  # (B, C, H', W', kH, kW)
    columns = windows.permute(0, 2, 3, 1, 4, 5).reshape(B * H2 * W2, C * kH * kW)
    y = (columns @ w.reshape(O, -1).T).reshape(B, H2, W2, O).permute(0, 3, 1, 2)
    return y if bias is None else y + bias[None, :, None, None]


@right("strides-linear")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.size(1) != w.size(1):
        raise ValueError("wrong number of channels")
    x = F.pad(x, (padding,) * 4).contiguous()
    B, C, H, W = x.shape
    O, _, kH, kW = w.shape
    H2, W2 = (H - kH) // stride + 1, (W - kW) // stride + 1
    b, c, h, v = x.stride()
    size = (B, H2, W2, C, kH, kW)
    windows = x.as_strided(size, (b, stride * h, stride * v, c, h, v))
    y = F.linear(windows.reshape(B, H2 * W2, -1), w.flatten(1), bias)
    return y.transpose(1, 2).reshape(B, O, H2, W2)


@wrong("weights-in-another-order", CHANNELS, "flattened in another order")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = w.permute(0, 2, 3, 1).reshape(O, -1) @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("columns-in-another-order", CHANNELS, "flattened in another order")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, kH, stride).unfold(3, kW, stride)
    H2, W2 = windows.shape[2:4]
    columns = windows.permute(0, 4, 5, 1, 2, 3).reshape(B, kH * kW * C, H2 * W2)
    y = (w.reshape(O, -1) @ columns).reshape(B, O, H2, W2)
    return y if bias is None else y + bias[:, None, None]


@wrong("reshape-without-transpose", CHANNELS, "channels and positions are mixed up")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride).mT
    y = columns @ w.reshape(O, -1).T
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("batch-into-columns", CHANNELS, "pictures and channels are mixed up")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    columns = columns.transpose(0, 1).flatten(1)
    y = w.reshape(O, -1) @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("mean-of-channels", CHANNELS, "averaged over the input channels")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w) / x.shape[1]
    return y if bias is None else y + bias[:, None, None]


@wrong("flipped", UNFLIPPED, "this is true convolution")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = w.flip(2, 3).reshape(O, -1) @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("swapped-sides", SIDES, "height and width of the output are swapped")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    size_h = (H + 2 * padding - kH) // stride + 1
    size_w = (W + 2 * padding - kW) // stride + 1
    y = w.reshape(O, -1) @ F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = y.reshape(B, O, size_w, size_h)
    return y if bias is None else y + bias[:, None, None]


@wrong("ignores-stride", STEPS, "the stride is ignored")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    y = w.reshape(O, -1) @ F.unfold(x, (kH, kW), padding=padding)
    y = y.reshape(B, O, H + 2 * padding - kH + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("pads-two-sides", STEPS, "padded on two sides only")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding, 0, padding, 0))
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong("bias-along-width", BIAS, "added along the width")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias


@wrong("loop-over-positions", ONE, "the code loops over channels or kernel positions")
def conv_forward(x, w, bias=None, stride=1, padding=0):
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
    return y if bias is None else y + bias[:, None, None]


@wrong("loop-over-channels", ONE, "the code loops over channels or kernel positions")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    y = 0
    for c in range(C):
        columns = F.unfold(x[:, c, None], (kH, kW), padding=padding, stride=stride)
        y = y + w[:, c].reshape(O, -1) @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("columns-in-a-loop", ONE, "the columns are built in a loop")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError("channels of x and w differ")
    x = F.pad(x, (padding,) * 4)
    H2, W2 = (x.shape[2] - kH) // stride + 1, (x.shape[3] - kW) // stride + 1
    patches = []
    for m in range(kH):
        for n in range(kW):
            patch = x[:, :, m : m + stride * (H2 - 1) + 1 : stride]
            patches.append(patch[..., n : n + stride * (W2 - 1) + 1 : stride])
    columns = torch.stack(patches, 2).reshape(B, C * kH * kW, H2 * W2)
    y = (w.reshape(O, -1) @ columns).reshape(B, O, H2, W2)
    return y if bias is None else y + bias[:, None, None]


@wrong("elementwise", ONE, "no matrix product")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = (windows[:, None] * w[None, :, :, None, None]).sum((2, 5, 6))
    return y if bias is None else y + bias[:, None, None]


@wrong("float32", KEEPS, "torch.float32 came out")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError(f"{C} input channels, kernels for {C_w}")
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride).float()
    y = w.reshape(O, -1).float() @ columns
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("detached", "gradients reach input, kernels and bias", "gradient")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x.data, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong("flips-when-strided", "the whole definition at once", "the kernel is flipped")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    if stride > 1:
        windows = windows.flip(-1, -2)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong(
    "broadcasts-channels",
    "refuses kernels made for another number of channels",
    "should raise a ValueError",
)
def conv_forward(x, w, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong(
    "other-error", "refuses kernels made for another number of channels", "raised RuntimeError"
)
def conv_forward(x, w, bias=None, stride=1, padding=0):
    B, _, H, _ = x.shape
    O, _, kH, kW = w.shape
    y = w.reshape(O, -1) @ F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = y.reshape(B, O, (H + 2 * padding - kH) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("library", CHANNELS, "is not allowed here")
def conv_forward(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    return F.conv2d(x, w, bias, stride, padding)


# -- 3.2 convolution, backward ------------------------------------------------------------

DB = "db sums over pictures, rows and columns"
DW = "dw: each weight met every window"
DX = "dx adds up what every window sends back"
TURNED = "dx: an asymmetric kernel goes back the way it came"
STRIDE = "dx: with a stride"
DX_SIDES = "dx: height and width may differ, in picture and kernel"
FRAME = "dx: with padding"
UNREACHED = "rows and columns that no window reaches"
WIDE = "a padding wider than the kernel"


@right("fold")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.reshape(dy.shape[0], O, -1)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = torch.einsum("bol,bkl->ok", rows, columns).reshape(w.shape)
    back = w.reshape(O, -1).T @ rows
    dx = F.fold(back, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.sum(dim=(0, 2, 3))


@right("kernel-positions")
def conv_backward(dy, x, w, stride=1, padding=0):
    p, s = padding, stride
    H, W = x.shape[2:]
    H2, W2 = dy.shape[2:]
    padded = F.pad(x, (p, p, p, p))
    dx, dw = torch.zeros_like(padded), torch.zeros_like(w)
    for m in range(w.shape[2]):
        for n in range(w.shape[3]):
            rows = slice(m, m + s * (H2 - 1) + 1, s)
            cols = slice(n, n + s * (W2 - 1) + 1, s)
            dw[:, :, m, n] = torch.einsum("bohw,bchw->oc", dy, padded[:, :, rows, cols])
            dx[:, :, rows, cols] += torch.einsum("bohw,oc->bchw", dy, w[:, :, m, n])
    return [dx[:, :, p : p + H, p : p + W], dw, dy.sum((0, 2, 3))]


@right("windows")
def conv_backward(dy, x, w, stride=1, padding=0):
    with torch.no_grad():
        B, O, H2, W2 = dy.shape
        kH, kW = w.shape[2:]
        padded = F.pad(x, (padding,) * 4)
        dx, dw, db = torch.zeros_like(padded), torch.zeros_like(w), dy.new_zeros(O)
        for i in range(H2):
            for j in range(W2):
                top, left = i * stride, j * stride
                window = padded[:, :, top : top + kH, left : left + kW]
                dw += torch.einsum("bo,bcmn->ocmn", dy[:, :, i, j], window)
                back = torch.einsum("bo,ocmn->bcmn", dy[:, :, i, j], w)
                dx[:, :, top : top + kH, left : left + kW] += back
                db += dy[:, :, i, j].sum(0)
        H, W = x.shape[2:]
        return dx[:, :, padding : padding + H, padding : padding + W], dw, db


@right("flipped-correlation")
def conv_backward(dy, x, w, stride=1, padding=0):
    B, O, H2, W2 = dy.shape
    kH, kW = w.shape[2:]
    H, W = x.shape[2:]
    p = padding
    padded = F.pad(x, (p, p, p, p))
    windows = padded.unfold(2, kH, stride).unfold(3, kW, stride)
    dw = torch.einsum("bohw,bchwmn->ocmn", dy, windows)
    spread = dy.new_zeros(B, O, H + 2 * p + kH - 1, W + 2 * p + kW - 1)
    spread[:, :, kH - 1 :: stride, kW - 1 :: stride][:, :, :H2, :W2] = dy
    patches = spread.unfold(2, kH, 1).unfold(3, kW, 1)
    dx = torch.einsum("bohwmn,ocmn->bchw", patches, w.flip(2, 3))
    return dx[:, :, p : p + H, p : p + W], dw, dy.sum((0, 2, 3))


@wrong("db-mean", DB, "averaged over pictures, rows and columns")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.mean((0, 2, 3))


@wrong("db-of-each-picture", DB, "the pictures are not summed")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.sum((2, 3))


@wrong("dw-mean", DW, "averaged over the pictures")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).mean(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


@wrong("dw-turned", DW, "turned by 180°")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape).flip(2, 3)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


@wrong("descends", DW, "the sign is wrong")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = -(rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


@wrong("overwrites", DX, "the later ones overwrite the earlier")
def conv_backward(dy, x, w, stride=1, padding=0):
    B, O, H2, W2 = dy.shape
    kH, kW = w.shape[2:]
    H, W = x.shape[2:]
    padded = F.pad(x, (padding,) * 4)
    dx, dw = torch.zeros_like(padded), torch.zeros_like(w)
    for i in range(H2):
        for j in range(W2):
            top, left = i * stride, j * stride
            window = padded[:, :, top : top + kH, left : left + kW]
            dw += torch.einsum("bo,bcmn->ocmn", dy[:, :, i, j], window)
            back = torch.einsum("bo,ocmn->bcmn", dy[:, :, i, j], w)
            dx[:, :, top : top + kH, left : left + kW] = back
    dx = dx[:, :, padding : padding + H, padding : padding + W]
    return dx, dw, dy.sum((0, 2, 3))


@wrong("dx-of-whole-windows", DX, "only whole windows of dy")
def conv_backward(dy, x, w, stride=1, padding=0):
    kH, kW = w.shape[2:]
    windows = F.pad(x, (padding,) * 4).unfold(2, kH, stride).unfold(3, kW, stride)
    dw = torch.einsum("bohw,bchwmn->ocmn", dy, windows)
    patches = dy.unfold(2, kH, 1).unfold(3, kW, 1)
    dx = torch.einsum("bohwmn,ocmn->bchw", patches, w.flip(2, 3))
    return dx, dw, dy.sum((0, 2, 3))


@wrong("dx-turned", TURNED, "the kernel is turned the wrong way")
def conv_backward(dy, x, w, stride=1, padding=0):
    B, O, H2, W2 = dy.shape
    kH, kW = w.shape[2:]
    H, W = x.shape[2:]
    p = padding
    windows = F.pad(x, (p, p, p, p)).unfold(2, kH, stride).unfold(3, kW, stride)
    dw = torch.einsum("bohw,bchwmn->ocmn", dy, windows)
    spread = dy.new_zeros(B, O, H + 2 * p + kH - 1, W + 2 * p + kW - 1)
    spread[:, :, kH - 1 :: stride, kW - 1 :: stride][:, :, :H2, :W2] = dy
    patches = spread.unfold(2, kH, 1).unfold(3, kW, 1)
    dx = torch.einsum("bohwmn,ocmn->bchw", patches, w)
    return dx[:, :, p : p + H, p : p + W], dw, dy.sum((0, 2, 3))


@wrong("square-kernels", DX_SIDES, "raised")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, k, _ = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, k, padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], k, padding=padding, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


@wrong("ignores-stride", STRIDE, "the stride is ignored")
def conv_backward(dy, x, w, stride=1, padding=0):
    H, W = x.shape[2:]
    H2, W2 = dy.shape[2:]
    p = padding
    padded = F.pad(x, (p, p, p, p))
    dx, dw = torch.zeros_like(padded), torch.zeros_like(w)
    for m in range(w.shape[2]):
        for n in range(w.shape[3]):
            patch = padded[:, :, m : m + H2, n : n + W2]
            dw[:, :, m, n] = torch.einsum("bohw,bchw->oc", dy, patch)
            dx[:, :, m : m + H2, n : n + W2] += torch.einsum("bohw,oc->bchw", dy, w[:, :, m, n])
    return dx[:, :, p : p + H, p : p + W], dw, dy.sum((0, 2, 3))


@wrong("keeps-frame", FRAME, "dx has the size of the padded picture")
def conv_backward(dy, x, w, stride=1, padding=0):
    kernel = w.shape[2:]
    x = F.pad(x, (padding,) * 4)
    rows, columns = dy.flatten(2), F.unfold(x, kernel, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], kernel, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


@wrong("cuts-one-side", FRAME, "the frame is cut off on one side only")
def conv_backward(dy, x, w, stride=1, padding=0):
    kernel, (H, W) = w.shape[2:], x.shape[2:]
    x = F.pad(x, (padding,) * 4)
    rows, columns = dy.flatten(2), F.unfold(x, kernel, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], kernel, stride=stride)
    return dx[:, :, :H, :W], dw, dy.sum((0, 2, 3))


@wrong("another-order", DW, "come in another order")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    return dw, dy.sum((0, 2, 3)), dx


@wrong("float32-buffer", KEEPS, "torch.float32 came out for db")
def conv_backward(dy, x, w, stride=1, padding=0):
    O, C, kH, kW = w.shape
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], (kH, kW), padding=padding, stride=stride)
    db = torch.zeros(O)
    db += dy.sum((0, 2, 3))
    return dx, dw, db


@wrong("size-from-dy", UNREACHED, "shape")
def conv_backward(dy, x, w, stride=1, padding=0):
    B, O, H2, W2 = dy.shape
    kH, kW = w.shape[2:]
    H = (H2 - 1) * stride + kH - 2 * padding
    W = (W2 - 1) * stride + kW - 2 * padding
    rows = dy.flatten(2)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, (H, W), (kH, kW), padding=padding, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


@wrong("frame-in-steps", "stride and padding together", "dx")
def conv_backward(dy, x, w, stride=1, padding=0):
    kernel, (H, W) = w.shape[2:], x.shape[2:]
    x = F.pad(x, (padding,) * 4)
    rows, columns = dy.flatten(2), F.unfold(x, kernel, stride=stride)
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    dx = F.fold(w.flatten(1).T @ rows, x.shape[2:], kernel, stride=stride)
    p = padding // stride
    return dx[:, :, p : p + H, p : p + W], dw, dy.sum((0, 2, 3))


@wrong("frame-around-dy", WIDE, "raised")
def conv_backward(dy, x, w, stride=1, padding=0):
    B, O, H2, W2 = dy.shape
    kH, kW = w.shape[2:]
    H, W = x.shape[2:]
    windows = F.pad(x, (padding,) * 4).unfold(2, kH, stride).unfold(3, kW, stride)
    dw = torch.einsum("bohw,bchwmn->ocmn", dy, windows)
    spread = dy.new_zeros(B, O, H + kH - 1, W + kW - 1)
    top, left = kH - 1 - padding, kW - 1 - padding
    spread[:, :, top::stride, left::stride][:, :, :H2, :W2] = dy
    patches = spread.unfold(2, kH, 1).unfold(3, kW, 1)
    dx = torch.einsum("bohwmn,ocmn->bchw", patches, w.flip(2, 3))
    return dx, dw, dy.sum((0, 2, 3))


@wrong("autograd", DB, "is not allowed here")
def conv_backward(dy, x, w, stride=1, padding=0):
    with torch.enable_grad():
        x, w = x.detach().requires_grad_(), w.detach().requires_grad_()
        padded = F.pad(x, (padding,) * 4)
        windows = padded.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
        y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
        y.backward(dy)
    return x.grad, w.grad, dy.sum((0, 2, 3))


@wrong("transposed-library", DB, "is not allowed here")
def conv_backward(dy, x, w, stride=1, padding=0):
    dx = F.conv_transpose2d(dy, w, stride=stride, padding=padding)
    dw = F.conv2d(x.transpose(0, 1), dy.transpose(0, 1), padding=padding, dilation=stride)
    return dx, dw.transpose(0, 1), dy.sum((0, 2, 3))


# -- 3.3 max pooling ----------------------------------------------------------------------

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


# -- 3.4 receptive field ------------------------------------------------------------------

PLAIN = "layers of stride 1: each adds k − 1"
SPREAD = "strides spread the layers after them"
APART = "neighbouring outputs lie the product of all strides apart"
NOTHING = "no layer at all: a pixel sees itself"
KERNELS_OF_1 = "kernels of 1, strides wider than the kernel"


@right("forwards")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, jump


@right("backwards")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in reversed(layers):
        size = (size - 1) * s + k
        jump = jump * s
    return [size, jump]


@right("formula")
def receptive_field(layers):
    strides = [s for _, s in layers]
    size = 1 + sum((k - 1) * math.prod(strides[:n]) for n, (k, _) in enumerate(layers))
    return size, math.prod(strides)


@right("tensors")
def receptive_field(layers):
    k = torch.tensor([k for k, _ in layers], dtype=torch.int64)
    jumps = torch.tensor([1] + [s for _, s in layers]).cumprod(0)
    return 1 + ((k - 1) * jumps[:-1]).sum(), jumps[-1]


@wrong("sum-of-kernels", PLAIN, "the kernels are added")
def receptive_field(layers):
    size, jump = 0, 1
    for k, s in layers:
        size += k * jump
        jump *= s
    return max(size, 1), jump


@wrong("kernels-whole", PLAIN, "the kernels are added to a 1")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += k * jump
        jump *= s
    return size, jump


@wrong("without-the-1", PLAIN, "the 1 is missing")
def receptive_field(layers):
    size, jump = 0, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, jump


@wrong("ignores-strides", SPREAD, "the strides are ignored")
def receptive_field(layers):
    return 1 + sum(k - 1 for k, _ in layers), math.prod(s for _, s in layers)


@wrong("own-stride-too", SPREAD, "a layer's own stride counts too early")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        jump *= s
        size += (k - 1) * jump
    return size, jump


@wrong("own-stride-alone", SPREAD, "spread by its own stride alone")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * s
        jump *= s
    return size, jump


@wrong("stride-before-alone", SPREAD, "only the layer before spreads")
def receptive_field(layers):
    size, jump, before = 1, 1, 1
    for k, s in layers:
        size += (k - 1) * before
        before = s
        jump *= s
    return size, jump


@wrong("from-the-output", SPREAD, "taken from output to input")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in reversed(layers):
        size += (k - 1) * jump
        jump *= s
    return size, jump


@wrong("strides-added", APART, "the strides are added")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, sum(s for _, s in layers) or 1


@wrong("last-stride", APART, "the last layer's stride alone")
def receptive_field(layers):
    size, jump, s = 1, 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, s


@wrong("swapped", PLAIN, "size and stride are swapped")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return jump, size


@wrong("size-alone", PLAIN, "expected two ints")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size


@wrong("float", PLAIN, "returned a float")
def receptive_field(layers):
    strides = np.cumprod([1.0] + [s for _, s in layers])
    size = 1 + sum((k - 1) * j for (k, _), j in zip(layers, strides, strict=False))
    return float(size), float(strides[-1])


@wrong("starts-with-first", NOTHING, "raised IndexError")
def receptive_field(layers):
    size, jump = layers[0]
    for k, s in layers[1:]:
        size += (k - 1) * jump
        jump *= s
    return size, jump


@wrong("zero-without-layers", NOTHING, "(1, 1), not (0, 1)")
def receptive_field(layers):
    size, jump = 0, 1
    for k, s in layers:
        size = size + (k - 1) * jump if size else k
        jump *= s
    return size, jump


@wrong("skips-kernels-of-1", KERNELS_OF_1, "outputs lie 2 pixels apart, not 1")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        if k == 1:
            continue  # sees nothing new
        size += (k - 1) * jump
        jump *= s
    return size, jump


# -- 3.5 parameters -----------------------------------------------------------------------

CONV = "a convolution has k × k weights for each pair of channels"
LINEAR = "a linear layer has one weight for each pair"
BIASES = "one bias for each output, where the layer has one"
POOLS = "pooling has none; layers add up"
REFUSES = "refuses a layer of another kind"
LARGE = "a large network, to the last parameter"


@right("if")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + int(bias))
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + int(bias))
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@right("match")
def count_parameters(layers):
    def count(layer):
        match layer:
            case ("conv", c_in, c_out, k, bias):
                return c_in * c_out * k**2 + (c_out if bias else 0)
            case ("linear", n_in, n_out, bias):
                return n_in * n_out + (n_out if bias else 0)
            case ("pool", _):
                return 0
        raise ValueError("unknown layer")

    return sum(map(count, layers))


@right("tensor")
def count_parameters(layers):
    counts = []
    for layer in layers:
        kind = layer[0]
        if kind not in ("conv", "linear", "pool"):
            raise ValueError(kind)
        if kind == "pool":
            continue
        k = layer[3] if kind == "conv" else 1
        bias = layer[2] if layer[-1] else 0
        counts.append(layer[1] * layer[2] * k**2 + bias)
    return torch.tensor(counts, dtype=torch.int64).sum()


@wrong("kernel-not-squared", CONV, "the kernel has k × k weights, not k")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("one-slice", CONV, "every kernel has a slice for each input channel")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("linear-added", LINEAR, "inputs and outputs are added")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_in + n_out + n_out * bias
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-forgotten", BIASES, "the biases are forgotten")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * c_in * k * k
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * n_in
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-always", BIASES, "counted although the layer has none")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + 1)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + 1)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-once", BIASES, "one bias for the whole layer")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * c_in * k * k + bias
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * n_in + bias
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-of-each-weight", BIASES, "one bias for each weight")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * c_in * k * k * (1 + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * n_in * (1 + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-of-inputs", BIASES, "one bias for each input")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_in * (c_out * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_in * (n_out + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("pooling-counted", POOLS, "pooling is counted")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        elif kind == "pool":
            total += sizes[0] ** 2
        else:
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("last-layer-alone", POOLS, "only the last layer is counted")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total = c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total = n_out * (n_in + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("any-kind", REFUSES, "should raise a ValueError")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
    return total


@wrong("key-error", REFUSES, "the call raised KeyError")
def count_parameters(layers):
    count = {
        "conv": lambda c_in, c_out, k, bias: c_out * (c_in * k * k + bias),
        "linear": lambda n_in, n_out, bias: n_out * (n_in + bias),
        "pool": lambda k: 0,
    }
    return sum(count[kind](*sizes) for kind, *sizes in layers)


@wrong("float32-sum", LARGE, "the layers of VGG-16 add up to")
def count_parameters(layers):
    counts = [0]
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            counts.append(c_out * (c_in * k * k + bias))
        elif kind == "linear":
            n_in, n_out, bias = sizes
            counts.append(n_out * (n_in + bias))
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return int(torch.tensor(counts, dtype=torch.float32).sum())


# -- 3.6 shift ----------------------------------------------------------------------------

MOVES = "moves the picture to the right and down"
BACK = "moves to the left and up where the numbers are negative"
ZERO = "by 0 along one axis or both"
BLACK = "black comes in, nothing wraps around"
KEEPS_UINT8 = "keeps the dtype, also uint8, and leaves its input alone"
FAR = "farther than the picture is wide or high: all black"


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


@wrong("other-way", MOVES, "moved the other way")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = F.pad(x, (W, W, H, H))
    down, right = max(-H, min(down, H)), max(-W, min(right, W))
    return y[..., H + down : 2 * H + down, W + right : 2 * W + right]


@wrong("swapped", MOVES, "right and down are swapped")
def shift(x, right, down):
    H, W = x.shape[2:]
    right, down = down, right
    y = F.pad(x, (W, W, H, H))
    down, right = max(-H, min(down, H)), max(-W, min(right, W))
    return y[..., H - down : 2 * H - down, W - right : 2 * W - right]


@wrong("one-axis", MOVES, "only moved to the side")
def shift(x, right, down):
    H, W = x.shape[2:]
    right = max(-W, min(right, W))
    return F.pad(x, (W, W))[..., W - right : 2 * W - right]


@wrong("roll", BLACK, "it wraps around")
def shift(x, right, down):
    return torch.roll(x, shifts=(down, right), dims=(-2, -1))


@wrong("wraps-to-the-left", BLACK, "it wraps around")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = torch.zeros_like(x)
    if abs(right) >= W or abs(down) >= H:
        return y * x
    for i in range(H):
        for j in range(W):
            if i + down < H and j + right < W:
                y[:, :, i + down, j + right] = x[:, :, i, j]
    return y


@wrong("repeats-border", BLACK, "the border is repeated")
def shift(x, right, down):
    H, W = x.shape[-2:]
    i, j = torch.arange(H) - down, torch.arange(W) - right
    return x[..., i.clamp(0, H - 1), :][..., j.clamp(0, W - 1)]


@wrong("old-pixels-stay", BLACK, "the old pixels stay")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = x.clone()
    if abs(right) >= W or abs(down) >= H:
        return torch.zeros_like(x)
    to_rows = slice(max(down, 0), H + min(down, 0))
    from_rows = slice(max(-down, 0), H - max(down, 0))
    to_cols, from_cols = (
        slice(max(right, 0), W + min(right, 0)),
        slice(max(-right, 0), W - max(right, 0)),
    )
    y[:, :, to_rows, to_cols] = x[:, :, from_rows, from_cols]
    return y


@wrong("grows", BLACK, "the picture has grown")
def shift(x, right, down):
    return F.pad(x, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))


@wrong("positive-only", BACK, "negative numbers are taken as 0")
def shift(x, right, down):
    H, W = x.shape[2:]
    right, down = min(max(right, 0), W), min(max(down, 0), H)
    return F.pad(x, (right, 0, down, 0))[..., :H, :W]


@wrong("signs-ignored", BACK, "the signs are ignored")
def shift(x, right, down):
    H, W = x.shape[2:]
    right, down = min(abs(right), W), min(abs(down), H)
    return F.pad(x, (right, 0, down, 0))[..., :H, :W]


@wrong("empty-slice", ZERO, "raised RuntimeError")
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


@wrong("float-canvas", KEEPS_UINT8, "torch.float32 came out")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = torch.zeros(x.shape[0], x.shape[1], 3 * H, 3 * W)
    right, down = max(-W, min(right, W)), max(-H, min(down, H))
    y[:, :, H + down : 2 * H + down, W + right : 2 * W + right] = x
    return y[:, :, H : 2 * H, W : 2 * W]


@wrong("writes-into-its-input", KEEPS_UINT8, "changed in place")
def shift(x, right, down):
    y = torch.roll(x, (down, right), (2, 3))
    H, W = x.shape[2:]
    rows = (torch.arange(H) - down >= 0) & (torch.arange(H) - down < H)
    cols = (torch.arange(W) - right >= 0) & (torch.arange(W) - right < W)
    y = y * (rows[:, None] & cols).to(x.dtype)
    x.data.copy_(y.detach())
    return y


@wrong("not-farther", FAR, "raised RuntimeError")
def shift(x, right, down):
    return F.pad(x, (right, -right, down, -down))


@wrong("detached", "a gradient reaches the picture", "the result has no gradient")
def shift(x, right, down):
    H, W = x.shape[2:]
    y = F.pad(x.detach(), (W, W, H, H))
    right, down = max(-W, min(right, W)), max(-H, min(down, H))
    return y[..., H - down : 2 * H - down, W - right : 2 * W - right]
