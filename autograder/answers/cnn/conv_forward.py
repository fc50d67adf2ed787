"""Right and wrong answers to exercise `conv_forward`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

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
