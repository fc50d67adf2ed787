"""Convolution in one and two dimensions.

Sources: the lecture's definition (a ⋆ b)[i] = Σ_j a[j] b[i − j]; for layers, the arithmetic of
V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.

Signals are ``(N,)``, images ``(B, C, H, W)``; every function keeps dtype and device and can
be differentiated.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

# The filters of the chapter, as they are written on paper. Applied as cross-correlation, the
# way deep-learning libraries do: no kernel here is flipped before use.
KERNELS: dict[str, Tensor] = {
    "identity": torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "box": torch.ones(3, 3) / 9,
    "gaussian": torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "sobel x": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel y": torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "laplacian": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "emboss": torch.tensor([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),
}


def moving_average(a: Tensor, r: int) -> Tensor:
    """c[i] = (1 / (2r + 1)) Σ_{j=i−r}^{i+r} a[j], where the whole window fits.

    Args:
        a: signal (N,).
        r: radius of the window, r >= 0.

    Returns:
        (N − 2r,)

    Raises:
        ValueError: the window is longer than the signal.
    """
    if 2 * r + 1 > len(a):
        raise ValueError(f"a window of {2 * r + 1} does not fit into a signal of {len(a)}")
    return a.unfold(0, 2 * r + 1, 1).mean(dim=-1)


def box_filter(radius: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Equal weights that sum to one: (2·radius + 1,)."""
    return torch.full((2 * radius + 1,), 1 / (2 * radius + 1), dtype=dtype)


def gaussian_filter(radius: int, sigma: float, dtype: torch.dtype = torch.float64) -> Tensor:
    """Weights exp(−x² / 2σ²) at x = −radius … radius, scaled to sum to one.

    Args:
        radius: >= 0.
        sigma: standard deviation in samples, > 0.

    Returns:
        (2·radius + 1,)

    Raises:
        ValueError: sigma is not positive.
    """
    if sigma <= 0:
        raise ValueError(f"sigma must be positive, got {sigma}")
    x = torch.arange(-radius, radius + 1, dtype=dtype)
    weights = torch.exp(-(x**2) / (2 * sigma**2))
    return weights / weights.sum()


def conv1d(a: Tensor, b: Tensor) -> Tensor:
    """True convolution (a ⋆ b)[i] = Σ_j a[j] b[i − j] at every i where a term exists.

    Args:
        a: (N,).
        b: (K,).

    Returns:
        (N + K − 1,); ``conv1d(a, b)`` equals ``conv1d(b, a)``.
    """
    K = len(b)
    windows = F.pad(a, (K - 1, K - 1)).unfold(0, K, 1)  # (N + K − 1, K)
    return windows @ b.flip(0)


def smooth(a: Tensor, b: Tensor) -> Tensor:
    """The middle N values of ``conv1d(a, b)``: as long as ``a`` (N,), zeros beyond its ends.

    ``b`` (K,) needs an odd length, so that its middle can lie on a sample.
    """
    if len(b) % 2 == 0:
        raise ValueError(f"a filter of even length {len(b)} has no middle")
    r = len(b) // 2
    return conv1d(a, b)[r : r + len(a)]


def output_size(n: int, k: int, stride: int = 1, padding: int = 0) -> int:
    """floor((n + 2·padding − k) / stride) + 1: how many windows fit along one axis.

    Raises:
        ValueError: the kernel is larger than the padded input.
    """
    if k > n + 2 * padding:
        raise ValueError(f"a kernel of {k} does not fit into {n} + 2·{padding}")
    return (n + 2 * padding - k) // stride + 1


def conv2d(
    x: Tensor, w: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """A convolutional layer: y[b,o,i,j] = bias[o] + Σ_c,m,n w[o,c,m,n] x[b,c,i·s+m,j·s+n].

    Deep-learning libraries call this convolution; it is cross-correlation, as the kernel is
    not flipped. Written with ``unfold`` (im2col) and one matrix product.

    Args:
        x: (B, C_in, H, W).
        w: (C_out, C_in, kH, kW).
        bias: (C_out,) or None.
        stride: step between windows, along both axes.
        padding: zeros added on all four sides.

    Returns:
        (B, C_out, H', W') with H' = output_size(H, kH, stride, padding), W' alike.
    """
    B, C_in, H, W = x.shape
    C_out, C_w, kH, kW = w.shape
    if C_in != C_w:
        raise ValueError(f"x has {C_in} channels, the kernels have {C_w}")
    size = output_size(H, kH, stride, padding), output_size(W, kW, stride, padding)
    columns = F.unfold(x, (kH, kW), padding=padding, stride=stride)  # (B, C_in·kH·kW, H'·W')
    y = (w.reshape(C_out, -1) @ columns).reshape(B, C_out, *size)
    return y if bias is None else y + bias[:, None, None]


def filter2d(x: Tensor, kernel: Tensor) -> Tensor:
    """One kernel over every channel by itself; the border is repeated, the size is kept.

    Args:
        x: (B, C, H, W).
        kernel: (kH, kW) with odd sides; applied unflipped.

    Returns:
        (B, C, H, W)
    """
    C, (kH, kW) = x.shape[1], kernel.shape
    padded = F.pad(x, (kW // 2, kW // 2, kH // 2, kH // 2), mode="replicate")
    weights = kernel.to(x)[None, None].expand(C, 1, kH, kW)
    return F.conv2d(padded, weights, groups=C)


def separable_filter(x: Tensor, k: Tensor) -> Tensor:
    """The outer product of ``k`` with itself as a kernel, in two passes of one dimension.

    K + K products per pixel in place of K². Border and size as in ``filter2d``.

    Args:
        x: (B, C, H, W).
        k: (K,) with odd K.

    Returns:
        (B, C, H, W)
    """
    return filter2d(filter2d(x, k[:, None]), k[None, :])


def edge_strength(x: Tensor) -> Tensor:
    """Length of the gradient √(gx² + gy²) by Sobel's filters. (B, C, H, W), shape kept."""
    gx = filter2d(x, KERNELS["sobel x"])
    gy = filter2d(x, KERNELS["sobel y"])
    return (gx**2 + gy**2).sqrt()
