"""Convolutional networks: their layers forward and backward, what they see and cost, LeNet.

Sources: for the layers, V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep
learning", 2016; for receptive fields, A. Araujo, W. Norris and J. Sim, "Computing Receptive
Fields of Convolutional Neural Networks", Distill 2019; for LeNet, LeCun, Bottou, Bengio and
Haffner, "Gradient-based learning applied to document recognition", 1998, figure 2. As is usual
today: ReLU in place of tanh, max pooling in place of trained subsampling, full connections
between the maps, a softmax in place of RBF units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference.convolution import conv2d, output_size


def conv_forward(
    x: Tensor, w: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """A convolutional layer as one matrix product (im2col): chapter 2's ``conv2d``.

    The windows become columns (B, C_in·kH·kW, H'·W'), the kernels rows (C_out, C_in·kH·kW).

    Args:
        x: (B, C_in, H, W).
        w: (C_out, C_in, kH, kW).
        bias: (C_out,) or None.
        stride: step between windows, along both axes.
        padding: zeros added on all four sides.

    Returns:
        (B, C_out, H', W') with H' = output_size(H, kH, stride, padding), W' alike.

    Raises:
        ValueError: the channels of x and w differ, or the kernel does not fit.
    """
    return conv2d(x, w, bias, stride, padding)


def conv_backward(
    dy: Tensor, x: Tensor, w: Tensor, stride: int = 1, padding: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a loss L with respect to the inputs of ``conv_forward``, from dy = ∂L/∂y.

    With the columns X and the kernels as rows W the layer is Y = W X + b, hence dW = dY Xᵀ,
    dX = Wᵀ dY and db = Σ dY. Folding dX adds up, in every pixel, what its windows send back.

    Args:
        dy: (B, C_out, H', W').
        x: (B, C_in, H, W), as it went into the layer.
        w: (C_out, C_in, kH, kW).
        stride, padding: of the layer.

    Returns:
        dx (B, C_in, H, W), dw (C_out, C_in, kH, kW), db (C_out,); summed over the batch.
    """
    kernel, rows = (w.shape[2], w.shape[3]), dy.flatten(2)  # (B, C_out, H'·W')
    columns = F.unfold(x, kernel, padding=padding, stride=stride)  # (B, C_in·kH·kW, H'·W')
    dw = (rows @ columns.mT).sum(0).reshape(w.shape)
    back = w.flatten(1).T @ rows  # (B, C_in·kH·kW, H'·W')
    size = (x.shape[2], x.shape[3])
    dx = F.fold(back, size, kernel, padding=padding, stride=stride)
    return dx, dw, dy.sum((0, 2, 3))


def max_pool(x: Tensor, size: int, stride: int | None = None) -> Tensor:
    """The largest value of every whole window of size × size; the gradient goes there alone.

    Args:
        x: (B, C, H, W).
        size: side of the window.
        stride: step between windows; ``size`` when it is left out.

    Returns:
        (B, C, H', W') with H' = floor((H − size) / stride) + 1, W' alike.

    Raises:
        ValueError: the window is larger than the image.
    """
    stride = stride or size
    for n in x.shape[2:]:
        output_size(n, size, stride)
    windows = x.unfold(2, size, stride).unfold(3, size, stride)  # (B, C, H', W', size, size)
    return windows.flatten(-2).max(-1).values


def receptive_field(layers: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """r = 1 + Σ_l (k_l − 1) Π_{i<l} s_i input pixels, and the jump Π_l s_l.

    Source: Araujo, Norris and Sim, 2019, equation 2.

    Args:
        layers: (kernel, stride) of every layer, from input to output.

    Returns:
        Side of the square that one output sees, and the distance between the squares of two
        neighbouring outputs; (1, 1) without layers.
    """
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
    return size, jump


def count_parameters(layers: Sequence[tuple]) -> int:
    """How many numbers a network learns.

    Args:
        layers: ``("conv", C_in, C_out, k, bias)``, ``("linear", n_in, n_out, bias)`` or
            ``("pool", k)``, with ``bias`` True or False.

    Raises:
        ValueError: a layer of another kind.
    """
    total = 0
    for layer in layers:
        match layer:
            case ("conv", c_in, c_out, k, bias):
                total += c_in * c_out * k**2 + c_out * bias
            case ("linear", n_in, n_out, bias):
                total += n_in * n_out + n_out * bias
            case ("pool", _):
                pass
            case _:
                raise ValueError(f"no such layer: {layer}")
    return total


def shift(x: Tensor, right: int, down: int) -> Tensor:
    """The images moved by whole pixels; black (0) comes in, nothing wraps around.

    Args:
        x: (B, C, H, W), any dtype.
        right: pixels to the right; negative: to the left.
        down: pixels downwards; negative: upwards.

    Returns:
        (B, C, H, W) of the dtype of ``x``; all black where it moves out of sight.
    """
    H, W = x.shape[2:]
    right, down = max(-W, min(right, W)), max(-H, min(down, H))
    frame = F.pad(x, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))
    top, left = max(-down, 0), max(-right, 0)
    return frame[..., top : top + H, left : left + W]


def transformed(
    x: Tensor, right: float = 0, down: float = 0, turn: float = 0, size: float = 1
) -> Tensor:
    """The images turned and resized about their middle, then moved; bilinear.

    Where nothing was, black (0) comes in. Below half the size some pixels are skipped.

    Args:
        x: (B, C, S, S), floating point.
        right, down: by how many pixels they are moved; negative: left, upwards.
        turn: degrees, clockwise; negative: counterclockwise.
        size: 1 is their own, 2 twice as high and wide.

    Returns:
        (B, C, S, S) of the dtype of ``x``.
    """
    angle = math.radians(turn)
    cos, sin = math.cos(angle) / size, math.sin(angle) / size
    a, b = 2 * right / x.shape[-1], 2 * down / x.shape[-1]  # the image goes from -1 to 1
    back = [[cos, sin, -cos * a - sin * b], [-sin, cos, sin * a - cos * b]]
    theta = torch.tensor(back, dtype=x.dtype, device=x.device).expand(len(x), 2, 3)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


class LeNet(nn.Module):
    """LeNet-5 for 28 × 28 images, as a list of layers: 61 706 parameters for one channel."""

    def __init__(self, channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2),  # (B, 6, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 6, 14, 14)
            nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 16, 5, 5)
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 28, 28) in 0 to 1 -> logits (B, classes)."""
        return self.layers(x)
