"""Right and wrong answers to the exercises of chapter 2, convolution."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong
ANSWERS = bank.answers

# -- 2.1 moving average -------------------------------------------------------------------

WINDOW = "averages every whole window"


@right("loop")
def moving_average(a, r):
    c = []
    for i in range(r, len(a) - r):
        c.append(a[i - r : i + r + 1].mean())
    return torch.stack(c)


@right("running-sum")
def moving_average(a, r):
    total = torch.cat([a.new_zeros(1), a.cumsum(0)])
    n = 2 * r + 1
    return (total[n:] - total[:-n]) / n


@right("unfold")
def moving_average(a, r):
    return a.unfold(0, 2 * r + 1, 1).mean(-1)


@wrong("divides-by-2r", WINDOW, "divided by 2r")
def moving_average(a, r):
    return a.unfold(0, 2 * r + 1, 1).sum(-1) / max(2 * r, 1)


@wrong("sum", WINDOW, "not divided")
def moving_average(a, r):
    return a.unfold(0, 2 * r + 1, 1).sum(-1)


@wrong("slice-end", WINDOW, "last sample of each window is missing")
def moving_average(a, r):
    if r == 0:
        return a
    return torch.stack([a[i - r : i + r].mean() for i in range(r, len(a) - r)])


@wrong("slice-end-divides-right", WINDOW, "last sample of each window is missing")
def moving_average(a, r):
    return torch.stack([a[i - r : i + r].sum() / (2 * r + 1) for i in range(r, len(a) - r)])


@wrong("radius-as-width", WINDOW, "the window holds r samples")
def moving_average(a, r):
    return a.unfold(0, max(r, 1), 1).mean(-1)


@wrong("zeros-beyond-the-ends", WINDOW, "averaged with zeros")
def moving_average(a, r):
    padded = torch.cat([a.new_zeros(r), a, a.new_zeros(r)])
    return padded.unfold(0, 2 * r + 1, 1).mean(-1)


@wrong("last-window-missing", WINDOW, "the last window is missing")
def moving_average(a, r):
    return torch.stack(
        [a[i - r : i + r + 1].mean() for i in range(r, max(len(a) - r - 1, r + 1))]
    )


@wrong("float32-buffer", "keeps the dtype and leaves its input alone", "torch.float32 came out")
def moving_average(a, r):
    c = torch.zeros(len(a) - 2 * r)
    for i in range(len(c)):
        c[i] = a[i : i + 2 * r + 1].mean()
    return c


@wrong(
    "writes-into-its-input", "keeps the dtype and leaves its input alone", "changed in place"
)
def moving_average(a, r):
    c = a.unfold(0, 2 * r + 1, 1).mean(-1)
    a.data[r : r + len(c)] = c.detach()
    return c


@wrong("empty-at-radius-0", "radius 0, and a window as long as the signal", "shape (0,)")
def moving_average(a, r):
    padded = torch.cat([a.new_zeros(r), a, a.new_zeros(r)])
    same = padded.unfold(0, 2 * r + 1, 1).mean(-1)
    return same[r:-r]


@wrong("item", "a gradient reaches the signal", "the result has no gradient")
def moving_average(a, r):
    means = [a[i : i + 2 * r + 1].mean().item() for i in range(len(a) - 2 * r)]
    return torch.tensor(means, dtype=a.dtype)


@wrong("library", WINDOW, "is not allowed here")
def moving_average(a, r):
    return F.avg_pool1d(a[None, None], 2 * r + 1, stride=1)[0, 0]


# -- 2.2 Gaussian filter ------------------------------------------------------------------

BELL = "weights fall as exp(−x² / 2σ²)"


@right("torch")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-0.5 * (x / sigma) ** 2)
    return w / w.sum()


@right("softmax")
def gaussian_filter(radius, sigma):
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, not {sigma}")
    x = torch.linspace(-radius, radius, 2 * radius + 1, dtype=torch.double)
    return torch.softmax(-x.square() / (2 * sigma * sigma), dim=0)


@right("plain-python")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    weights = [math.exp(-(x**2) / (2 * sigma**2)) for x in range(-radius, radius + 1)]
    return torch.tensor([w / sum(weights) for w in weights], dtype=torch.float64)


@wrong("not-scaled", BELL, "not scaled to sum to one")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    return torch.exp(-(x**2) / (2 * sigma**2))


@wrong("density", BELL, "the integral of the curve")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    return torch.exp(-(x**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))


@wrong("no-2", BELL, "the 2 in exp")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / sigma**2)
    return w / w.sum()


@wrong("sigma-not-squared", BELL, "sigma is not squared")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma))
    return w / w.sum()


@wrong("not-centred", BELL, "not centred")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(2 * radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("range-end", BELL, "one weight is missing")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, max(radius, 1), dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("absolute-value", BELL, "x is not squared")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-x.abs() / (2 * sigma**2))
    return w / w.sum()


@wrong("float32", "sums to one, narrow or wide", "torch.float32 came out")
def gaussian_filter(radius, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    x = torch.arange(-radius, radius + 1)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


@wrong("any-sigma", "refuses a sigma that is not positive", "should raise a ValueError")
def gaussian_filter(radius, sigma):
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    w = torch.exp(-(x**2) / (2 * sigma**2))
    return w / w.sum()


# -- 2.3 convolution in one dimension -----------------------------------------------------

SYMMETRIC = "sums a[j]·b[i − j] over a symmetric filter"
BACKWARDS = "runs the filter backwards: b[i − j]"
LENGTHS = "any two lengths: even filters, filters longer than the signal"


@right("definition")
def conv1d(a, b):
    N, K = len(a), len(b)
    c = []
    for i in range(N + K - 1):
        c.append(sum(a[j] * b[i - j] for j in range(N) if 0 <= i - j < K))
    return torch.stack(c)


@right("shift-and-add")
def conv1d(a, b):
    N, K = len(a), len(b)
    out = a.new_zeros(N + K - 1)
    for k in range(K):
        out = out + b[k] * F.pad(a, (k, K - 1 - k))
    return out


@right("toeplitz")
def conv1d(a, b):
    N, K = a.numel(), b.numel()
    shift = torch.arange(N + K - 1)[:, None] - torch.arange(N)[None, :]
    inside = (shift >= 0) & (shift < K)
    return (b[shift.clamp(0, K - 1)] * inside) @ a


@right("outer-product")
def conv1d(a, b):
    table = torch.outer(a, b)
    out = torch.zeros(len(a) + len(b) - 1, dtype=a.dtype)
    index = torch.arange(len(a))[:, None] + torch.arange(len(b))
    return out.index_add(0, index.flatten(), table.flatten())


@right("fourier")
def conv1d(a, b):
    n = len(a) + len(b) - 1
    return torch.fft.irfft(torch.fft.rfft(a, n) * torch.fft.rfft(b, n), n)


@wrong("not-flipped", BACKWARDS, "this is cross-correlation")
def conv1d(a, b):
    K = len(b)
    return F.pad(a, (K - 1, K - 1)).unfold(0, K, 1) @ b


@wrong("valid", SYMMETRIC, "only whole windows")
def conv1d(a, b):
    if len(b) > len(a):
        a, b = b, a
    return a.unfold(0, len(b), 1) @ b.flip(0)


@wrong("same", SYMMETRIC, "only as long as the signal")
def conv1d(a, b):
    K = len(b)
    full = F.pad(a, (K - 1, K - 1)).unfold(0, K, 1) @ b.flip(0)
    return full[K // 2 : K // 2 + len(a)]


@wrong("stops-at-N", SYMMETRIC, "i has to run up to N + K − 2")
def conv1d(a, b):
    return torch.stack(
        [
            sum(a[j] * b[i - j] for j in range(len(a)) if 0 <= i - j < len(b))
            for i in range(len(a))
        ]
    )


@wrong("averages", SYMMETRIC, "divided by the length of the filter")
def conv1d(a, b):
    K = len(b)
    return F.pad(a, (K - 1, K - 1)).unfold(0, K, 1) @ b.flip(0) / K


@wrong("flips-both", BACKWARDS, "signal and result run backwards")
def conv1d(a, b):
    K = len(b)
    return F.pad(a.flip(0), (K - 1, K - 1)).unfold(0, K, 1) @ b.flip(0)


@wrong("odd-filters-only", LENGTHS, "a filter of 4")
def conv1d(a, b):
    r = len(b) // 2
    windows = F.pad(a, (2 * r, 2 * r)).unfold(0, 2 * r + 1, 1)
    return windows[:, : len(b)] @ b.flip(0)


@wrong(
    "float32-buffer", "keeps the dtype and leaves its inputs alone", "torch.float32 came out"
)
def conv1d(a, b):
    out = torch.zeros(len(a) + len(b) - 1)
    for k in range(len(b)):
        out[k : k + len(a)] += b[k] * a
    return out


@wrong("numpy", "gradients reach signal and filter", "the result has no gradient")
def conv1d(a, b):
    out = np.zeros(len(a) + len(b) - 1, dtype=a.detach().numpy().dtype)
    for j in range(len(a)):
        out[j : j + len(b)] += a[j].item() * b.detach().numpy()
    return torch.from_numpy(out)


@wrong("one-sample", "a filter or a signal of one sample", "raised")
def conv1d(a, b):
    K = len(b)
    padded = torch.zeros(len(a) + 2 * (K - 1), dtype=a.dtype)
    padded[K - 1 : -(K - 1)] = a
    return padded.unfold(0, K, 1) @ b.flip(0)


@wrong("library", SYMMETRIC, "is not allowed here")
def conv1d(a, b):
    return F.conv1d(a[None, None], b.flip(0)[None, None], padding=len(b) - 1)[0, 0]


@wrong("numpy-library", SYMMETRIC, "is not allowed here")
def conv1d(a, b):
    return torch.from_numpy(np.convolve(a.detach().numpy(), b.detach().numpy()))


# -- 2.4 output size ----------------------------------------------------------------------

PADDING = "padding counts on both sides"
STRIDE = "a stride skips windows; what is left over is dropped"


@right("formula")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n + 2 * padding - k) // stride + 1


@right("counting")
def output_size(n, k, stride=1, padding=0):
    starts = range(-padding, n + padding - k + 1, stride)
    if len(starts) == 0:
        raise ValueError(f"kernel {k} larger than input {n} with padding {padding}")
    return len(starts)


@right("math-floor")
def output_size(n, k, stride=1, padding=0):
    room = n + 2 * padding - k
    if room < 0:
        raise ValueError("kernel too large")
    return math.floor(room / stride) + 1


@wrong("fence-posts", "stride 1, no padding", "the + 1 is missing")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n + 2 * padding - k) // stride


@wrong("one-side", PADDING, "both sides")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n + padding - k) // stride + 1


@wrong("rounds-up", STRIDE, "rounded up")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return math.ceil((n + 2 * padding - k) / stride) + 1


@wrong("float", STRIDE, "not rounded")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n + 2 * padding - k) / stride + 1


@wrong("one-plus-inside", STRIDE, "stands inside the division")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n + 2 * padding - k + 1) // stride


@wrong("no-stride", STRIDE, "the stride is left out")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return n + 2 * padding - k + 1


@wrong("padding-last", "stride and padding together", "added after the stride")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n - k) // stride + 1 + 2 * padding


@wrong("no-error", "refuses a kernel that does not fit", "should raise a ValueError")
def output_size(n, k, stride=1, padding=0):
    return (n + 2 * padding - k) // stride + 1


@wrong("zero-instead", "refuses a kernel that does not fit", "should raise a ValueError")
def output_size(n, k, stride=1, padding=0):
    return max((n + 2 * padding - k) // stride + 1, 0)


# -- 2.5 convolution in two dimensions ----------------------------------------------------

PLAIN = "one channel, a symmetric kernel"
UNFLIPPED = "the kernel is not flipped (cross-correlation)"
CHANNELS = "sums over the input channels"
SIDES = "height and width may differ, in picture and kernel"
STEPS = "stride and padding"
ONE = "one picture, one kernel, one window; strides longer than the kernel"


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


@wrong("flipped", UNFLIPPED, "this is true convolution")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w.flip(2, 3))
    return y if bias is None else y + bias[:, None, None]


@wrong("transposed-kernel", UNFLIPPED, "rows and columns of the kernel are swapped")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(3, w.shape[3], stride).unfold(2, w.shape[2], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong("first-channel", CHANNELS, "only the first input channel")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x[:, 0].unfold(1, w.shape[2], stride).unfold(2, w.shape[3], stride)
    y = torch.einsum("bhwmn,omn->bohw", windows, w[:, 0])
    return y if bias is None else y + bias[:, None, None]


@wrong("mean-of-channels", CHANNELS, "averaged over the input channels")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w) / x.shape[1]
    return y if bias is None else y + bias[:, None, None]


@wrong("swapped-sides", SIDES, "height and width of the output are swapped")
def conv2d(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, kH, kW = w.shape
    if C_w != C:
        raise ValueError("channels differ")
    size_h = (H + 2 * padding - kH) // stride + 1
    size_w = (W + 2 * padding - kW) // stride + 1
    y = w.reshape(O, -1) @ F.unfold(x, (kH, kW), padding=padding, stride=stride)
    y = y.reshape(B, O, size_w, size_h)
    return y if bias is None else y + bias[:, None, None]


@wrong("square-kernels", SIDES, "raised")
def conv2d(x, w, bias=None, stride=1, padding=0):
    B, C, H, W = x.shape
    O, C_w, k, _ = w.shape
    if C_w != C:
        raise ValueError("channels differ")
    y = w.reshape(O, -1) @ F.unfold(x, k, padding=padding, stride=stride)
    y = y.reshape(B, O, (H + 2 * padding - k) // stride + 1, -1)
    return y if bias is None else y + bias[:, None, None]


@wrong("ignores-stride", STEPS, "the stride is ignored")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], 1).unfold(3, w.shape[3], 1)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong("pads-two-sides", STEPS, "padded on two sides only")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding, 0, padding, 0))
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong("dilation", STEPS, "that is dilation")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x, s = F.pad(x, (padding,) * 4), stride
    kH, kW = w.shape[2:]
    H, W = x.shape[2] - s * (kH - 1), x.shape[3] - s * (kW - 1)
    y = 0
    for m in range(kH):
        for n in range(kW):
            patch = x[:, :, m * s : m * s + H, n * s : n * s + W]
            y = y + torch.einsum("bchw,oc->bohw", patch, w[:, :, m, n])
    return y if bias is None else y + bias[:, None, None]


@wrong("repeats-border", STEPS, "the border is repeated")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4, mode="replicate") if padding else x
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias[:, None, None]


@wrong("no-bias", "one bias for each output channel", "the bias is ignored")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    return torch.einsum("bchwmn,ocmn->bohw", windows, w)


@wrong("bias-along-width", "one bias for each output channel", "added along the width")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
    return y if bias is None else y + bias


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


@wrong("no-grad", "gradients reach input, kernels and bias", "the result has no gradient")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    with torch.no_grad():
        x = F.pad(x, (padding,) * 4)
        windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
        y = torch.einsum("bchwmn,ocmn->bohw", windows, w)
        return y if bias is None else y + bias[:, None, None]


@wrong("detached-kernel", "gradients reach input, kernels and bias", "no gradient reaches w")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = torch.einsum("bchwmn,ocmn->bohw", windows, w.data)
    return y if bias is None else y + bias[:, None, None]


@wrong("squeeze", ONE, "shape")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = (windows[:, None] * w[None, :, :, None, None]).sum((2, 5, 6))
    y = y if bias is None else y + bias[:, None, None]
    return y.squeeze()


@wrong("broadcasts", "refuses kernels made for another number of channels", "broadcasting")
def conv2d(x, w, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4)
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    y = (windows[:, None] * w[None, :, :, None, None]).sum((2, 5, 6))
    return y if bias is None else y + bias[:, None, None]


@wrong("flips-when-strided", "the whole definition at once", "the kernel is flipped")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    x = F.pad(x, (padding,) * 4)
    kH, kW = w.shape[2:]
    H, W = (x.shape[2] - kH) // stride + 1, (x.shape[3] - kW) // stride + 1
    y = 0
    for m in range(kH):
        for n in range(kW):
            last_m, last_n = m + stride * (H - 1) + 1, n + stride * (W - 1) + 1
            patch = x[:, :, m:last_m:stride, n:last_n:stride]
            weights = w[:, :, m, n] if stride == 1 else w[:, :, kH - 1 - m, kW - 1 - n]
            y = y + torch.einsum("bchw,oc->bohw", patch, weights)
    return y if bias is None else y + bias[:, None, None]


@wrong("library", PLAIN, "is not allowed here")
def conv2d(x, w, bias=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError("channels differ")
    return F.conv2d(x, w, bias, stride, padding)


# -- 2.6 separable filter -----------------------------------------------------------------

BOTH = "filters along rows and along columns"
BORDER = "repeats the border"
APART = "each channel by itself"


@right("grouped")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@right("channels-as-batch")
def separable_filter(x, k):
    B, C, H, W = x.shape
    r = len(k) // 2
    y = x.reshape(B * C, 1, H, W)
    y = F.conv2d(F.pad(y, (0, 0, r, r), mode="replicate"), k.view(1, 1, -1, 1))
    y = F.conv2d(F.pad(y, (r, r, 0, 0), mode="replicate"), k.view(1, 1, 1, -1))
    return y.view(B, C, H, W)


@right("shift-and-add")
def separable_filter(x, k):
    r = len(k) // 2
    for dim in (2, 3):
        n = x.shape[dim]
        first, last = x.narrow(dim, 0, 1), x.narrow(dim, n - 1, 1)
        padded = torch.cat([first] * r + [x] + [last] * r, dim)
        x = sum(k[i] * padded.narrow(dim, i, n) for i in range(len(k)))
    return x


@wrong("rows-only", BOTH, "along the rows only")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    return F.conv2d(F.pad(x, (r, r, 0, 0), mode="replicate"), k.expand(C, 1, 1, -1), groups=C)


@wrong("rows-twice", BOTH, "along the rows twice")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    for _ in range(2):
        x = F.conv2d(F.pad(x, (r, r, 0, 0), mode="replicate"), k.expand(C, 1, 1, -1), groups=C)
    return x


@wrong("added", BOTH, "the two passes are added")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    rows = F.conv2d(F.pad(x, (r, r, 0, 0), mode="replicate"), k.expand(C, 1, 1, -1), groups=C)
    tall = F.pad(x, (0, 0, r, r), mode="replicate")
    return rows + F.conv2d(tall, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("zero-border", BORDER, "make its border dark")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.conv2d(x, k.expand(C, 1, 1, -1), padding=(0, r), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), padding=(r, 0), groups=C)


@wrong("mirrored-border", BORDER, "the border is mirrored")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="reflect")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("no-padding", BORDER, "shape")
def separable_filter(x, k):
    C = x.shape[1]
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("mixes-channels", APART, "mix")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, C, 1, -1))
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("sums-channels", APART, "summed into one")
def separable_filter(x, k):
    r = len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate").sum(1, keepdim=True)
    return F.conv2d(F.conv2d(x, k.view(1, 1, 1, -1)), k.view(1, 1, -1, 1))


@wrong("outer-product", "2K products a pixel, not K²", "do not build the 11 × 11 kernel")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    return F.conv2d(x, torch.outer(k, k).expand(C, 1, -1, -1), groups=C)


@wrong("float32", "keeps the dtype and leaves its inputs alone", "torch.float32 came out")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x, k = F.pad(x, (r, r, r, r), mode="replicate").float(), k.float()
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("flipped", "an asymmetric filter keeps its direction", "the filter is flipped")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    k = k.flip(0)
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


@wrong("empty-at-one-sample", "any length of filter, any size of picture", "shape")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    y = F.conv2d(x, k[:, None].expand(C, 1, -1, 1), padding=(r, 0), groups=C)
    return y[:, :, r:-r]


@wrong("copied-filter", "gradients reach picture and filter", "no gradient reaches k")
def separable_filter(x, k):
    C, r = x.shape[1], len(k) // 2
    k = torch.tensor(k.tolist(), dtype=x.dtype)
    x = F.pad(x, (r, r, r, r), mode="replicate")
    x = F.conv2d(x, k.expand(C, 1, 1, -1), groups=C)
    return F.conv2d(x, k[:, None].expand(C, 1, -1, 1), groups=C)


# -- 2.7 edges ----------------------------------------------------------------------------

LENGTH = "length of the gradient in both directions"
FLAT = "a flat picture has no edges, its border included"


@right("grouped")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@right("hypot-true-convolution")
def edge_strength(x):
    B, C, H, W = x.shape
    flat = F.pad(x.reshape(B * C, 1, H, W), (1, 1, 1, 1), mode="replicate")
    kx = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).to(x)
    g = F.conv2d(flat, torch.stack([kx, kx.T])[:, None])
    return torch.hypot(g[:, 0], g[:, 1]).reshape(B, C, H, W)


@right("slices")
def edge_strength(x):
    p = F.pad(x, (1, 1, 1, 1), mode="replicate")
    dx, dy = p[..., 2:] - p[..., :-2], p[..., 2:, :] - p[..., :-2, :]
    gx = dx[..., :-2, :] + 2 * dx[..., 1:-1, :] + dx[..., 2:, :]
    gy = dy[..., :-2] + 2 * dy[..., 1:-1] + dy[..., 2:]
    return torch.sqrt(gx * gx + gy * gy)


@wrong("x-only", LENGTH, "only changes from left to right")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C).abs()


@wrong("signed-sum", LENGTH, "cancel each other")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, (sobel + sobel.T).expand(C, 1, 3, 3), groups=C)


@wrong("absolute-sum", LENGTH, "|gx| + |gy|")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return gx.abs() + gy.abs()


@wrong("no-root", LENGTH, "the square root is missing")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return gx**2 + gy**2


@wrong("prewitt", LENGTH, "Sobel's weights are 1 2 1")
def edge_strength(x):
    C = x.shape[1]
    plain = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, plain.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, plain.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("same-direction-twice", LENGTH, "the same direction is used twice")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.flip(1).expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("zero-border", FLAT, "false edge along its border")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    gx = F.conv2d(x, sobel.expand(C, 1, 3, 3), padding=1, groups=C)
    gy = F.conv2d(x, sobel.T.expand(C, 1, 3, 3), padding=1, groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("sums-channels", APART, "summed into one")
def edge_strength(x):
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(1, x.shape[1], 3, 3))
    gy = F.conv2d(padded, sobel.T.expand(1, x.shape[1], 3, 3))
    return (gx**2 + gy**2).sqrt()


@wrong("float32", "keeps the dtype and leaves its input alone", "torch.float32 came out")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate").float()
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("clamped", "strength grows with contrast", "clamping is for display")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt().clamp(0, 1)


@wrong("detached", "a gradient reaches the picture", "the result has no gradient")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x.detach(), (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()
