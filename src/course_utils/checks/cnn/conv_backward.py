"""Exercise 3.2, a convolutional layer backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.cnn.backward import PARTS, layer
from course_utils.checks.cnn.bans import GRADIENTS_BY_HAND
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def three(got: Any) -> tuple:
    """A reader: dx, dw and db, in a tuple or in a list."""
    if not isinstance(got, tuple | list) or len(got) != 3:
        raise Wrong(f"returned {a(got)}, expected three tensors: dx, dw, db")
    return tuple(got)


def chain_rule(
    dy: Tensor,
    x: Tensor,
    w: Tensor,
    stride: int = 1,
    padding: int = 0,
    *,
    step: Callable = lambda s: s,
    kernel: Callable = lambda w: w,
    sends: Callable = lambda dx, back: dx.add_(back),
    cuts: Callable = lambda dx, p, H, W, end: dx[:, :, p : p + H, p : p + W],
    sums: Callable = lambda dw: dw.sum(0),
    total: Callable = lambda dy: dy.sum((0, 2, 3)),
    returns: Callable = lambda dx, dw, db: (dx, dw, db),
) -> tuple[Tensor, Tensor, Tensor]:
    """y[i, j] = Σ w[m, n] x[s·i + m, s·j + n] + b, window by window."""
    p, s, (kH, kW) = padding, step(stride), w.shape[2:]
    padded = F.pad(x, (p, p, p, p))
    dx, dw = torch.zeros_like(padded), x.new_zeros(len(x), *w.shape)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = (..., slice(s * i, s * i + kH), slice(s * j, s * j + kW))
            dw += torch.einsum("bo,bcmn->bocmn", dy[:, :, i, j], padded[window])
            sends(dx[window], torch.einsum("bo,ocmn->bcmn", dy[:, :, i, j], kernel(w)))
    end = s * (dy.shape[2] - 1) + kH, s * (dy.shape[3] - 1) + kW  # what windows reach
    return returns(cuts(dx, p, *x.shape[2:], end), sums(dw), total(dy))


conv_backward = Exercise(
    "3.2", "conv_backward", 11, 1, (GRADIENTS_BY_HAND,), right=chain_rule, reads=three
)


@conv_backward.whole
def _(draw: Draw) -> Iterator[Probe]:
    yield Probe(layer(draw, (2, 3, 6, 7), (4, 3, 3, 2)).args[:3], parts=PARTS)
    yield layer(draw, (3, 4, 7, 5), (2, 4, 2, 3), 1, 1)
    yield layer(draw, (1, 2, 9, 8), (3, 2, 3, 4), 2)  # a row is left over, no column
    yield layer(draw, (2, 3, 8, 11), (5, 3, 3, 3), 3, 2)
    yield layer(draw, (2, 1, 7, 9), (1, 1, 3, 3), 2, 1)
    yield layer(draw, (2, 2, 6, 8), (3, 2, 1, 1), 3)
    dy, x, w, s, p = layer(draw, (3, 2, 6, 5), (2, 2, 4, 3), 2, 2).args
    yield replace(given(dy=dy, x=x, w=w, stride=s, padding=p), parts=PARTS)


@conv_backward.aspect(
    "db sums over images, rows and columns",
    1,
    {
        "averaged over images, rows and columns: the bias is added to each of these values, "
        "so their gradients are summed": {"total": lambda dy: dy.mean((0, 2, 3))},
        "db has one row for each image: the images are summed too": {
            "total": lambda dy: dy.sum((2, 3))
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield layer(draw, (2, 3, 6, 6), (4, 3, 3, 3), only="db")
    yield layer(draw, (3, 1, 5, 7), (2, 1, 2, 3), only="db")


@conv_backward.aspect(
    "dw: each weight met every window",
    1,
    {
        "averaged over the images: gradients are summed over the batch": {
            "sums": lambda dw: dw.mean(0)
        },
        "dw is turned by 180°: forward, w[m, n] met x[i + m, j + n], so dw needs no flip": {
            "sums": lambda dw: dw.sum(0).flip(-1, -2)
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield layer(draw, (2, 3, 6, 6), (4, 3, 3, 3), only="dw")
    yield layer(draw, (3, 2, 5, 7), (1, 2, 2, 3), only="dw")


@conv_backward.aspect(
    "dx adds up what every window sends back",
    1,
    {
        "windows overlap, and the later ones overwrite the earlier: add what they send back": {
            "sends": lambda dx, back: dx.copy_(back)
        },
        "the kernel is turned the wrong way: x[p, q] gets w[m, n]·dy[p − m, q − n]; a "
        "correlation with dy needs the kernel flipped, fold does not": {
            "kernel": lambda w: w.flip(-1, -2)
        },
        "in another order: expected dx, dw, db": {"returns": lambda dx, dw, db: (dw, dx, db)},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield layer(draw, (2, 3, 6, 6), (4, 3, 3, 3), only="dx")
    yield layer(draw, (3, 2, 5, 7), (1, 2, 2, 3), only="dx")


@conv_backward.aspect(
    "with stride and padding, dx has the size of x",
    1.5,
    {
        "the stride is ignored: window (i, j) starts at pixel (i·stride, j·stride)": {
            "step": lambda s: 1
        },
        "rows and columns that no window reaches are missing in dx: their gradient is 0": {
            "cuts": lambda dx, p, H, W, end: dx[:, :, p : end[0] - p, p : end[1] - p]
        },
        "dx has the size of the padded image: cut its frame off": {
            "cuts": lambda dx, p, H, W, end: dx
        },
        "the frame is cut off on one side only: at the bottom and on the right": {
            "cuts": lambda dx, p, H, W, end: dx[:, :, :H, :W]
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for s, p, height, width in ((2, 0, 8, 9), (3, 0, 10, 11), (1, 1, 6, 5), (2, 2, 7, 8)):
        for only in ("dx", "dw"):
            yield layer(draw, (2, 2, height, width), (3, 2, 3, 3), s, p, only)


conv_backward.keeps(points=0.5)
