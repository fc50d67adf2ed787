"""Exercise 3.1, a convolutional layer forward."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.cnn.layers import LAYERS
from course_utils.checks.convolution.bans import BY_HAND
from course_utils.checks.convolution.layer import (
    FLIPPED,
    NO_BIAS,
    NO_PADDING,
    any_channels,
    framed,
    mixed,
    strided,
    unoriented,
)
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def layer(
    x: Tensor,
    w: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    *,
    alike: Callable = lambda channels, made_for: channels == made_for,
    fits: Callable = lambda k, room: k <= room,
    pads: Callable = framed,
    step: Callable = lambda s: s,
    kernel: Callable = lambda w: w,
    arranges: Callable = lambda y: y,
    adds: Callable = lambda y, bias: y + bias[:, None, None],
) -> Tensor:
    if not alike(x.shape[1], w.shape[1]):
        raise ValueError("x and w differ in their input channels")
    x, s = pads(x, padding), step(stride)
    if not all(fits(k, room) for k, room in zip(w.shape[2:], x.shape[2:], strict=True)):
        raise ValueError("the kernel is larger than the padded image")
    windows = x.unfold(2, w.shape[2], s).unfold(3, w.shape[3], s)
    y = arranges(torch.einsum("bchwmn,ocmn->bohw", windows, kernel(w)))
    return y if bias is None else adds(y, bias)


conv_forward = Exercise("3.1", "conv_forward", 8, hidden=2, bans=(BY_HAND,), right=layer)


@conv_forward.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield draw.normal(2, 3, 7, 9), draw.normal(4, 3, 3, 2)
    for n, (size, kernel, stride, padding) in enumerate(LAYERS):
        bias = draw.normal(kernel[0]) if n % 3 else None
        yield draw.normal(*size), draw.normal(*kernel), bias, stride, padding
    yield given(w=draw.normal(3, 1, 3, 4), x=draw.normal(2, 1, 2, 6), stride=1, padding=1)
    yield given(draw.normal(2, 3, 5, 8), draw.normal(1, 3, 1, 1), padding=1, stride=2)
    yield given(draw.normal(3, 2, 5, 6), draw.normal(4, 2, 2, 3), bias=draw.normal(4))


@conv_forward.aspect(
    "windows become columns, columns become images, in the same order",
    0.5,
    {
        **FLIPPED,
        "the weights are flattened in another order than the columns: both run over channel, "
        "row, column": {"kernel": lambda w: w.permute(0, 2, 3, 1).reshape(w.shape)},
        "the kernels are mixed up: a row for each is reshape(C_out, -1), without a transpose": {
            "kernel": mixed
        },
        "images and channels are mixed up: (C_out, B·H'·W') needs a transpose before reshape": {
            "arranges": lambda y: y.transpose(0, 1).reshape(y.shape)
        },
        "channels and positions are mixed up: transpose (positions, channels), then reshape": {
            "arranges": lambda y: y.flatten(2).mT.reshape(y.shape)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for size, kernel in (((7, 10), (3, 3)), ((9, 5), (2, 4)), ((5, 8), (3, 1))):
        yield draw.normal(2, 3, *size), draw.normal(4, 3, *kernel)


@conv_forward.aspect(
    "stride and padding",
    0.5,
    {
        "the stride is ignored": {"step": lambda s: 1},
        **NO_PADDING,
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from strided(draw)


@conv_forward.aspect(
    "one bias for each output channel",
    0.5,
    {
        **NO_BIAS,
        "the bias is added along the width: it belongs to the output channel": {
            "adds": lambda y, bias: y + bias
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:  # outputs as wide as there are channels
    yield draw.normal(2, 3, 7, 6), unoriented(draw.normal(4, 3, 3, 3)), draw.normal(4)
    yield draw.normal(3, 2, 5, 4), unoriented(draw.normal(3, 2, 2, 2)), draw.normal(3)


MATRIX_PRODUCT = re.compile(r"aten::((badd|add)?b?mm|(add)?mv|v?dot)$")


@conv_forward.contract("one matrix product for all channels and kernel positions", 1)
def _(answer: Answer, draw: Draw) -> None:
    steps = []
    for c_in, c_out, side in ((2, 2, 2), (8, 9, 6)):
        x, w = draw.normal(1, c_in, 9, 9), draw.normal(c_out, c_in, side, side)
        used = answer.trace(x, w).operators
        products = sum(n for name, n in used.items() if MATRIX_PRODUCT.match(name))
        if not 1 <= products <= 2:
            raise Wrong(
                f"{products or 'no'} matrix products, expected one: make a column of each "
                "window and a row of each kernel, then multiply the two matrices"
            )
        steps.append(used.total())
    if steps[1] > steps[0] + 4:
        raise Wrong("the columns are built in a loop: unfold makes all of them at once")


@conv_forward.refuses(
    "refuses other channels and too large kernels",
    0.25,
    any_channels(alike=lambda channels, made_for: True),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 5, 5), draw.normal(4, 1, 3, 3)
    yield draw.normal(2, 2, 3, 8), draw.normal(3, 2, 4, 2)


conv_forward.keeps(points=0.5)
