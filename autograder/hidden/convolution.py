"""Hidden checks of chapter 2, convolution: what the visible ones leave open."""

from __future__ import annotations

import torch

from course_utils.checks import convolution as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import expect, expect_gradients, refuse_change
from course_utils.checks.convolution import expect_size, unoriented
from course_utils.checks.core import Draw
from course_utils.reference import convolution as reference

# -- 2.1 moving average -------------------------------------------------------------------

moving_average = visible.moving_average.hidden_part()


@moving_average.property("radius 0, and a window as long as the signal", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, r in ((8, 0), (7, 3), (1, 0)):
        a = draw.normal(n)
        expect(answer(a, r), reference.moving_average(a, r), f"{n} samples, r = {r}")


@moving_average.property("a gradient reaches the signal", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    a = draw.normal(10).requires_grad_()
    expect_gradients(
        answer(a, 2), reference.moving_average(a, 2), {"a": a}, "10 samples, r = 2"
    )


# -- 2.2 Gaussian filter ------------------------------------------------------------------

gaussian_filter = visible.gaussian_filter.hidden_part()


@gaussian_filter.property("refuses a sigma that is not positive", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for sigma in (0.0, -1.0):
        if not answer.raises(ValueError, 2, sigma):
            raise Wrong(f"sigma = {sigma:g} should raise a ValueError, no such curve exists")
    expect(answer(2, 1), reference.gaussian_filter(2, 1), "radius 2, sigma 1, an int")


# -- 2.3 convolution in one dimension -----------------------------------------------------

conv1d = visible.conv1d.hidden_part()


@conv1d.property("gradients reach signal and filter", points=1)
def _(answer: Answer, draw: Draw) -> None:
    a, half = draw.normal(8).requires_grad_(), draw.normal(3).requires_grad_()
    b = half + half.flip(0)  # which way the filter runs is another property
    leaves = {"a": a, "b": half}
    expect_gradients(answer(a, b), reference.conv1d(a, b), leaves, "8 and 3 samples")


@conv1d.property("a filter or a signal of one sample", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, k in ((6, 1), (1, 1), (1, 3)):
        a, b = draw.normal(n), draw.normal(k)
        b = b + b.flip(0)
        expect(answer(a, b), reference.conv1d(a, b), f"{n} samples, a filter of {k}")


# -- 2.4 output size ----------------------------------------------------------------------

output_size = visible.output_size.hidden_part()


@output_size.property("stride and padding together", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for n, k, s, p in ((28, 5, 3, 2), (7, 3, 2, 1), (8, 3, 2, 1), (224, 7, 2, 3), (3, 5, 4, 1)):
        wrong = {
            "rounded up, but a window that does not fit is not computed": -(
                -(n + 2 * p - k) // s
            )
            + 1,
            "the padding is added after the stride; it makes the input larger": (n - k) // s
            + 1
            + 2 * p,
        }
        expect_size(answer, n, k, s, p, wrong, by_name=False)


@output_size.property("refuses a kernel that does not fit", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, k, s, p in ((3, 5, 1, 0), (2, 7, 2, 2), (4, 5, 3, 0)):
        if not answer.raises(ValueError, n, k, s, p):
            raise Wrong(
                f"n = {n}, k = {k}, padding {p} should raise a ValueError: no window fits"
            )
    expect_size(answer, 3, 5, 1, 1, {})


# -- 2.5 convolution in two dimensions ----------------------------------------------------

conv2d = visible.conv2d.hidden_part()


@conv2d.property("gradients reach input, kernels and bias", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(2, 2, 7, 6).requires_grad_()
    half, bias = draw.normal(3, 2, 3, 3).requires_grad_(), draw.normal(3).requires_grad_()
    w = unoriented(half)
    leaves = {"x": x, "w": half, "bias": bias}
    for stride, padding in ((1, 0), (2, 1)):
        value = answer(x, w, bias, stride=stride, padding=padding)
        wanted = reference.conv2d(x, w, bias, stride, padding)
        on = f"x (2, 2, 7, 6), w (3, 2, 3, 3), stride {stride}, padding {padding}"
        expect_gradients(value, wanted, leaves, on)


@conv2d.property(
    "one picture, one kernel, one window; strides longer than the kernel", points=0.5
)
def _(answer: Answer, draw: Draw) -> None:
    for size, kernel, stride, padding in (
        ((1, 1, 3, 3), (1, 1, 3, 3), 1, 0),
        ((1, 2, 5, 7), (1, 2, 1, 1), 1, 0),
        ((2, 1, 2, 2), (2, 1, 4, 4), 1, 1),
        ((2, 2, 9, 9), (2, 2, 2, 2), 4, 0),
    ):
        x, w = draw.normal(*size), unoriented(draw.normal(*kernel))
        want = reference.conv2d(x, w, None, stride, padding)
        on = f"x {size}, w {kernel}, stride {stride}, padding {padding}"
        expect(answer(x, w, stride=stride, padding=padding), want, on)


@conv2d.property("the whole definition at once", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for size, kernel, stride, padding in (
        ((2, 3, 9, 12), (4, 3, 2, 3), 2, 1),
        ((3, 2, 11, 8), (2, 2, 4, 1), 3, 2),
        ((2, 5, 6, 7), (3, 5, 3, 3), 1, 2),
        ((2, 4, 17, 23), (7, 4, 5, 2), 2, 3),
    ):
        x, w, bias = draw.normal(*size), draw.normal(*kernel), draw.normal(kernel[0])
        want = reference.conv2d(x, w, bias, stride, padding)
        on = f"x {size}, w {kernel}, bias, stride {stride}, padding {padding}"
        flipped = {
            "the kernel is flipped: this is true convolution; a layer computes "
            "cross-correlation": reference.conv2d(x, w.flip(-1, -2), bias, stride, padding)
        }
        expect(answer(x, w, bias, stride, padding), want, on, flipped)
        named = {"x": x, "w": w, "bias": bias, "stride": stride, "padding": padding}
        expect(answer(**named), want, f"{on}, all by name")
    refuse_change(answer)


@conv2d.property("refuses kernels made for another number of channels", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(2, 3, 5, 5)
    for given, made_for in ((3, 1), (3, 2), (1, 3), (6, 3), (3, 6)):
        if not answer.raises(
            ValueError, draw.normal(2, given, 5, 5), draw.normal(4, made_for, 3, 3)
        ):
            raise Wrong(
                f"{given} input channels and kernels for {made_for} should raise a ValueError: "
                "broadcasting hides the mistake"
            )
    g = reference.KERNELS["gaussian"].double().expand(2, 3, 3, 3)
    expect(answer(x, g), reference.conv2d(x, g), "x (2, 3, 5, 5), w (2, 3, 3, 3)")


# -- 2.6 separable filter -----------------------------------------------------------------

separable_filter = visible.separable_filter.hidden_part()


@separable_filter.property("an asymmetric filter keeps its direction", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, k = draw.normal(1, 2, 8, 9), draw.normal(3)
    want = reference.separable_filter(x, k)
    flipped = reference.separable_filter(x, k.flip(0))
    expect(
        answer(x, k),
        want,
        "x (1, 2, 8, 9), an asymmetric filter of 3",
        {"the filter is flipped: layers compute cross-correlation": flipped},
    )


@separable_filter.property("any length of filter, any size of picture", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for size, k in (((2, 3, 9, 5), 1), ((1, 2, 4, 11), 7), ((3, 1, 2, 3), 9)):
        x, weights = draw.normal(*size), draw.normal(k)
        weights = weights + weights.flip(0)
        on = f"x {size}, a filter of {k}"
        expect(answer(x, weights), reference.separable_filter(x, weights), on)


@separable_filter.property("gradients reach picture and filter", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(1, 2, 6, 7).requires_grad_()
    side = draw.normal(1).requires_grad_()
    k = torch.cat([side, 1 - 2 * side, side])
    wanted = reference.separable_filter(x, k)
    expect_gradients(answer(x, k), wanted, {"x": x, "k": side}, "x (1, 2, 6, 7)")


# -- 2.7 edges ----------------------------------------------------------------------------

edge_strength = visible.edge_strength.hidden_part()


@edge_strength.property("strength grows with contrast", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = 40 * draw.normal(1, 1, 6, 8)
    want = reference.edge_strength(x)
    expect(
        answer(x),
        want,
        "a picture of high contrast",
        {
            "cut off at 1: clamping is for display, not for the value": want.clamp(max=1),
            "scaled by its largest value: two pictures can no longer be compared": want
            / want.max(),
        },
    )


@edge_strength.property("a gradient reaches the picture", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = (0.02 * draw.normal(1, 2, 6, 5)).requires_grad_()
    expect_gradients(answer(x), reference.edge_strength(x), {"x": x}, "x (1, 2, 6, 5)")
