"""Hidden checks of chapter 3, convolutional networks: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch.nn.functional as F

from course_utils.checks import cnn as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.cnn.backward import layer
from course_utils.checks.cnn_old import (
    as_it_moves,
    field_and_jump,
    field_mistakes,
    number,
    seen,
)
from course_utils.checks.compare_old import expect, expect_gradients
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, given

# -- 3.1 convolution, forward -------------------------------------------------------------

conv_forward = visible.conv_forward.hidden_part()
conv_forward.gradients("x, w, bias", points=0.5)


@conv_forward.refuses(
    "refuses other channels and too large kernels",
    0.5,
    {
        "kernels for another number of channels should raise a ValueError: broadcasting hides "
        "the mistake": {"alike": lambda channels, made_for: True},
        "a kernel as large as the padded image fits once": {"fits": lambda k, room: k < room},
    },
)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for channels, made_for in ((3, 1), (3, 2), (1, 3), (6, 3), (3, 6), (3, 3)):
        yield draw.normal(2, channels, 5, 5), draw.normal(4, made_for, 3, 3)
    for size, kernel, padding in (
        ((3, 8), (4, 2), 0),
        ((8, 3), (2, 4), 0),
        ((3, 4), (6, 6), 1),
        ((4, 3), (6, 6), 1),
        ((3, 4), (5, 6), 1),
        ((5, 4), (5, 4), 0),
    ):
        yield given(draw.normal(2, 2, *size), draw.normal(3, 2, *kernel), padding=padding)


# -- 3.2 convolution, backward ------------------------------------------------------------

conv_backward = visible.conv_backward.hidden_part()


@conv_backward.aspect("a padding wider than the kernel", 0.5)
def _(draw: Draw) -> Iterator[Probe]:
    for k, p in ((2, 3), (1, 2), (3, 4)):
        for only in ("dx", "dw"):
            yield layer(draw, (2, 2, 5, 6), (3, 2, k, k), 1, p, only)


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
    0.5,
    {"a window as large as the image fits once": {"fits": lambda size, n: size < n}},
)
def _(draw: Draw) -> Iterator[tuple]:
    for height, width, size in ((3, 8, 4), (8, 3, 4), (1, 1, 2), (4, 4, 4), (4, 6, 4)):
        yield draw.normal(2, 2, height, width), size


# -- 3.4 receptive field ------------------------------------------------------------------

receptive_field = visible.receptive_field.hidden_part()


@receptive_field.property("no layer at all: a pixel sees itself", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    got = field_and_jump(answer, [])
    if got != (1, 1):
        raise Wrong(f"without layers an output is a pixel: (1, 1), not {got}")


@receptive_field.property("kernels of 1, strides wider than the kernel", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for layers in (
        [(1, 2), (3, 1)],
        [(3, 2), (1, 1), (3, 1)],
        [(2, 4), (1, 3), (3, 1)],
        [(1, 1), (1, 1)],
    ):
        size, jump = field_and_jump(answer, layers)
        right = seen(layers)
        if jump != right[1]:
            raise Wrong(f"outputs lie {right[1]} pixels apart, not {jump:g} (layers {layers})")
        # What strides do to the size is another property.
        if size not in (right[0], *field_mistakes(layers).values()):
            raise Wrong(f"an output sees {right[0]} pixels, not {size:g} (layers {layers})")


# -- 3.5 parameters -----------------------------------------------------------------------

count_parameters = visible.count_parameters.hidden_part()


@count_parameters.property("refuses a layer of another kind", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for layers in ([("norm", 64)], [("pool", 2), ("attention", 8, 8, True)]):
        if not answer.raises(ValueError, layers):
            raise Wrong(f"{layers} should raise a ValueError: a layer would go uncounted")


@count_parameters.property("a large network, to the last parameter", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    # VGG-16. What each layer holds is another property: its own counts are added up.
    vgg: list[tuple] = []
    channels = 3
    for out in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        vgg.append(("conv", channels, out, 3, True) if out else ("pool", 2))
        channels = out or channels
    vgg += [("linear", n, m, True) for n, m in ((25_088, 4096), (4096, 4096), (4096, 1000))]
    weights = [row for row in vgg if row[0] != "pool"]  # so are pooling, and adding up at all
    got = number(answer(weights), "the count", "VGG-16")
    last = number(answer(weights[-1:]), "the count", "the last layer")
    want = sum(number(answer([row]), "the count", f"{row}") for row in weights)
    if got not in (want, last):
        raise Wrong(f"the layers of VGG-16 add up to {want} parameters, not {got:.12g}")


# -- 3.6 shift ----------------------------------------------------------------------------

shift = visible.shift.hidden_part()


@shift.property("farther than the picture is wide or high: all black", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    way = as_it_moves(answer, draw)
    for right, down in ((9, 1), (11, 1), (1, 9), (-12, 2), (1, -10), (30, 30)):
        x = draw.normal(2, 3, 5, 5) + 3
        on = f"x (2, 3, 5, 5), right {right}, down {down}"
        expect(answer(x, right, down), way(x, right, down), on)


@shift.property("a gradient reaches the picture", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    way = as_it_moves(answer, draw)
    x = draw.normal(2, 2, 4, 5).requires_grad_()
    frame = F.pad(x, (3, 3, 3, 3))  # so that what comes in is black anyhow
    wanted = way(frame, 2, 1)
    expect_gradients(answer(frame, 2, 1), wanted, {"x": x}, "x (2, 2, 10, 11), right 2, down 1")
