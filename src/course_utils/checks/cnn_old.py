"""Visible checks of chapter 3, convolutional networks.

Every property compares with a value worked out from the definition, on a probe where the
other aspects of the exercise are held plain, so that one slip costs one property.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Answer, Ban, Wrong
from course_utils.checks.compare_old import (
    FLOATS,
    expect,
    expect_dtype,
    keeps_dtype_and_input,
    refuse_change,
    same,
)
from course_utils.checks.convolution_old import BY_HAND, unoriented
from course_utils.checks.core import Check, Draw
from course_utils.reference import cnn as reference

GRADIENTS_BY_HAND = Ban(
    "write the three gradients yourself, they are the exercise",
    operators=BY_HAND.operators,
    modules=(
        *BY_HAND.modules,
        "torch.autograd:grad",
        "torch.autograd:backward",
        "torch._functorch.eager_transforms",
    ),
)
POOL_BY_HAND = Ban(
    "take the largest value of each window yourself, it is the exercise",
    operators=r"pool",
    modules=("scipy.ndimage", "skimage.measure", "skimage.morphology"),
)

# -- 3.1 convolution, forward -------------------------------------------------------------

conv_forward = Check("3.1", "conv_forward", points=8, hidden=3, bans=(BY_HAND,))


@conv_forward.property("sums over the input channels, for each output channel", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    x, w = draw.normal(2, 3, 6, 6), unoriented(draw.normal(4, 3, 3, 3))
    y = reference.conv_forward(x, w)
    channels_last = w.permute(0, 2, 3, 1).reshape(w.shape)
    columns_last = w.reshape(4, 3, 3, 3).permute(0, 3, 1, 2)
    order = (
        "the weights are flattened in another order than the columns: both run over channel, "
        "row, column"
    )
    expect(
        answer(x, w),
        y,
        "x (2, 3, 6, 6), w (4, 3, 3, 3)",
        {
            order: reference.conv_forward(x, channels_last),
            f"{order} of the kernel": reference.conv_forward(x, columns_last),
            "averaged over the input channels: they are summed": y / 3,
            "only the first input channel is used": reference.conv_forward(x[:, :1], w[:, :1]),
            "only the last input channel is used": reference.conv_forward(x[:, -1:], w[:, -1:]),
            "the same kernel slice is used for every input channel": reference.conv_forward(
                x, w[:, :1].expand_as(w)
            ),
            "all kernels are summed into one output channel": y.sum(1, keepdim=True),
            "channels and positions are mixed up in a reshape: transpose (positions, channels) "
            "first, then reshape": y.flatten(2).mT.reshape(y.shape),
            "pictures and channels are mixed up in a reshape: transpose (channels, pictures) "
            "first, then reshape": y.transpose(0, 1).reshape(y.shape),
            "the value holds the columns, they are not brought back to rows and columns of a "
            "picture": y.flatten(2),
        },
    )


@conv_forward.property("the kernel is not flipped (cross-correlation)", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, w = draw.normal(2, 1, 7, 7), draw.normal(1, 1, 3, 3)
    expect(
        answer(x, w),
        reference.conv_forward(x, w),
        "x (2, 1, 7, 7), an asymmetric w (1, 1, 3, 3)",
        {
            "the kernel is flipped: this is true convolution; a layer computes "
            "cross-correlation": reference.conv_forward(x, w.flip(-1, -2)),
            "the kernel is flipped left to right": reference.conv_forward(x, w.flip(-1)),
            "the kernel is flipped top to bottom": reference.conv_forward(x, w.flip(-2)),
            "rows and columns of the kernel are swapped": reference.conv_forward(x, w.mT),
        },
    )


@conv_forward.property("height and width may differ, in picture and kernel", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for size, kernel in (((7, 10), (2, 2)), ((9, 5), (2, 4)), ((5, 8), (3, 1))):
        x, w = draw.normal(2, 1, *size), unoriented(draw.normal(1, 1, *kernel))
        y = reference.conv_forward(x, w)
        expect(
            answer(x, w),
            y,
            f"x {tuple(x.shape)}, w {tuple(w.shape)}",
            {
                "height and width of the output are swapped": y.mT,
                "height and width of the output are swapped in a reshape": y.reshape(
                    2, 1, y.shape[3], y.shape[2]
                ),
            },
        )


@conv_forward.property("stride and padding", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for stride, padding in ((2, 0), (1, 2), (2, 1), (3, 1)):
        x, w = draw.normal(2, 1, 8, 8), unoriented(draw.normal(1, 1, 3, 3))
        p = padding
        y = reference.conv_forward(x, w, None, stride, padding)
        expect(
            answer(x, w, None, stride=stride, padding=padding),
            y,
            f"x (2, 1, 8, 8), w (1, 1, 3, 3), stride {stride}, padding {padding}",
            {
                "the stride is ignored": reference.conv_forward(x, w, padding=p),
                "the padding is ignored": reference.conv_forward(x, w, stride=stride),
                "stride and padding are both ignored": reference.conv_forward(x, w),
                "the border is repeated; a layer pads with zeros": reference.conv_forward(
                    F.pad(x, (p, p, p, p), mode="replicate"), w, stride=stride
                ),
                "padded on two sides only; zeros belong on all four": reference.conv_forward(
                    F.pad(x, (p, 0, p, 0)), w, stride=stride
                ),
                "padded on two sides only: zeros belong on all four": reference.conv_forward(
                    F.pad(x, (0, p, 0, p)), w, stride=stride
                ),
                "the stride moves inside the kernel: that is dilation": F.conv2d(
                    x, w, padding=p, dilation=stride
                ),
                "stride and padding are swapped": reference.conv_forward(
                    x, w, stride=max(p, 1), padding=stride
                ),
                "the zeros stand around the result: pad the input": F.pad(
                    reference.conv_forward(x, w, stride=stride), (p, p, p, p)
                ),
            },
        )


@conv_forward.property("one bias for each output channel", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, w, bias = draw.normal(2, 2, 5, 5), draw.normal(3, 2, 3, 3), draw.normal(3)
    got, without = answer(x, w, bias), answer(x, w)
    if isinstance(got, Tensor) and isinstance(without, Tensor) and got.shape == without.shape:
        got = got - without  # what the bias adds to is another property
    right = bias[:, None, None].expand(2, 3, 3, 3)
    expect(
        got,
        right,
        "what a bias (3,) adds, x (2, 2, 5, 5), w (3, 2, 3, 3)",
        {
            "the bias is ignored": torch.zeros_like(right),
            "the bias is added along the width; it belongs to the output channel": bias.expand(
                2, 3, 3, 3
            ),
            "the bias is added along the height; it belongs to the output channel": (
                bias[:, None].expand(2, 3, 3, 3)
            ),
            "the bias is added once for each weight of the kernel": 18 * right,
            "the bias is added once for each position of the kernel": 9 * right,
            "the bias is added once for each input channel": 2 * right,
            "the bias is subtracted": -right,
        },
    )


MATRIX_PRODUCT = re.compile(r"aten::((badd|add)?b?mm|(add)?mv|v?dot)$")


@conv_forward.property("one matrix product for all channels and kernel positions", points=1)
def _(answer: Answer, draw: Draw) -> None:
    steps = []
    for c_in, c_out, kernel in ((2, 2, (2, 2)), (8, 9, (6, 6))):
        x = draw.normal(1, c_in, 9, 9)
        # The same weight everywhere: in what order they are flattened is another property.
        w = draw.normal(1, 1, 1, 1).expand(c_out, c_in, *kernel).contiguous()
        on = f"x {tuple(x.shape)}, w {tuple(w.shape)}"
        trace = answer.trace(x, w)
        expect(trace.value, reference.conv_forward(x, w), on)
        products = sum(n for name, n in trace.operators.items() if MATRIX_PRODUCT.match(name))
        if not products:
            raise Wrong(
                "no matrix product: make columns of the windows and rows of the kernels, then "
                f"multiply the two matrices ({on})"
            )
        if products > 2:
            raise Wrong(
                f"{products} matrix products where one does it: the code loops over channels "
                f"or kernel positions; make one long row of each kernel ({on})"
            )
        steps.append(trace.operators.total())
    if steps[1] > steps[0] + 4:
        raise Wrong(
            f"more channels and a larger kernel took {steps[1]} operations in place of "
            f"{steps[0]}: the columns are built in a loop; unfold makes them at once"
        )


@conv_forward.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    w = unoriented(draw.normal(1, 1, 3, 3))
    keeps_dtype_and_input(answer, reference.conv_forward, draw.normal(2, 1, 6, 6), w)


# -- 3.2 convolution, backward ------------------------------------------------------------

conv_backward = Check("3.2", "conv_backward", points=11, hidden=3, bans=(GRADIENTS_BY_HAND,))


def gradients(answer: Answer, dy: Tensor, x: Tensor, w: Tensor, **options: int) -> Sequence:
    """The three values that came back. Options at their default are left out."""
    got = answer(dy, x, w, **options)
    if not isinstance(got, tuple | list) or len(got) != 3:
        what = f"{len(got)} values" if isinstance(got, tuple | list) else type(got).__name__
        raise Wrong(f"returned {what}, expected three tensors: dx, dw, db")
    shapes = [tuple(value.shape) for value in got if isinstance(value, Tensor)]
    wanted = [tuple(x.shape), tuple(w.shape), tuple(dy.shape[1:2])]
    if shapes != wanted and sorted(shapes) == sorted(wanted):
        raise Wrong("the gradients come in another order: dx, dw, db are asked for")
    return got


def layer(
    draw: Draw, size: Sequence[int], kernel: Sequence[int], stride: int = 1, padding: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Random dy, x and w of a layer."""
    x, w = draw.normal(*size), draw.normal(*kernel)
    y = reference.conv_forward(x, w, None, stride, padding)
    return draw.normal(*y.shape), x, w


def either_way(dw: object, like: Tensor) -> object:
    """dw without its orientation, which is one property of its own."""
    return unoriented(dw) if isinstance(dw, Tensor) and dw.shape == like.shape else dw


def expect_part(
    answer: Answer,
    part: str,
    given: tuple[Tensor, Tensor, Tensor],
    on: str,
    wrong: Mapping[str, Tensor] | None = None,
    **options: int,
) -> None:
    """``"dx"`` or ``"dw"`` of one picture, whichever way the kernels run."""
    dy, x, w = given
    w = unoriented(w)
    n = ("dx", "dw").index(part)
    got = gradients(answer, dy, x, w, **options)[n]
    right = reference.conv_backward(dy, x, w, **options)[n]
    if part == "dw":
        got, right = either_way(got, right), unoriented(right)
    on = f"{part}, x {tuple(x.shape)}, w {tuple(w.shape)}, {on}"
    expect(got, right, on, wrong)


@conv_backward.property("db sums over pictures, rows and columns", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    dy, x, w = layer(draw, (2, 3, 6, 6), (4, 3, 3, 3))
    total = dy.sum((0, 2, 3))
    expect(
        gradients(answer, dy, x, w)[2],
        total,
        "db, dy (2, 4, 4, 4)",
        {
            "averaged over pictures, rows and columns: the bias is added to each of these "
            "values, so their gradients are summed": dy.mean((0, 2, 3)),
            "averaged over the pictures: gradients are summed over the batch": total / 2,
            "averaged over rows and columns: they are summed": total / 16,
            "one row for each picture: the pictures are not summed": dy.sum((2, 3)),
            "one value for each pixel: rows and columns are not summed": dy.sum(0),
            "the channels are summed, but each has its own bias": dy.sum().reshape(()),
            "the output channels are summed, one value a picture is left": dy.sum((1, 2, 3)),
            "one value for each row: it belongs to the output channel": dy.sum((0, 1, 3)),
            "one value for each column: it belongs to the output channel": dy.sum((0, 1, 2)),
            "only the first picture is used": dy[0].sum((1, 2)),
            "multiplied by the size of the kernel; the bias is added once a window": 9 * total,
        },
    )


@conv_backward.property("dw: each weight met every window", points=2)
def _(answer: Answer, draw: Draw) -> None:
    dy, x, w = layer(draw, (2, 3, 6, 6), (4, 3, 3, 3))
    right = reference.conv_backward(dy, x, w)[1]
    expect(
        gradients(answer, dy, x, w)[1],
        right,
        "dw, x (2, 3, 6, 6), w (4, 3, 3, 3)",
        {
            "averaged over the pictures: gradients are summed over the batch": right / 2,
            "averaged over the windows: they are summed": right / 16,
            "averaged over pictures and windows: they are summed": right / 32,
            "only the first picture is used": reference.conv_backward(dy[:1], x[:1], w)[1],
            "only the last picture is used": reference.conv_backward(dy[1:], x[1:], w)[1],
            "the pictures are not summed": torch.stack(
                [reference.conv_backward(dy[b, None], x[b, None], w)[1] for b in range(2)]
            ),
            "turned by 180°: forward, w[m, n] met x[i + m, j + n], so dw needs no flip": (
                right.flip(-1, -2)
            ),
            "rows and columns of the kernel are swapped": right.mT,
            "input and output channels are swapped": right.transpose(0, 1),
            "the weights come in another order than they were flattened in: the columns run "
            "over channel, row, column": right.permute(0, 2, 3, 1).reshape(right.shape),
            "the sign is wrong: a gradient is asked for, not a step against it": -right,
            "the input channels are summed: each has weights of its own": right.sum(
                1, keepdim=True
            ).expand_as(right),
        },
    )


def overwritten(dy: Tensor, x: Tensor, w: Tensor) -> Tensor:
    """dx where each window overwrites what earlier ones left."""
    dx = torch.zeros_like(x)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            back = torch.einsum("bo,ocmn->bcmn", dy[:, :, i, j], w)
            dx[:, :, i : i + w.shape[2], j : j + w.shape[3]] = back
    return dx


@conv_backward.property("dx adds up what every window sends back", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    dy, x, w = layer(draw, (2, 3, 6, 6), (4, 3, 3, 3))
    w = unoriented(w)
    right = reference.conv_backward(dy, x, w)[0]
    windows = reference.conv_backward(
        torch.ones_like(dy[:1, :1]), x[:1, :1], torch.ones_like(w[:1, :1])
    )[0]
    expect(
        gradients(answer, dy, x, w)[0],
        right,
        "dx, x (2, 3, 6, 6), w (4, 3, 3, 3)",
        {
            "windows overlap, and the later ones overwrite the earlier: add what they send "
            "back": overwritten(dy, x, w),
            "divided by the number of windows that see the pixel: add, do not average": right
            / windows,
            "averaged over the output channels: they are summed": right / 4,
            "averaged over the pictures: each picture has its own gradient": right / 2,
            "only the first output channel is used": reference.conv_backward(
                dy[:, :1], x, w[:1]
            )[0],
            "the pictures are summed: each has its own gradient": right.sum(
                0, keepdim=True
            ).expand_as(right),
            "only whole windows of dy: pad it by k − 1, every pixel has a gradient": (
                reference.conv_forward(dy, w.transpose(0, 1))
            ),
            "as small as dy: pad it by k − 1, every pixel has a gradient": (
                reference.conv_forward(dy, w.transpose(0, 1), padding=1)
            ),
            "every input channel gets the sum of all": right.sum(1, keepdim=True).expand_as(
                right
            ),
            "the sign is wrong: a gradient is asked for, not a step against it": -right,
        },
    )


@conv_backward.property("dx: an asymmetric kernel goes back the way it came", points=1)
def _(answer: Answer, draw: Draw) -> None:
    dy, x, w = layer(draw, (1, 2, 7, 7), (2, 2, 3, 3))

    def dx(w: Tensor) -> Tensor:
        return reference.conv_backward(dy, x, w)[0]

    expect(
        gradients(answer, dy, x, w)[0],
        dx(w),
        "dx, x (1, 2, 7, 7), an asymmetric w (2, 2, 3, 3)",
        {
            "the kernel is turned the wrong way: forward, w[m, n] took x[i + m, j + n], so "
            "x[p, q] gets w[m, n]·dy[p − m, q − n]; a correlation with dy needs the kernel "
            "flipped, fold does not": dx(w.flip(-1, -2)),
            "the kernel is flipped left to right": dx(w.flip(-1)),
            "the kernel is flipped top to bottom": dx(w.flip(-2)),
            "rows and columns of the kernel are swapped": dx(w.mT),
            "input and output channels of the kernel are swapped": dx(w.transpose(0, 1)),
            "input and output channels are swapped and the kernel is turned": dx(
                w.transpose(0, 1).flip(-1, -2)
            ),
        },
    )


def sides_differ(answer: Answer, draw: Draw, part: str) -> None:
    for size, kernel in (((7, 10), (2, 2)), ((9, 5), (2, 4)), ((5, 8), (3, 1))):
        given = layer(draw, (1, 2, *size), (3, 2, *kernel))
        expect_part(answer, part, given, "stride 1, no padding")


def strided(answer: Answer, draw: Draw, part: str) -> None:
    for s in (2, 3):
        size = 3 + 3 * s
        dy, x, w = layer(draw, (1, 2, size, size), (3, 2, 3, 3), stride=s)
        # As if the windows lay side by side.
        near = reference.conv_backward(dy, x[:, :, :6, :6], unoriented(w))
        reason = "the stride is ignored: window (i, j) starts at pixel (i·stride, j·stride)"
        wrong = (
            {reason: near[0], f"{reason} of x": F.pad(near[0], (0, size - 6, 0, size - 6))}
            if part == "dx"
            else {reason: unoriented(near[1])}
        )
        expect_part(answer, part, (dy, x, w), f"stride {s}", wrong, stride=s)


def padded(answer: Answer, draw: Draw, part: str) -> None:
    for p in (1, 2):
        dy, x, w = layer(draw, (1, 2, 6, 6), (3, 2, 3, 3), padding=p)
        whole = reference.conv_backward(dy, F.pad(x, (p, p, p, p)), unoriented(w))[0]
        one_side = "the frame is cut off on one side only"
        wrong = {
            "dx has the size of the padded picture: cut its frame off": whole,
            f"{one_side}: at the bottom and on the right": whole[..., :6, :6],
            f"{one_side}: at the top and on the left": whole[..., 2 * p :, 2 * p :],
        }
        wrong = wrong if part == "dx" else {}
        expect_part(answer, part, (dy, x, w), f"padding {p}", wrong, padding=p)


for _name, _test in (
    ("height and width may differ, in picture and kernel", sides_differ),
    ("with a stride", strided),
    ("with padding", padded),
):
    for _part in ("dx", "dw"):
        conv_backward.property(f"{_part}: {_name}", points=0.5)(partial(_test, part=_part))


@conv_backward.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    dy, x, w = layer(draw, (1, 2, 6, 6), (3, 2, 3, 3))
    for dtype in FLOATS:
        for name, value in zip(
            ("dx", "dw", "db"),
            gradients(answer, dy.to(dtype), x.to(dtype), w.to(dtype)),
            strict=True,
        ):
            if not isinstance(value, Tensor):
                raise Wrong(f"{name} is a {type(value).__name__}, expected a torch.Tensor")
            expect_dtype(value, dtype, name)
    refuse_change(answer)


# -- 3.3 max pooling ----------------------------------------------------------------------

max_pool = Check("3.3", "max_pool", points=5, hidden=2, bans=(POOL_BY_HAND,))


def positive(draw: Draw, *shape: int) -> Tensor:
    """What happens to negative values is one property; the others do not ask."""
    return draw.normal(*shape).abs() + 0.1


@max_pool.property("the largest value of every window, side by side", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for size, k in (((2, 3, 6, 8), 2), ((2, 2, 9, 6), 3)):
        x = positive(draw, *size)
        y = F.max_pool2d(x, k)
        expect(
            answer(x, k),
            y,
            f"x {size}, size {k}",
            {
                "the mean of the window: the largest value is asked for": F.avg_pool2d(x, k),
                "the sum of the window: the largest value is asked for": F.avg_pool2d(x, k)
                * k**2,
                "the smallest value of the window": -F.max_pool2d(-x, k),
                "without a stride the window moves by one pixel; it has to move by its size": (
                    F.max_pool2d(x, k, 1)
                ),
                "one value of each window is taken, not the largest": x[..., ::k, ::k],
                "the channels are pooled too: each keeps its own map": y.amax(1, keepdim=True),
                "the pictures are pooled too": y.amax(0, keepdim=True),
                "the largest value of the row alone": F.max_pool2d(x, (1, k)),
                "the largest value of the column alone": F.max_pool2d(x, (k, 1)),
                "the window's place, not its value": F.max_pool2d(x, k, return_indices=True)[
                    1
                ].to(x.dtype),
                "height and width of the result are swapped": y.mT,
            },
        )


@max_pool.property("windows of negative values", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = -positive(draw, 2, 2, 6, 8)
    y = F.max_pool2d(x, 2)
    expect(
        answer(x, 2, 2),
        y,
        "negative x (2, 2, 6, 8), size 2",
        {
            "the largest of the values and 0: do not start from 0": torch.zeros_like(y),
            "the largest absolute value; −1 is larger than −2": -F.max_pool2d(-x, 2),
            "the sign is lost: the largest absolute value": F.max_pool2d(-x, 2),
            "the sign is lost": -y,
        },
    )


@max_pool.property("a stride of its own: windows overlap or leave gaps", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for k, s in ((3, 2), (2, 3), (2, 1), (3, 1)):
        x = positive(draw, 2, 2, k + 2 * s, k + 3 * s)
        expect(
            answer(x, k, stride=s) if s > 1 else answer(x, k, s),
            F.max_pool2d(x, k, s),
            f"x {tuple(x.shape)}, size {k}, stride {s}",
            {
                "the stride is ignored": F.max_pool2d(x, k),
                "size and stride are swapped": F.max_pool2d(x, s, k),
                "the windows are as large as the stride": F.max_pool2d(x, s, s),
            },
        )


@max_pool.property("rows and columns that fill no window are dropped", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for (h, w), k, s in (((7, 9), 2, 2), ((8, 10), 3, 3), ((8, 6), 3, 2)):
        x = positive(draw, 2, 2, h, w)
        at_start = x[..., (h - k) % s :, (w - k) % s :]
        expect(
            answer(x, k, s),
            F.max_pool2d(x, k, s),
            f"x {tuple(x.shape)}, size {k}, stride {s}",
            {
                "rounded up: a window that does not fit gives no value": F.max_pool2d(
                    x, k, s, ceil_mode=True
                ),
                "rows and columns are dropped at the start: windows start at pixel 0": (
                    F.max_pool2d(at_start, k, s)
                ),
                "padded: only whole windows give a value": F.max_pool2d(x, k, s, k // 2),
            },
        )


@max_pool.property("keeps the dtype and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    keeps_dtype_and_input(answer, reference.max_pool, positive(draw, 2, 2, 6, 8), 2, 2)


# -- 3.4 receptive field ------------------------------------------------------------------

receptive_field = Check("3.4", "receptive_field", points=5, hidden=2)
Layers = list[tuple[int, int]]


def seen(layers: Layers) -> tuple[int, int]:
    """Size and jump, by walking back from the outputs 0 and 1 to the pixels they see."""

    def pixels(output: int) -> tuple[int, int]:
        first = last = output
        for kernel, stride in reversed(layers):
            first, last = first * stride, last * stride + kernel - 1
        return first, last

    return pixels(0)[1] - pixels(0)[0] + 1, pixels(1)[0] - pixels(0)[0]


def number(value: Any, what: str, on: str) -> float:
    """A number that came back: of Python, of numpy, or a tensor of one."""
    if isinstance(value, Tensor | np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(f"{what} is a {type(value).__name__}, expected an int ({on})")
    return value


def field_and_jump(answer: Answer, layers: Layers) -> tuple[float, float]:
    on = f"layers {layers}"
    got = answer(layers)
    if isinstance(got, Tensor | np.ndarray) and got.ndim == 1:
        got = got.tolist()
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise Wrong(f"returned {type(got).__name__}, expected two ints: size and stride ({on})")
    return number(got[0], "the size", on), number(got[1], "the stride", on)


def expect_field(answer: Answer, layers: Layers, wrong: Mapping[str, float]) -> None:
    got, want = field_and_jump(answer, layers)[0], seen(layers)[0]
    if got != want:
        reason = next((s for s, value in wrong.items() if value == got), "the size is off")
        raise Wrong(f"{reason}: an output sees {want} pixels, not {got:g} (layers {layers})")


def field_mistakes(layers: Layers) -> dict[str, float]:
    """Sentence -> the size that this misconception gives, for layers of any stride."""

    def total(jumps: Sequence[float]) -> float:
        return 1 + sum((k - 1) * j for (k, _), j in zip(layers, jumps, strict=True))

    strides = [s for _, s in layers]
    before = [math.prod(strides[:n]) for n in range(len(layers))]
    return {
        "the strides are ignored: after a stride of 2, neighbours lie two pixels apart": total(
            [1] * len(layers)
        ),
        "a layer's own stride counts too early: it spreads the layers after it": total(
            [math.prod(strides[: n + 1]) for n in range(len(layers))]
        ),
        "each layer is spread by its own stride alone; it is the product of those before": (
            total(strides)
        ),
        "only the layer before spreads: the strides of all earlier ones multiply": total(
            [1, *strides[:-1]]
        ),
        "the strides are added; they multiply": total(
            [max(sum(strides[:n]), 1) for n in range(len(layers))]
        ),
        "the layers are taken from output to input: strides spread the layers after them": (
            seen(layers[::-1])[0]
        ),
        "the product of all strides spreads every layer; only those before it count": total(
            [math.prod(strides)] * len(layers)
        ),
        "the 1 is missing: an output of no layer sees one pixel": total(before) - 1,
        "every kernel counts whole: one pixel of each is already seen, k − 1": 1
        + sum(k * j for (k, _), j in zip(layers, before, strict=True)),
        "every kernel counts whole, without the first pixel: add k − 1 to a 1": sum(
            k * j for (k, _), j in zip(layers, before, strict=True)
        ),
        "size and stride are swapped": math.prod(strides),
    }


@receptive_field.property("layers of stride 1: each adds k − 1", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for kernels in ([5], [3, 3], [3, 5, 2], [7, 2, 4, 3]):
        layers = [(k, 1) for k in kernels]
        wrong = {
            "the kernels are added: one pixel of each is already seen, k − 1": sum(kernels),
            "the kernels are added to a 1: one pixel of each is already seen, k − 1": 1
            + sum(kernels),
            "the kernels are multiplied": math.prod(kernels),
            "only the largest kernel counts": max(kernels),
            "only the last kernel counts": kernels[-1],
            "the 1 is missing: without layers, one pixel is seen": sum(kernels) - len(kernels),
            "the area is given; the length of a side is asked for": seen(layers)[0] ** 2,
            "size and stride are swapped": 1,
        }
        expect_field(answer, layers, wrong)
    if any(isinstance(value, float) for value in field_and_jump(answer, [(3, 1)])):
        raise Wrong("returned a float: size and stride are ints")


@receptive_field.property("strides spread the layers after them", points=2)
def _(answer: Answer, draw: Draw) -> None:
    for layers in (
        [(5, 2), (3, 3), (4, 2), (2, 1)],  # tells all of these mistakes apart
        [(3, 2), (3, 1)],
        [(3, 1), (2, 2), (5, 1), (2, 2), (3, 3)],
        [(7, 2), (3, 2)],
    ):
        expect_field(answer, layers, field_mistakes(layers))


@receptive_field.property("neighbouring outputs lie the product of all strides apart", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for layers in ([(5, 3)], [(3, 2), (5, 3), (3, 5)], [(3, 1), (3, 2), (3, 1), (2, 2)]):
        got, want = field_and_jump(answer, layers)[1], seen(layers)[1]
        strides = [s for _, s in layers]
        wrong = {
            "the strides are added; they multiply": sum(strides),
            "the last layer's stride alone; they multiply": strides[-1],
            "the last layer's stride is missing": math.prod(strides[:-1]),
            "the first layer's stride is missing": math.prod(strides[1:]),
            "the largest stride alone; they multiply": max(strides),
            "size and stride are swapped": seen(layers)[0],
        }
        if got != want:
            reason = next((s for s, v in wrong.items() if v == got), "the stride is off")
            raise Wrong(f"{reason}: {want} pixels apart, not {got:g} (layers {layers})")


# -- 3.5 parameters -----------------------------------------------------------------------

count_parameters = Check("3.5", "count_parameters", points=4, hidden=2)


def expect_count(
    answer: Answer,
    layers: list[tuple],
    want: int,
    wrong: Mapping[str, Sequence[float]],
    also: Sequence[int],
) -> None:
    """``also`` lists counts that are another property's matter."""
    on = f"layers {layers}" if len(layers) < 5 else f"{len(layers)} layers"
    got = number(answer(layers), "the count", on)
    if got not in (want, *also):
        reason = next((s for s, values in wrong.items() if got in values), "the count is off")
        raise Wrong(f"{reason}: {want} parameters, not {got:.12g} ({on})")


@count_parameters.property(
    "a convolution has k × k weights for each pair of channels", points=1
)
def _(answer: Answer, draw: Draw) -> None:
    for c_in, c_out, k in ((3, 8, 5), (6, 16, 3), (7, 4, 1)):
        weights = c_in * c_out * k * k
        # How many biases there are is another property.
        biases = weights, weights + c_out, weights + 1, weights + c_in, 2 * weights
        mistakes = {
            "the kernel has k × k weights, not k": c_in * c_out * k,
            "the kernel has k × k weights, not 2k": 2 * c_in * c_out * k,
            "every kernel has a slice for each input channel": c_out * k * k,
            "there is one kernel for each output channel": c_in * k * k,
            "channels multiply, they are not added": (c_in + c_out) * k * k,
            "the kernel's weights are left out": c_in * c_out,
        }
        wrong = {text: (count, count + c_out) for text, count in mistakes.items()}
        expect_count(answer, [("conv", c_in, c_out, k, True)], weights + c_out, wrong, biases)


@count_parameters.property("a linear layer has one weight for each pair", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for n_in, n_out in ((400, 120), (84, 10), (3, 7)):
        weights = n_in * n_out
        also = weights, weights + 1, weights + n_in, 2 * weights
        wrong = {
            "inputs and outputs are added; each pair has a weight": (
                n_in + n_out,
                n_in + 2 * n_out,
            ),
            "only biases are counted": (n_out,),
            "the linear layer is left out": (0,),
            "the weights are squared: a linear layer is no kernel": (n_in * n_out**2 + n_out,),
        }
        expect_count(answer, [("linear", n_in, n_out, True)], weights + n_out, wrong, also)


@count_parameters.property("one bias for each output, where the layer has one", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for kind, n_in, n_out, k in (("conv", 3, 8, 5), ("linear", 40, 12, 1), ("conv", 9, 4, 3)):
        rest = (k,) if kind == "conv" else ()
        got = [
            number(answer([(kind, n_in, n_out, *rest, bias)]), "the count", f"bias {bias}")
            for bias in (False, True)
        ]
        weights = n_in * n_out * k * k
        more = got[1] - got[0]
        on = f"({kind!r}, {', '.join(map(str, (n_in, n_out, *rest)))}, bias)"
        wrong = {
            1: "one bias for the whole layer; each output has its own",
            n_in: "one bias for each input; it belongs to the output",
            weights: "one bias for each weight; it belongs to the output",
            k * k: "one bias for each position of the kernel; it belongs to the output",
            n_in * n_out: "one bias for each pair; it belongs to the output",
            -n_out: "the bias is counted where there is none, and not where there is one",
        }
        if more == 0:
            counted = got[0] == weights + n_out
            raise Wrong(
                f"the bias is counted although the layer has none, bias=False ({on})"
                if counted
                else f"the biases are forgotten: {n_out} with bias=True ({on})"
            )
        if more != n_out:
            reason = wrong.get(int(more), "the number of biases is off")
            raise Wrong(f"{reason}: {n_out} biases, not {more:g} ({on})")


@count_parameters.property("pooling has none; layers add up", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    first, last = ("conv", 2, 3, 3, True), ("linear", 27, 4, False)

    def count(*layers: tuple) -> float:
        return number(answer(list(layers)), "the count", f"layers {list(layers)}")

    # What each layer holds is another property: counts are compared with each other.
    together, apart = count(first, last), count(first) + count(last)
    if together != apart:
        reason = next(
            s
            for s, matches in {
                "only the first layer is counted": together == count(first),
                "only the last layer is counted": together == count(last),
                "layers do not add up": True,
            }.items()
            if matches
        )
        raise Wrong(f"{reason}: {apart:g} parameters, not {together:g} ({[first, last]})")
    pooled = count(first, ("pool", 2), last, ("pool", 3))
    if pooled != together:
        raise Wrong(
            f"pooling is counted: it has nothing to learn, {together:g} parameters, "
            f"not {pooled:g} ({[first, ('pool', 2), last, ('pool', 3)]})"
        )
    if count(("pool", 2)) != 0 or count() != 0:
        raise Wrong("pooling is counted: no layers, or pooling alone, have 0 parameters")
    if isinstance(together, float):
        raise Wrong("returned a float: a count is an int")


# -- 3.6 shift ----------------------------------------------------------------------------

shift = Check("3.6", "shift", points=5, hidden=2)


def moved(x: Tensor, right: int, down: int) -> Tensor:
    """Pixel by pixel, from the definition."""
    H, W = x.shape[2:]
    y = torch.zeros_like(x)
    for i in range(H):
        for j in range(W):
            if 0 <= i - down < H and 0 <= j - right < W:
                y[..., i, j] = x[..., i - down, j - right]
    return y


def moved_wrongly(x: Tensor, right: int, down: int) -> dict[str, Tensor]:
    """Sentence -> value, for pictures whose border is black or is not."""
    return {
        "moved the other way: right and down are positive": moved(x, -right, -down),
        "right and down are swapped": moved(x, down, right),
        "right and down are swapped, and moved the other way": moved(x, -down, -right),
        "left and right are swapped": moved(x, -right, down),
        "up and down are swapped": moved(x, right, -down),
        "only moved to the side": moved(x, right, 0),
        "only moved up or down": moved(x, 0, down),
        "not moved at all": x,
        "the channels or pictures are moved: the last two axes are rows and columns": (
            x.roll((right, down), (0, 1))
        ),
    }


def framed(draw: Draw) -> Tensor:
    """Pictures (2, 3, 10, 12) in a black frame: what comes in from outside does not show."""
    return F.pad(draw.normal(2, 3, 4, 6), (3, 3, 3, 3))


def as_it_moves(answer: Answer, draw: Draw) -> Callable[[Tensor, int, int], Tensor]:
    """``moved`` in the answer's own direction: whether that is right is the first property."""
    x = framed(draw)
    got = answer(x, 2, 1)
    for a, b in itertools.product((1, -1), repeat=2):
        for swapped in (False, True):

            def way(
                x: Tensor,
                right: int,
                down: int,
                a: int = a,
                b: int = b,
                swapped: bool = swapped,
            ) -> Tensor:
                right, down = (down, right) if swapped else (right, down)
                return moved(x, a * right, b * down)

            if same(got, way(x, 2, 1)):
                return way
    return moved


@shift.property("moves the picture to the right and down", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for right, down in ((2, 1), (1, 3)):
        x = framed(draw)
        on = f"x (2, 3, 10, 12) in a black frame, right {right}, down {down}"
        expect(answer(x, right, down), moved(x, right, down), on, moved_wrongly(x, right, down))
    named = {"right": 1, "down": 2}
    expect(answer(x, **named), moved(x, 1, 2), "right=1, down=2, by name")


@shift.property("moves to the left and up where the numbers are negative", points=1)
def _(answer: Answer, draw: Draw) -> None:
    way = as_it_moves(answer, draw)
    for right, down in ((-1, 3), (2, -3), (-2, -1)):
        x = framed(draw)
        wrong = {
            "the signs are ignored": way(x, abs(right), abs(down)),
            "negative numbers are taken as 0": way(x, max(right, 0), max(down, 0)),
        }
        on = f"x (2, 3, 10, 12) in a black frame, right {right}, down {down}"
        wrong |= moved_wrongly(x, right, down)
        expect(answer(x, right, down), way(x, right, down), on, wrong)


@shift.property("by 0 along one axis or both", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    way = as_it_moves(answer, draw)
    for right, down in ((0, 0), (2, 0), (0, 3)):
        x = framed(draw)
        on = f"x (2, 3, 10, 12) in a black frame, right {right}, down {down}"
        wrong = {"all black: the slice [:-0] is empty": torch.zeros_like(x)}
        expect(answer(x, right, down), way(x, right, down), on, wrong)


@shift.property("black comes in, nothing wraps around", points=1)
def _(answer: Answer, draw: Draw) -> None:
    way = as_it_moves(answer, draw)
    around = "it wraps around: what leaves on one side comes in on the other"
    for right, down in ((2, 1), (1, 3)):
        x = draw.normal(2, 3, 7, 9) + 3
        want = way(x, right, down)
        wrapped = x.roll((down, right), (-2, -1))
        stays = x.clone()
        stays[..., down:, right:] = x[..., :-down, :-right]
        beside, below = want.clone(), want.clone()
        beside[..., :, :right] = wrapped[..., :, :right]
        below[..., :down, :] = wrapped[..., :down, :]
        margins = (right, 0, down, 0)
        expect(
            answer(x, right, down),
            want,
            f"x (2, 3, 7, 9), right {right}, down {down}",
            {
                around: wrapped,
                f"{around}, to the left and up": x.roll((-down, -right), (-2, -1)),
                f"{around}, from right to left": beside,
                f"{around}, from bottom to top": below,
                "the border is repeated: black (0) comes in": F.pad(
                    x, margins, mode="replicate"
                )[..., :7, :9],
                "the picture is mirrored: black (0) comes in": F.pad(
                    x, margins, mode="reflect"
                )[..., :7, :9],
                "the old pixels stay where nothing comes in: black (0) comes in": stays,
                "the picture has grown: cut off what moved out of sight": F.pad(x, margins),
                "the picture has shrunk: black (0) comes in": x[..., :-down, :-right],
                "white comes in, not black (0)": torch.where(want == 0, 1.0, want),
            },
        )
    for right, down in ((-2, -1), (-1, 3), (2, -3)):
        frame, x = framed(draw), draw.normal(2, 3, 7, 9) + 3
        if same(answer(frame, right, down), way(frame, right, down)):  # else: not this slip
            wrong = {around: x.roll((down, right), (-2, -1))}
            on = f"x (2, 3, 7, 9), right {right}, down {down}"
            expect(answer(x, right, down), way(x, right, down), on, wrong)


@shift.property("keeps the dtype, also uint8, and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = framed(draw).abs() * 40
    for dtype in (*FLOATS, torch.uint8):
        got = answer(x.to(dtype), 2, 1)
        if not isinstance(got, Tensor):
            raise Wrong(f"returned a {type(got).__name__}, expected a torch.Tensor")
        if got.dtype != dtype:
            raise Wrong(f"{got.dtype} came out where {dtype} went in")
        # uint8 has its own traps: what moved must be what was there.
        if not same(got.sum(), x.to(dtype).sum()):
            raise Wrong(f"the picture's values changed ({dtype} in a black frame)")
    refuse_change(answer)
