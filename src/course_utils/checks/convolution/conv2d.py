"""Exercise 2.5, convolution in two dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.convolution.bans import BY_HAND
from course_utils.checks.convolution.layer import (
    FLIPPED,
    NO_BIAS,
    NO_PADDING,
    any_channels,
    framed,
    strided,
    unoriented,
)
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise


def correlated(
    x: Tensor,
    w: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    *,
    fits: Callable = lambda x, w: x.shape[1] == w.shape[1],
    kernel: Callable = lambda w: w,
    pads: Callable = framed,
    windows: Callable = lambda x, w, s, p: F.conv2d(x, w, stride=s),
    adds: Callable = lambda y, bias: y + bias[:, None, None],
) -> Tensor:
    """x (B, C_in, H, W), w (C_out, C_in, kH, kW) -> (B, C_out, H', W')."""
    if not fits(x, w):
        raise ValueError("x and w differ in their input channels")
    y = windows(pads(x, padding), kernel(w), stride, padding)
    return y if bias is None else adds(y, bias)


def reread(x: Tensor, *axes: int) -> Tensor:
    """The same numbers in the order of other axes, read as if nothing had moved."""
    return x.permute(axes).reshape(x.shape)


conv2d = Exercise("2.5", "conv2d", points=10, hidden=2, bans=(BY_HAND,), right=correlated)


@conv2d.whole
def _(draw: Draw) -> Iterator[tuple]:
    for x, w, bias, stride, padding in (
        ((2, 3, 7, 9), (4, 3, 3, 2), True, 2, 1),
        ((3, 2, 6, 5), (3, 2, 2, 3), False, 1, 0),
        ((2, 3, 8, 6), (2, 3, 3, 3), True, 1, 2),
        ((1, 4, 9, 8), (5, 4, 3, 4), False, 3, 0),
        ((2, 1, 5, 6), (1, 1, 2, 2), True, 1, 0),
        # Kernels of one pixel, row or column; strides beyond the kernel; one window.
        ((2, 3, 5, 7), (4, 3, 1, 1), True, 2, 0),
        ((2, 2, 6, 4), (3, 2, 1, 1), False, 1, 1),
        ((1, 1, 4, 5), (2, 1, 1, 1), True, 3, 2),
        ((2, 2, 9, 6), (2, 2, 2, 2), False, 4, 0),
        ((3, 2, 4, 7), (2, 2, 1, 3), True, 2, 1),
        ((1, 1, 3, 3), (1, 1, 3, 3), True, 1, 0),
        # Sizes that are equal: columns or rows that come out, kernels, channels, images.
        ((2, 3, 6, 5), (4, 3, 3, 2), True, 1, 0),
        ((3, 3, 3, 3), (3, 3, 3, 3), True, 1, 1),
    ):
        b = draw.normal(w[0]) if bias else None
        yield draw.normal(*x), draw.normal(*w), b, stride, padding


@conv2d.aspect("the kernel is not flipped (cross-correlation)", 0.5, FLIPPED)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 2, 7, 7), draw.normal(2, 2, 3, 3)


@conv2d.aspect(
    "sums over the input channels",
    1,
    {
        "the weights meet the wrong pixels: unfold orders a column by channel, row, column, as "
        "w.reshape(C_out, -1) does": {"kernel": lambda w: reread(w, 0, 2, 3, 1)},
        "the output channels stand last before the reshape: it does not move them, permute "
        "does": {"windows": lambda x, w, s, p: reread(F.conv2d(x, w, stride=s), 0, 2, 3, 1)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 6, 7), unoriented(draw.normal(4, 3, 3, 2))


@conv2d.aspect(
    "stride and padding",
    1,
    {
        "the stride is ignored": {"windows": lambda x, w, s, p: F.conv2d(x, w)},
        **NO_PADDING,
        "padded at the bottom and on the right only: zeros belong on all four sides": {
            "pads": lambda x, p: F.pad(x, (0, p, 0, p))
        },
        "the border pixels are repeated: the layer pads with zeros": {
            "pads": lambda x, p: F.pad(x, (p, p, p, p), mode="replicate")
        },
        "the stride moves inside the kernel: that is dilation": {
            "windows": lambda x, w, s, p: F.conv2d(x, w, dilation=s)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from strided(draw)


@conv2d.aspect("one bias for each output channel", 0.5, NO_BIAS)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 5, 6), unoriented(draw.normal(4, 3, 3, 3)), draw.normal(4)


def broadcast(x: Tensor, w: Tensor, stride: int, padding: int) -> Tensor:
    """Window times kernel, summed: one channel meets all of the other's."""
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    return (windows[:, None] * w[:, :, None, None]).sum((2, 5, 6))


@conv2d.refuses(
    "refuses kernels made for another number of channels",
    0.25,
    any_channels(fits=lambda x, w: True, windows=broadcast),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 5, 5), draw.normal(4, 1, 3, 3)


conv2d.keeps(points=0.5)
conv2d.no_loop_over(
    "pixels",
    points=0.5,
    inputs=lambda n, draw: (draw.normal(2, 1, n, n), draw.normal(2, 1, 3, 3)),
)
