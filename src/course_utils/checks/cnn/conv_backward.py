"""Exercise 3.2, a convolutional layer backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.cnn.bans import GRADIENTS_BY_HAND
from course_utils.checks.cnn.layers import LAYERS
from course_utils.checks.convolution.layer import framed, mixed
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given

PARTS = ("dx", "dw", "db")


def chain_rule(
    dy: Tensor,
    x: Tensor,
    w: Tensor,
    stride: int = 1,
    padding: int = 0,
    *,
    step: Callable = lambda s: s,
    kernel: Callable = lambda w: w,
    frames: Callable = framed,
    lays: Callable = lambda windows: windows,
    sends: Callable = lambda dx, back: dx.add_(back),
    shares: Callable = lambda dx, visits: dx,
    cuts: Callable = lambda p, n: slice(p, p + n),
    sums: Callable = lambda dw: dw.sum(0),
    total: Callable = lambda dy: dy.sum((0, 2, 3)),
) -> tuple[Tensor, Tensor, Tensor]:
    """y[i, j] = Σ w[m, n] x[s·i + m, s·j + n] + b, window by window."""
    p, s, (kH, kW) = padding, step(stride), w.shape[2:]
    padded = frames(x, p)
    dx, visits = torch.zeros_like(padded), torch.zeros_like(padded)
    places = [(i, j) for i in range(dy.shape[2]) for j in range(dy.shape[3])]
    at = [(..., slice(s * i, s * i + kH), slice(s * j, s * j + kW)) for i, j in places]
    windows = lays(torch.stack([padded[window] for window in at], 1))
    dw = torch.einsum("bol,blcmn->bocmn", dy.flatten(2), windows)
    for (i, j), window in zip(places, at, strict=True):
        sends(dx[window], torch.einsum("bo,ocmn->bcmn", dy[:, :, i, j], kernel(w)))
        visits[window] += 1
    dx = shares(dx, visits)
    return dx[..., cuts(p, x.shape[2]), cuts(p, x.shape[3])], sums(dw), total(dy)


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
        "for dw the columns are reshaped, that mixes them up: transpose them": {
            "lays": lambda windows: windows.flatten(2).mT.reshape(windows.shape)
        },
    },
)(alone("dw"))

conv_backward.aspect(
    "dx adds up what every window sends back",
    1,
    {
        "later windows overwrite earlier ones: add": {"sends": lambda dx, back: dx.copy_(back)},
        "dx is divided by how many windows a pixel lies in: what they send back is added": {
            "shares": lambda dx, visits: dx / visits.clamp(min=1)
        },
        "for dx the kernels are reshaped, that mixes them up: transpose them": {
            "kernel": mixed
        },
        "the kernel is turned the wrong way: x[p, q] gets w[m, n]·dy[p − m, q − n]; a "
        "correlation with dy needs the kernel flipped, fold does not": {
            "kernel": lambda w: w.flip(-1, -2)
        },
    },
)(alone("dx"))


@conv_backward.aspect(
    "with stride and padding, dx has the size of x",
    1.5,
    {
        "the stride is ignored: windows start at multiples of it": {"step": lambda s: 1},
        "dx is as large as the padded image: cut its frame off": {
            "cuts": lambda p, n: slice(None)
        },
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
