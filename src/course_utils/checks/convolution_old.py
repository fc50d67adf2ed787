"""Visible checks of chapter 2, convolution.

Every property compares with a value worked out from the definition, on a probe where the
other aspects of the exercise are held plain, so that one slip costs one property.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F

from course_utils.checks.answer import Answer, Ban, Wrong
from course_utils.checks.compare_old import (
    FLOATS,
    expect,
    expect_inside,
    keeps_dtype_and_input,
    refuse_change,
)
from course_utils.checks.core import Check, Draw
from course_utils.reference import convolution as reference

BY_HAND = Ban(
    "write the sum yourself, it is the exercise",
    operators=r"conv(?!ert)|avg_pool",
    modules=(
        "scipy.signal",
        "scipy.ndimage",
        "skimage.filters",
        "numpy:convolve",
        "numpy:correlate",
    ),
)

# -- 2.1 moving average -------------------------------------------------------------------

moving_average = Check("2.1", "moving_average", points=3, hidden=2, bans=(BY_HAND,))


@moving_average.property("averages every whole window", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, r in ((11, 2), (14, 3)):
        a = draw.normal(n)
        windows = a.unfold(0, 2 * r + 1, 1)
        padded = F.pad(a, (r, r)).unfold(0, 2 * r + 1, 1)
        expect(
            answer(a, r),
            windows.mean(-1),
            f"{n} samples, r = {r}",
            {
                "the sum is not divided by the number of samples": windows.sum(-1),
                "divided by 2r, but a window of radius r holds 2r + 1 samples": windows.sum(-1)
                / (2 * r),
                "the last sample of each window is missing: a range or slice ends before its "
                "stop, so it has to stop at i + r + 1": windows[:, :-1].mean(-1),
                "the last sample of each window is missing, but the sum is divided by 2r + 1: "
                "a slice ends before its stop": windows[:, :-1].sum(-1) / (2 * r + 1),
                "the window is one sample short: 2r samples where 2r + 1 belong": a.unfold(
                    0, 2 * r, 1
                ).mean(-1),
                "the window holds r samples; r is its radius, it holds 2r + 1": a.unfold(
                    0, r, 1
                ).mean(-1),
                "windows that stick out over the ends are averaged with zeros; only whole "
                "windows count": padded.mean(-1),
                "the last window is missing: N − 2r of them fit": windows.mean(-1)[:-1],
            },
        )


@moving_average.property("keeps the dtype and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    keeps_dtype_and_input(answer, reference.moving_average, draw.normal(9), 1)


# -- 2.2 Gaussian filter ------------------------------------------------------------------

gaussian_filter = Check("2.2", "gaussian_filter", points=4, hidden=1)


@gaussian_filter.property("weights fall as exp(−x² / 2σ²)", points=2)
def _(answer: Answer, draw: Draw) -> None:
    for radius, sigma in ((3, 1.3), (4, 0.8)):
        x = torch.arange(-radius, radius + 1, dtype=torch.float64)
        right = torch.exp(-(x**2) / (2 * sigma**2))

        def unit(weights: torch.Tensor) -> torch.Tensor:
            return weights / weights.sum()

        expect(
            answer(radius, sigma),
            unit(right),
            f"radius {radius}, sigma {sigma}",
            {
                "the weights are not scaled to sum to one": right,
                "the 2 in exp(−x² / 2σ²) is missing": unit(torch.exp(-(x**2) / sigma**2)),
                "sigma is not squared in exp(−x² / 2σ²)": unit(
                    torch.exp(-(x**2) / (2 * sigma))
                ),
                "x is not squared: this is exp(−|x| / 2σ²)": unit(
                    torch.exp(-x.abs() / (2 * sigma**2))
                ),
                "exp(−(x / 2σ)²): the 2 stands outside the square": unit(
                    torch.exp(-((x / (2 * sigma)) ** 2))
                ),
                "divided by √(2π)·σ, the integral of the curve; the sum of the samples is "
                "another number": right / (sigma * math.sqrt(2 * math.pi)),
                "the filter is not centred: x has to run from −radius to radius": unit(
                    torch.exp(-((x + radius) ** 2) / (2 * sigma**2))
                ),
                "one weight is missing: x runs from −radius to radius, both included": unit(
                    right[:-1]
                ),
                "all weights are equal: this is the box filter": torch.full_like(x, 1 / len(x)),
            },
        )


@gaussian_filter.property("sums to one, narrow or wide", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for radius, sigma in ((0, 1.0), (2, 0.05), (2, 40.0), (6, 2.5)):
        on = f"radius {radius}, sigma {sigma}"
        want = reference.gaussian_filter(radius, sigma)
        right = want / want.max()
        expect(
            answer(radius, sigma),
            want,
            on,
            {
                "divided by √(2π)·σ, the integral of the curve: the weights do not sum to "
                "one": right / (sigma * math.sqrt(2 * math.pi)),
                "the weights are not scaled to sum to one": right,
            },
            same_dtype=True,
        )


# -- 2.3 convolution in one dimension -----------------------------------------------------

conv1d = Check("2.3", "conv1d", points=6, hidden=2, bans=(BY_HAND,))


def full_correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Σ_j a[j] b[j − i]: what comes out when b is not flipped."""
    return reference.conv1d(a, b.flip(0))


@conv1d.property("sums a[j]·b[i − j] over a symmetric filter", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    b = torch.tensor([1.0, 4, 6, 4, 1], dtype=torch.float64) / 16
    a = draw.normal(9)
    full = reference.conv1d(a, b)
    expect(
        answer(a, b),
        full,
        "9 samples, the filter 1 4 6 4 1",
        {
            "only whole windows: the ends, where a and b overlap in part, are missing": full[
                4:-4
            ],
            "only as long as the signal: the ends are missing, N + K − 1 values exist": full[
                2:-2
            ],
            "only as long as the signal: i has to run up to N + K − 2": full[:9],
            "divided by the length of the filter; its weights already say what to do": full / 5,
        },
    )


@conv1d.property("runs the filter backwards: b[i − j]", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    a, b = draw.normal(10), torch.tensor([1.0, 2.0, -3.0], dtype=torch.float64)
    right = reference.conv1d(a, b)
    expect(
        answer(a, b),
        right,
        "10 samples, the filter 1 2 −3",
        {
            "the kernel is not flipped: this is cross-correlation, Σ a[j]·b[j − i]": (
                full_correlation(a, b)
            ),
            "signal and result run backwards: flip the filter alone": full_correlation(
                a, b
            ).flip(0),
            "the result runs backwards": right.flip(0),
        },
    )


@conv1d.property("any two lengths: even filters, filters longer than the signal", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for n, k in ((7, 4), (3, 8), (5, 5), (2, 2)):
        a, b = draw.normal(n), draw.normal(k)
        expect(
            answer(a, b),
            reference.conv1d(a, b),
            f"{n} samples, a filter of {k}",
            {
                "the kernel is not flipped: this is cross-correlation, Σ a[j]·b[j − i]": (
                    full_correlation(a, b)
                )
            },
        )


@conv1d.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    symmetric = torch.tensor([1.0, -2, 1], dtype=torch.float64)
    keeps_dtype_and_input(answer, reference.conv1d, draw.normal(8), symmetric)


# -- 2.4 output size ----------------------------------------------------------------------

output_size = Check("2.4", "output_size", points=4, hidden=2)


def expect_size(
    answer: Answer,
    n: int,
    k: int,
    stride: int,
    padding: int,
    wrong: Mapping[str, float],
    by_name: bool = True,
) -> None:
    """Count the windows one by one and compare. Options at their default are left out."""
    want = len(range(0, n + 2 * padding - k + 1, stride))
    options = {"stride": stride} if stride != 1 else {}
    options |= {"padding": padding} if padding else {}
    on = f"n = {n}, k = {k}, stride {stride}, padding {padding}"
    got = answer(n, k, **options) if by_name else answer(n, k, stride, padding)
    if isinstance(got, bool) or not isinstance(got, int | float):
        raise Wrong(f"returned a {type(got).__name__}, expected an int ({on})")
    if got != want:
        reason = next((s for s, value in wrong.items() if value == got), "the count is off")
        raise Wrong(f"{reason}: {want} windows fit, not {got:g} ({on})")


@output_size.property("stride 1, no padding", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, k in ((5, 3), (28, 5), (7, 7), (9, 1)):
        wrong = {
            "the + 1 is missing, the window at 0 counts too": n - k,
            "the size does not stay n without padding": n,
        }
        expect_size(answer, n, k, 1, 0, wrong)


@output_size.property("padding counts on both sides", points=1)
def _(answer: Answer, draw: Draw) -> None:
    # The first probe tells all of these mistakes apart.
    for n, k, p in ((28, 5, 2), (6, 2, 3), (5, 3, 1), (4, 3, 2)):
        wrong = {
            "the + 1 is missing, the window at 0 counts too": n + 2 * p - k,
            "padding is added on both sides: 2·padding": n + p - k + 1,
            "the padding is left out": n - k + 1,
        }
        expect_size(answer, n, k, 1, p, wrong)


@output_size.property("a stride skips windows; what is left over is dropped", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for n, k, s in ((28, 5, 3), (7, 3, 2), (8, 3, 2), (10, 4, 4), (11, 2, 5), (12, 3, 5)):
        wrong = {
            "the + 1 is missing or stands inside the division, the window at 0 counts too": (
                n - k
            )
            // s,
            "rounded up, but a window that does not fit is not computed": math.ceil((n - k) / s)
            + 1,
            "not rounded": (n - k) / s + 1,
            "rounded to the nearest": round((n - k) / s) + 1,
            "the stride is left out": n - k + 1,
        }
        expect_size(answer, n, k, s, 0, wrong)
        if not isinstance(answer(n, k, stride=s), int):
            raise Wrong("returned a float: a size is an int, divide with //")


# -- 2.5 convolution in two dimensions ----------------------------------------------------


def unoriented(w: torch.Tensor) -> torch.Tensor:
    """Kernels that flips and a swap of rows and columns leave as they are.

    The orientation of kernels is one property; the others must not depend on it.
    """
    w = w + w.flip(-1)
    w = w + w.flip(-2)
    return w + w.mT if w.shape[-1] == w.shape[-2] else w


conv2d = Check("2.5", "conv2d", points=10, hidden=4, bans=(BY_HAND,))


@conv2d.property("one channel, a symmetric kernel", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(2, 1, 6, 6)
    g = reference.KERNELS["gaussian"].double()
    w = torch.stack([g, reference.KERNELS["laplacian"].double()])[:, None]
    expect(
        answer(x, w),
        reference.conv2d(x, w),
        "x (2, 1, 6, 6), w (2, 1, 3, 3)",
        {
            "padded although padding is 0: only whole windows count": reference.conv2d(
                x, w, padding=1
            ),
            "all kernels are summed into one output channel": reference.conv2d(x, w).sum(
                1, keepdim=True
            ),
            "the window is averaged: the kernel's weights already say what to do": (
                reference.conv2d(x, w) / 9
            ),
        },
    )


@conv2d.property("the kernel is not flipped (cross-correlation)", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, w = draw.normal(2, 1, 7, 7), draw.normal(2, 1, 3, 3)
    expect(
        answer(x, w),
        reference.conv2d(x, w),
        "x (2, 1, 7, 7), an asymmetric w (2, 1, 3, 3)",
        {
            "the kernel is flipped: this is true convolution; a layer computes "
            "cross-correlation": reference.conv2d(x, w.flip(-1, -2)),
            "the kernel is flipped left to right": reference.conv2d(x, w.flip(-1)),
            "the kernel is flipped top to bottom": reference.conv2d(x, w.flip(-2)),
            "rows and columns of the kernel are swapped": reference.conv2d(x, w.mT),
        },
    )


@conv2d.property("sums over the input channels", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    x, w = draw.normal(2, 3, 6, 6), draw.normal(4, 3, 3, 3)
    w = unoriented(w)
    y = reference.conv2d(x, w)
    per_channel = torch.stack(
        [reference.conv2d(x[:, c, None], w[:, c, None]) for c in range(3)]
    )
    expect(
        answer(x, w),
        y,
        "x (2, 3, 6, 6), w (4, 3, 3, 3)",
        {
            "averaged over the input channels: they are summed": y / 3,
            "only the first input channel is used": per_channel[0],
            "only the last input channel is used": per_channel[-1],
            "the same kernel slice is used for every input channel": reference.conv2d(
                x, w[:, :1].expand_as(w)
            ),
            "only the first picture of the batch is used": y[:1].expand_as(y),
        },
    )


@conv2d.property("height and width may differ, in picture and kernel", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for size, kernel in (((7, 10), (2, 2)), ((9, 5), (2, 4)), ((5, 8), (3, 1))):
        x, w = draw.normal(2, 2, *size), draw.normal(3, 2, *kernel)
        w = unoriented(w)
        y = reference.conv2d(x, w)
        expect(
            answer(x, w),
            y,
            f"x {tuple(x.shape)}, w {tuple(w.shape)}",
            {
                "height and width of the output are swapped": y.mT,
                "height and width of the output are swapped in a reshape": y.reshape(
                    2, 3, y.shape[3], y.shape[2]
                ),
            },
        )


@conv2d.property("stride and padding", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    for stride, padding in ((2, 0), (1, 2), (2, 1), (3, 1)):
        x, w = draw.normal(2, 2, 8, 8), draw.normal(2, 2, 3, 3)
        w = unoriented(w)
        p = padding
        expect(
            answer(x, w, stride=stride, padding=padding),
            reference.conv2d(x, w, stride=stride, padding=padding),
            f"x (2, 2, 8, 8), w (2, 2, 3, 3), stride {stride}, padding {padding}",
            {
                "the stride is ignored": reference.conv2d(x, w, padding=p),
                "the padding is ignored": reference.conv2d(x, w, stride=stride),
                "stride and padding are both ignored": reference.conv2d(x, w),
                "the border is repeated; a layer pads with zeros": reference.conv2d(
                    F.pad(x, (p, p, p, p), mode="replicate"), w, stride=stride
                ),
                "padded on two sides only; zeros belong on all four": reference.conv2d(
                    F.pad(x, (p, 0, p, 0)), w, stride=stride
                ),
                "padded on two sides only: zeros belong on all four": reference.conv2d(
                    F.pad(x, (0, p, 0, p)), w, stride=stride
                ),
                "the stride moves inside the kernel: that is dilation": F.conv2d(
                    x, w, padding=p, dilation=stride
                ),
                "stride and padding are swapped": reference.conv2d(
                    x, w, stride=max(p, 1), padding=stride
                ),
            },
        )


@conv2d.property("one bias for each output channel", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, w, bias = draw.normal(2, 2, 5, 5), draw.normal(3, 2, 3, 3), draw.normal(3)
    w = unoriented(w)
    y = reference.conv2d(x, w)
    expect(
        answer(x, w, bias),
        reference.conv2d(x, w, bias),
        "x (2, 2, 5, 5), w (3, 2, 3, 3), bias (3,)",
        {
            "the bias is ignored": y,
            "the bias is added along the width; it belongs to the output channel": y + bias,
            "the bias is added along the height; it belongs to the output channel": y
            + bias[:, None],
            "the bias is added once for each weight of the kernel": y + 9 * bias[:, None, None],
            "the bias is added once for each input channel": y + 2 * bias[:, None, None],
            "the bias is subtracted": y - bias[:, None, None],
        },
    )


@conv2d.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    symmetric = reference.KERNELS["gaussian"].double().expand(2, 1, 3, 3)
    x = draw.normal(2, 1, 6, 6)
    keeps_dtype_and_input(answer, reference.conv2d, x, symmetric)


@conv2d.property("no Python loop over pixels", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    steps = []
    for size in (6, 12):
        x, w = draw.normal(2, 1, size, size), draw.normal(2, 1, 3, 3)
        w = unoriented(w)
        trace = answer.trace(x, w)
        expect(trace.value, reference.conv2d(x, w), f"x {tuple(x.shape)}")
        steps.append(trace.lines + trace.operators.total())
    # A few lines more or less are allowed: libraries treat small inputs specially.
    if steps[1] > 1.2 * steps[0] + 50:
        raise Wrong(
            f"four times the pixels took {steps[1] / steps[0]:.1f} times the steps: the code "
            "loops over pixels; loop over the kernel's positions, or use unfold"
        )


# -- 2.6 separable filter -----------------------------------------------------------------

separable_filter = Check("2.6", "separable_filter", points=6, hidden=3)


@separable_filter.property("filters along rows and along columns", points=1)
def _(answer: Answer, draw: Draw) -> None:
    k = reference.gaussian_filter(2, 1.1)
    for size in ((9, 9), (8, 13)):
        x = draw.normal(2, 1, *size)
        rows, columns = reference.filter2d(x, k[None, :]), reference.filter2d(x, k[:, None])
        expect_inside(
            answer(x, k),
            reference.separable_filter(x, k),
            2,
            f"x {tuple(x.shape)}, a Gaussian of 5",
            {
                "filtered along the rows only": rows,
                "filtered along the columns only": columns,
                "filtered along the rows twice": reference.filter2d(rows, k[None, :]),
                "filtered along the columns twice": reference.filter2d(columns, k[:, None]),
                "the two passes are added: the second runs on the result of the first": (
                    rows + columns
                ),
                "the mean of the two passes: the second runs on the result of the first": (
                    rows + columns
                )
                / 2,
            },
        )


@separable_filter.property("repeats the border", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, k = draw.normal(2, 1, 7, 10), reference.gaussian_filter(2, 1.1)

    def padded(mode: str) -> torch.Tensor:
        border = F.pad(x, (2, 2, 2, 2), mode=mode)
        return reference.conv2d(border, torch.outer(k, k)[None, None])

    expect(
        answer(x, k),
        reference.separable_filter(x, k),
        "x (2, 1, 7, 10), a Gaussian of 5",
        {
            "zeros around the picture make its border dark: repeat the border pixels": padded(
                "constant"
            ),
            "the border is mirrored; it should be repeated": padded("reflect"),
            "the picture is wrapped around; its border should be repeated": padded("circular"),
        },
    )


@separable_filter.property("each channel by itself", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, k = draw.normal(2, 3, 8, 9), reference.gaussian_filter(1, 0.9)
    want = reference.separable_filter(x, k)
    total = want.sum(1, keepdim=True)
    expect_inside(
        answer(x, k),
        want,
        1,
        "x (2, 3, 8, 9), a Gaussian of 3",
        {
            "the channels are summed into one": total,
            "every channel is the sum of all: one pass mixes the channels": total.expand_as(
                want
            ),
            "every channel is the sum of all: both passes mix the channels": 3
            * total.expand_as(want),
            "only the first channel is filtered": want[:, :1],
        },
    )


@separable_filter.property("2K products a pixel, not K²", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, k = draw.normal(1, 1, 24, 24), reference.gaussian_filter(5, 2.0)
    trace = answer.trace(x, k)
    want = reference.separable_filter(x, k)
    expect_inside(trace.value, want, 5, "x (1, 1, 24, 24), a Gaussian of 11")
    products = trace.multiplications / x.numel()
    if products > 4 * len(k):  # padding makes the first pass a little larger than the picture
        raise Wrong(
            f"{products:.0f} products a pixel for a filter of {len(k)}: two passes need "
            f"{2 * len(k)}; do not build the {len(k)} × {len(k)} kernel"
        )


@separable_filter.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, k = draw.normal(1, 1, 6, 7), reference.gaussian_filter(1, 0.9)
    for dtype in FLOATS:
        want = reference.separable_filter(x.to(dtype), k.to(dtype))
        got = answer(x.to(dtype), k.to(dtype))
        expect_inside(got, want, 1, f"{dtype} in", same_dtype=True)
    refuse_change(answer)


# -- 2.7 edges ----------------------------------------------------------------------------

edge_strength = Check("2.7", "edge_strength", points=5, hidden=2)


@edge_strength.property("length of the gradient in both directions", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    x = 0.02 * draw.normal(2, 1, 9, 12)
    gx = reference.filter2d(x, reference.KERNELS["sobel x"])
    gy = reference.filter2d(x, reference.KERNELS["sobel y"])
    plain = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
    prewitt = (reference.filter2d(x, plain) ** 2 + reference.filter2d(x, plain.T) ** 2).sqrt()
    right = reference.edge_strength(x)
    expect_inside(
        answer(x),
        right,
        1,
        "x (2, 1, 9, 12)",
        {
            "only changes from left to right are found": gx.abs(),
            "only changes from top to bottom are found": gy.abs(),
            "signed changes from left to right only; an edge has a strength, not a sign": gx,
            "signed changes from top to bottom only; an edge has a strength, not a sign": gy,
            "the directions are added with their signs and cancel each other": gx + gy,
            "the directions are added before their length is taken": (gx + gy).abs(),
            "|gx| + |gy|: the length of a vector is √(gx² + gy²)": gx.abs() + gy.abs(),
            "max(|gx|, |gy|): the length of a vector is √(gx² + gy²)": torch.maximum(
                gx.abs(), gy.abs()
            ),
            "the square root is missing": gx**2 + gy**2,
            "the same direction is used twice": (2 * gx**2).sqrt(),
            "the same direction is used twice, top to bottom": (2 * gy**2).sqrt(),
            "plain differences, 1 1 1: Sobel's weights are 1 2 1": prewitt,
            "divided by 8: Sobel's filters are used as they are": right / 8,
        },
    )


@edge_strength.property("a flat picture has no edges, its border included", points=1)
def _(answer: Answer, draw: Draw) -> None:
    flat = torch.full((1, 1, 6, 7), 0.04, dtype=torch.float64)
    corner = flat.clone()
    corner[..., 2:, 3:] = 0.01
    noise = 0.02 * draw.normal(1, 1, 6, 7)
    for x, on in ((flat, "a flat picture"), (corner, "a dark corner"), (noise, "noise")):

        def padded(mode: str, x: torch.Tensor = x) -> torch.Tensor:
            border = F.pad(x, (1, 1, 1, 1), mode=mode)
            return reference.edge_strength(border)[..., 1:-1, 1:-1]

        expect(
            answer(x),
            reference.edge_strength(x),
            on,
            {
                "zeros around the picture make a false edge along its border": padded(
                    "constant"
                ),
                "the border is mirrored; it should be repeated": padded("reflect"),
                "the picture is wrapped around; its border should be repeated": padded(
                    "circular"
                ),
            },
        )


@edge_strength.property("each channel by itself", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = 0.02 * draw.normal(2, 3, 7, 6)
    want = reference.edge_strength(x)
    summed = reference.edge_strength(x.sum(1, keepdim=True))
    expect_inside(
        answer(x),
        want,
        1,
        "x (2, 3, 7, 6)",
        {
            "the channels are summed into one": summed,
            "the channels are averaged into one": summed / 3,
            "every channel holds the edges of the sum of all": summed.expand_as(want),
            "only the first channel is used": want[:, :1],
        },
    )


@edge_strength.property("keeps the dtype and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = 0.02 * draw.normal(2, 1, 6, 7)
    for dtype in FLOATS:
        want = reference.edge_strength(x.to(dtype))
        expect_inside(answer(x.to(dtype)), want, 1, f"{dtype} in", same_dtype=True)
    refuse_change(answer)
