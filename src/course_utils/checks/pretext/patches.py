"""Exercise 9.4, patches on a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def cut(
    x: Tensor,
    size: int,
    stride: int,
    *,
    reads: Callable = lambda x: x,
    frames: Callable = lambda x, size, stride: x,
    steps: Callable = lambda size, stride: (size, stride),
    grid: Callable = lambda n, size, stride: range(0, n - size + 1, stride),
    orders: Callable = lambda y: y.permute(0, 2, 3, 1, 4, 5),
    turns: Callable = lambda y: y,
) -> Tensor:
    """x (B, C, H, W) -> (B, rows, cols, C, size, size)."""
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    x = frames(reads(x), size, stride)
    size, stride = steps(size, stride)
    inside = torch.arange(size)
    top, left = (
        torch.tensor(list(grid(n, size, stride)), dtype=torch.int64) for n in x.shape[2:]
    )
    i, j = top[:, None] + inside, left[:, None] + inside
    return turns(orders(x[:, :, i[:, None, :, None], j[:, None, :]]))


def rounded_up(x: Tensor, size: int, stride: int) -> Tensor:
    """Black below and on the right, until one more patch fits."""
    down, across = (-(n - size) % stride for n in x.shape[2:])
    return F.pad(x, (0, across, 0, down))


patches = Exercise("9.4", "patches", points=5, hidden=2, right=cut)


@patches.whole
def _(draw: Draw) -> Iterator[Probe]:
    yield given(draw.normal(2, 3, 9, 7), size=3, stride=2)
    yield given(draw.normal(3, 2, 6, 11), size=4, stride=1)
    yield given(draw.normal(2, 3, 8, 12), size=4, stride=4)
    yield given(draw.normal(1, 4, 11, 8), size=2, stride=3)
    yield given(draw.normal(2, 1, 5, 10), size=5, stride=2)
    yield given(x=draw.normal(2, 3, 7, 4), size=1, stride=2)
    yield given(draw.integers(0, 256, 2, 3, 8, 9).to(torch.uint8), size=4, stride=2)
    yield given(draw.integers(-9, 9, 2, 2, 9, 6), size=3, stride=3)


@patches.aspect(
    "patch (i, j) lies in row i and column j, pixels as they were",
    0.5,
    {
        "rows and columns of the grid are swapped": {
            "orders": lambda y: y.permute(0, 3, 2, 1, 4, 5)
        },
        "rows and columns of each patch are swapped": {"turns": lambda y: y.mT},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for h, w, size in ((9, 9, 3), (8, 12, 4), (10, 4, 2)):
        x = draw.normal(2, 1, h, w).expand(2, 3, h, w).clone()  # all channels alike
        yield given(x, size=size, stride=size)


@patches.aspect(
    "each patch holds its place in every channel",
    0.25,
    exchange(
        "orders",
        {
            "the channels come second: expected (B, rows, cols, C, size, size)": lambda y: y,
            "channels are mixed with places in a reshape: permute the axes first": lambda y: (
                y.reshape(len(y), *y.shape[2:4], y.shape[1], *y.shape[4:])
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[Probe]:
    for channels, size in ((3, 4), (2, 4), (4, 2)):
        yield given(draw.normal(2, channels, 8, 8), size=size, stride=size)


@patches.aspect(
    "a stride of its own: patches overlap or leave gaps",
    0.25,
    exchange(
        "steps",
        {
            "the stride is ignored: patches lie side by side": lambda size, stride: (
                size,
                size,
            ),
            "size and stride are swapped": lambda size, stride: (stride, size),
        },
    ),
)
def _(draw: Draw) -> Iterator[Probe]:
    for n, size, stride in ((9, 3, 2), (8, 2, 3), (6, 3, 1), (12, 4, 2)):
        yield given(draw.normal(2, 2, n, n), size=size, stride=stride)


@patches.aspect(
    "the last patch that fits counts, what fills none is dropped",
    0.5,
    {
        "the last patch is missing: (H − size) / stride + 1 of them fit": {
            "grid": lambda n, size, stride: range(0, (n - size) // stride * stride, stride)
        },
        "the last patch that fits exactly is missing": {
            "grid": lambda n, size, stride: range(0, n - size, stride)
        },
        "rounded up, filled with black: what fills no patch is dropped": {"frames": rounded_up},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for n, size, stride in ((10, 4, 3), (10, 3, 3), (9, 4, 2), (5, 5, 2)):
        yield given(draw.normal(2, 2, n, n), size=size, stride=stride)


patches.keeps(0.25, "keeps the dtype, also uint8, and leaves its input alone")
