"""Exercise 3.2, a convolutional layer backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import twins
from course_utils.checks.cnn.conv_forward import LAYERS
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given

PARTS = ("dx", "dw", "db")
GRADIENTS_BY_HAND = twins.ban(
    "write the three gradients yourself, they are the exercise",
    twins.CONVOLUTION,
    twins.AVERAGE_POOLING,
    twins.AUTOGRAD,
)


def chain_rule(
    dy: Tensor,
    x: Tensor,
    w: Tensor,
    stride: int = 1,
    padding: int = 0,
    *,
    step: Callable = lambda s: s,
    kernel: Callable = lambda w: w,
    frames: Callable = lambda x, p: F.pad(x, (p, p, p, p)),
    sends: Callable = lambda dx, back: dx.add_(back),
    cuts: Callable = lambda p, n, end: slice(p, p + n),
    sums: Callable = lambda dw: dw.sum(0),
    total: Callable = lambda dy: dy.sum((0, 2, 3)),
    returns: Callable = lambda dx, dw, db: (dx, dw, db),
) -> tuple[Tensor, Tensor, Tensor]:
    """y[i, j] = Σ w[m, n] x[s·i + m, s·j + n] + b, window by window."""
    p, s, (kH, kW) = padding, step(stride), w.shape[2:]
    padded = frames(x, p)
    dx, dw = torch.zeros_like(padded), x.new_zeros(len(x), *w.shape)
    for i in range(dy.shape[2]):
        for j in range(dy.shape[3]):
            window = (..., slice(s * i, s * i + kH), slice(s * j, s * j + kW))
            dw += torch.einsum("bo,bcmn->bocmn", dy[:, :, i, j], padded[window])
            sends(dx[window], torch.einsum("bo,ocmn->bcmn", dy[:, :, i, j], kernel(w)))
    for axis in (2, 3):
        end = s * (dy.shape[axis] - 1) + w.shape[axis]  # so far windows reach
        dx = dx[(slice(None),) * axis + (cuts(p, x.shape[axis], end),)]
    return returns(dx, sums(dw), total(dy))


conv_backward = Exercise("3.2", "conv_backward", 11, 1, (GRADIENTS_BY_HAND,), right=chain_rule)


def layer(
    draw: Draw, size: tuple, kernel: tuple, stride: int = 1, padding: int = 0, only: str = ""
) -> Probe:
    """Backward through a layer of random numbers: all gradients, or one alone."""
    H, W = ((size[n] + 2 * padding - kernel[n]) // stride + 1 for n in (2, 3))
    x, w, dy = draw.normal(*size), draw.normal(*kernel), draw.normal(size[0], kernel[0], H, W)
    probe = Probe((dy, x, w, stride, padding), parts=PARTS)
    n = PARTS.index(only) if only else 0
    return replace(probe, run=lambda f, *given: f(*given)[n], parts=()) if only else probe


@conv_backward.whole
def _(draw: Draw) -> Iterator[Probe]:
    yield Probe(layer(draw, (2, 3, 6, 7), (4, 3, 3, 2)).args[:3], parts=PARTS)
    for size, kernel, stride, padding in LAYERS:
        yield layer(draw, size, kernel, stride, padding)
    dy, x, w, s, p = layer(draw, (3, 2, 6, 5), (2, 2, 4, 3), 2, 2).args
    yield replace(given(dy=dy, x=x, w=w, stride=s, padding=p), parts=PARTS)


def alone(only: str) -> Callable:
    """Probes of one gradient, without stride and padding."""

    def generate(draw: Draw) -> Iterator[Probe]:
        yield layer(draw, (2, 3, 6, 6), (4, 3, 3, 3), only=only)
        yield layer(draw, (3, 2, 5, 7), (1, 2, 2, 3), only=only)

    return generate


conv_backward.aspect(
    "db sums over images, rows and columns",
    1,
    {
        "db is averaged, expected a sum": {"total": lambda dy: dy.mean((0, 2, 3))},
        "db is divided by the number of images, expected a sum": {
            "total": lambda dy: dy.sum((2, 3)).mean(0)
        },
    },
)(alone("db"))

conv_backward.aspect(
    "dw: each weight met every window",
    1,
    {
        "dw is averaged over the images, expected a sum": {"sums": lambda dw: dw.mean(0)},
        "dw is turned by 180°: forward, w[m, n] met x[i + m, j + n], so dw needs no flip": {
            "sums": lambda dw: dw.sum(0).flip(-1, -2)
        },
    },
)(alone("dw"))

conv_backward.aspect(
    "dx adds up what every window sends back",
    1,
    {
        "later windows overwrite earlier ones: add": {"sends": lambda dx, back: dx.copy_(back)},
        "the kernel is turned the wrong way: x[p, q] gets w[m, n]·dy[p − m, q − n]; a "
        "correlation with dy needs the kernel flipped, fold does not": {
            "kernel": lambda w: w.flip(-1, -2)
        },
        "in another order: expected dx, dw, db": {"returns": lambda dx, dw, db: (dw, dx, db)},
    },
)(alone("dx"))


@conv_backward.aspect(
    "with stride and padding, dx has the size of x",
    1.5,
    {
        "the stride is ignored: windows start at multiples of it": {"step": lambda s: 1},
        "pixels that no window reaches are missing in dx: they get 0": {
            "cuts": lambda p, n, end: slice(p, end - p)
        },
        "dx is as large as the padded image: cut its frame off": {
            "cuts": lambda p, n, end: slice(None)
        },
        "the frame is cut off on one side only": {"cuts": lambda p, n, end: slice(n)},
        "dw meets x without its frame: windows start in the padding": {
            "frames": lambda x, p: F.pad(x, (0, 2 * p, 0, 2 * p))
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for s, p, height, width in ((2, 0, 8, 9), (3, 0, 10, 11), (1, 1, 6, 5), (2, 2, 7, 8)):
        for only in ("dx", "dw"):
            yield layer(draw, (2, 2, height, width), (3, 2, 3, 3), s, p, only)


conv_backward.keeps(points=0.5)
