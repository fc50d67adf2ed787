"""Hidden checks of chapter 3, convolutional networks: what the visible ones leave open."""

from __future__ import annotations

import torch.nn.functional as F

from course_utils.checks import cnn as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.cnn_old import (
    as_it_moves,
    expect_part,
    field_and_jump,
    field_mistakes,
    layer,
    number,
    positive,
    seen,
)
from course_utils.checks.compare_old import expect, expect_gradients, refuse_change, same
from course_utils.checks.convolution_old import unoriented
from course_utils.checks.core import Draw
from course_utils.reference import cnn as reference

# -- 3.1 convolution, forward -------------------------------------------------------------

conv_forward = visible.conv_forward.hidden_part()


@conv_forward.property("gradients reach input, kernels and bias", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(2, 1, 7, 7).requires_grad_()
    half, bias = draw.normal(1, 1, 3, 3).requires_grad_(), draw.normal(1).requires_grad_()
    w = unoriented(half)
    leaves = {"x": x, "w": half, "bias": bias}
    for stride, padding in ((1, 0), (2, 1)):
        value = answer(x, w, bias, stride=stride, padding=padding)
        wanted = reference.conv_forward(x, w, bias, stride, padding)
        if stride == 1 or same(value, wanted):  # what strides do is another property
            on = f"x (2, 1, 7, 7), w (1, 1, 3, 3), stride {stride}, padding {padding}"
            expect_gradients(value, wanted, leaves, on)


@conv_forward.property("the whole definition at once", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for size, kernel, stride, padding in (
        ((2, 3, 9, 12), (4, 3, 2, 3), 2, 1),
        ((3, 2, 11, 8), (2, 2, 4, 1), 3, 2),
        ((2, 5, 6, 7), (3, 5, 3, 3), 1, 2),
        ((1, 2, 5, 7), (1, 2, 1, 1), 1, 0),
        ((2, 1, 2, 2), (2, 1, 4, 4), 1, 1),
        ((2, 2, 9, 9), (2, 2, 2, 2), 4, 0),
    ):
        x, w, bias = draw.normal(*size), draw.normal(*kernel), draw.normal(kernel[0])
        want = reference.conv_forward(x, w, bias, stride, padding)
        on = f"x {size}, w {kernel}, bias, stride {stride}, padding {padding}"
        flipped = reference.conv_forward(x, w.flip(-1, -2), bias, stride, padding)
        wrong = {
            "the kernel is flipped: this is true convolution; a layer computes "
            "cross-correlation": flipped
        }
        expect(answer(x, w, bias, stride, padding), want, on, wrong)
        named = {"x": x, "w": w, "bias": bias, "stride": stride, "padding": padding}
        expect(answer(**named), want, f"{on}, all by name")
    refuse_change(answer)


@conv_forward.property("refuses kernels made for another number of channels", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for given, made_for in ((3, 1), (3, 2), (1, 3), (6, 3), (3, 6)):
        if not answer.raises(
            ValueError, draw.normal(2, given, 5, 5), draw.normal(4, made_for, 3, 3)
        ):
            raise Wrong(
                f"{given} input channels and kernels for {made_for} should raise a ValueError: "
                "broadcasting hides the mistake"
            )


# -- 3.2 convolution, backward ------------------------------------------------------------

conv_backward = visible.conv_backward.hidden_part()


@conv_backward.property("rows and columns that no window reaches", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for s, height, width in ((2, 8, 9), (3, 10, 11), (4, 9, 6)):
        given = layer(draw, (1, 2, height, width), (3, 2, 3, 3), stride=s)
        for part in ("dx", "dw"):
            expect_part(answer, part, given, f"stride {s}", stride=s)


@conv_backward.property("stride and padding together", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for s, p, height, width in ((2, 1, 9, 7), (3, 2, 8, 11), (2, 2, 7, 5)):
        given = layer(draw, (1, 2, height, width), (3, 2, 3, 3), s, p)
        for part in ("dx", "dw"):
            expect_part(answer, part, given, f"stride {s}, padding {p}", stride=s, padding=p)


@conv_backward.property("a padding wider than the kernel", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for k, p in ((2, 3), (1, 2), (3, 4)):
        given = layer(draw, (1, 2, 5, 6), (3, 2, k, k), padding=p)
        for part in ("dx", "dw"):
            expect_part(answer, part, given, f"padding {p}", padding=p)


# -- 3.3 max pooling ----------------------------------------------------------------------

max_pool = visible.max_pool.hidden_part()


@max_pool.property("the gradient flows to the largest value alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for k, s in ((2, 2), (3, 3)):
        x = positive(draw, 2, 2, 6, 9 if k == 3 else 8).requires_grad_()
        on = f"x {tuple(x.shape)}, size {k}, stride {s}"
        expect_gradients(answer(x, k, s), F.max_pool2d(x, k, s), {"x": x}, on)


@max_pool.property("refuses a window larger than the picture", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for size, k in (((2, 2, 3, 8), 4), ((2, 2, 8, 3), 4), ((1, 1, 1, 1), 2)):
        if not answer.raises(ValueError, positive(draw, *size), k):
            raise Wrong(f"x {size}, size {k} should raise a ValueError: no window fits")
    x = positive(draw, 2, 2, 4, 4)
    expect(answer(x, 4), F.max_pool2d(x, 4), "x (2, 2, 4, 4), size 4: one window fits")


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
