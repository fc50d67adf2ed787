"""Hidden checks of chapter 2, convolution: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks import convolution as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare_old import expect, expect_gradients
from course_utils.checks.convolution.conv2d import unoriented
from course_utils.checks.core import Draw
from course_utils.checks.exercise import exchange
from course_utils.checks.probe import Probe, given
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


@output_size.refuses(
    "refuses a kernel that does not fit",
    0.5,
    exchange(
        "fits",
        {
            "a kernel that does not fit should raise a ValueError": lambda room: True,
            "a kernel as large as the padded input fits once": lambda room: room > 0,
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((3, 5, 1, 0), (2, 7, 2, 2), (4, 5, 3, 0), (3, 5, 1, 1), (7, 7, 1, 0))


# -- 2.5 convolution in two dimensions ----------------------------------------------------

conv2d = visible.conv2d.hidden_part()
conv2d.gradients("x, w, bias", points=0.5)


def broadcast(x: Tensor, w: Tensor, stride: int, padding: int) -> Tensor:
    """Window times kernel, summed: one channel meets all of the other's."""
    windows = x.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)
    return (windows[:, None] * w[:, :, None, None]).sum((2, 5, 6))


@conv2d.aspect(
    "one image, one kernel, one window; strides longer than the kernel",
    0.5,
)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for size, kernel, stride, padding in (
        ((1, 1, 3, 3), (1, 1, 3, 3), 1, 0),
        ((1, 2, 5, 7), (1, 2, 1, 1), 1, 0),
        ((2, 1, 2, 2), (2, 1, 4, 4), 1, 1),
        ((2, 2, 9, 9), (2, 2, 2, 2), 4, 0),
    ):
        x, w = draw.normal(*size), unoriented(draw.normal(*kernel))
        yield given(x=x, w=w, stride=stride, padding=padding)


@conv2d.refuses(
    "refuses kernels made for another number of channels",
    0.5,
    {
        "kernels for another number of channels should raise a ValueError: broadcasting hides "
        "the mistake": {"fits": lambda x, w: True, "windows": broadcast},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for channels, made_for in ((3, 1), (3, 2), (1, 3), (6, 3), (3, 3)):
        yield draw.normal(2, channels, 5, 5), draw.normal(4, made_for, 3, 3)


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
