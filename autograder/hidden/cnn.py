"""Hidden checks of chapter 3, convolutional networks: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks import cnn as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.cnn.conv_backward import layer
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, given

# -- 3.1 convolution, forward -------------------------------------------------------------

conv_forward = visible.conv_forward.hidden_part()
conv_forward.gradients("x, w, bias", points=0.5)


@conv_forward.refuses("refuses other channels and too large kernels", 0.25)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for channels, made_for in ((3, 2), (1, 3), (6, 3), (3, 6), (3, 3)):
        yield draw.normal(2, channels, 5, 5), draw.normal(4, made_for, 3, 3)
    for size, kernel, padding in (
        ((8, 3), (2, 4), 0),
        ((3, 4), (6, 6), 1),
        ((4, 3), (6, 6), 1),
        ((3, 4), (5, 6), 1),
        ((5, 4), (5, 4), 0),
    ):
        yield given(draw.normal(2, 2, *size), draw.normal(3, 2, *kernel), padding=padding)


# -- 3.2 convolution, backward ------------------------------------------------------------

conv_backward = visible.conv_backward.hidden_part()


@conv_backward.aspect("where x and w are learned: they require gradients", 0.5)
def _(draw: Draw) -> Iterator[Probe]:
    for stride, padding in ((1, 0), (2, 1)):
        probe = layer(draw, (2, 2, 5, 6), (3, 2, 3, 3), stride, padding)
        for x in probe.args[1:3]:
            x.requires_grad_()
        yield probe


# -- 3.3 max pooling ----------------------------------------------------------------------

max_pool = visible.max_pool.hidden_part()


max_pool.gradients(
    "x",
    points=0.5,
    slips={
        "the gradient goes to all values of the window: it belongs to the largest alone": {
            "takes": lambda windows: (
                windows.mean(-1) + (windows.amax(-1) - windows.mean(-1)).detach()
            )
        }
    },
)


@max_pool.refuses(
    "refuses a window larger than the image",
    0.25,
    {"a window as large as the image fits once": {"fits": lambda size, n: size < n}},
)
def _(draw: Draw) -> Iterator[tuple]:
    for height, width, size in ((8, 3, 4), (1, 1, 2), (4, 4, 4), (4, 6, 4)):
        yield draw.normal(2, 2, height, width), size


# -- 3.4 receptive field ------------------------------------------------------------------

receptive_field = visible.receptive_field.hidden_part()


@receptive_field.aspect("strides wider than the kernel, very many layers", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield ([(1, 2), (3, 1)],)
    yield ([(2, 4), (1, 3), (3, 1)],)
    yield ([(1, 1), (1, 1)],)
    yield ([(3, 2)] * 40,)


# -- 3.5 parameters -----------------------------------------------------------------------

count_parameters = visible.count_parameters.hidden_part()


@count_parameters.refuses("refuses a layer of another kind", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield ([("pool", 2), ("attention", 8, 8, True)],)
    yield ([("dropout", 1), ("linear", 3, 4, True)],)
    for kind in ("conv_transpose", "Conv", "conv1", "deconv", ""):
        yield ([(kind, 3, 4, 5, True)],)
    for kind in ("bilinear", "LINEAR", "lin"):
        yield ([(kind, 3, 4, True)],)
    for kind in ("max_pool", "unpool", "Pool"):
        yield ([(kind, 2)],)
    yield ([("linear", 3, 4, False), ("pool", 2)],)
    yield ([],)


@count_parameters.aspect("a large network, to the last parameter", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    vgg: list[tuple] = []  # VGG-16
    channels = 3
    for out in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        vgg.append(("conv", channels, out, 3, True) if out else ("pool", 2))
        channels = out or channels
    vgg += [("linear", n, m, True) for n, m in ((25_088, 4096), (4096, 4096), (4096, 1000))]
    yield (vgg,)
    yield ([("linear", 10**8 + 2, 10**8 + 3, True), ("conv", 3, 5, 3, True)],)
    yield ([("linear", 10**12, 10**12 + 1, True), ("conv", 10**9, 10**9 + 1, 7, False)],)


# -- 3.6 shift ----------------------------------------------------------------------------

shift = visible.shift.hidden_part()
shift.gradients("x", points=0.5)


@shift.contract("any dtype: truth values, half precision, integers to the last digit", 0.5)
def _(answer: Answer, draw: Draw) -> None:
    digits = draw.integers(-(2**62), 2**62, 2, 3, 4, 5)
    for x in (digits, digits.to(torch.int16), digits > 0, draw.normal(2, 3, 4, 5).half()):
        for right, down in ((1, -2), (-3, 0), (5, 1)):
            y = answer(x, right, down)
            if not isinstance(y, Tensor) or y.dtype != x.dtype:
                raise Wrong(f"{getattr(y, 'dtype', a(y))} came out, expected {x.dtype}")
            if not torch.equal(y, shift.right(x, right, down)):
                raise Wrong(f"{x.dtype}: not the numbers that went in: move them as they are")
