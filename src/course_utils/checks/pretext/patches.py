"""Exercise 9.4, patches on a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def cut(
    x: Tensor,
    size: int,
    stride: int,
    *,
    reads: Callable = lambda x: x,
    steps: Callable = lambda size, stride: (size, stride),
    grid: Callable = lambda n, size, stride: range(0, n - size + 1, stride),
    orders: Callable = lambda y: y.permute(0, 2, 3, 1, 4, 5),
    turns: Callable = lambda y: y,
) -> Tensor:
    """x (B, C, H, W) -> (B, rows, cols, C, size, size)."""
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    size, stride = steps(size, stride)
    inside = torch.arange(size)
    starts = [torch.tensor([*grid(n, size, stride)], dtype=torch.int64) for n in x.shape[2:]]
    i, j = (start[:, None] + inside for start in starts)
    return turns(orders(reads(x)[:, :, i[:, None, :, None], j[:, None, :]]))


def reshaped(y: Tensor) -> Tensor:
    return y.reshape(len(y), *y.shape[2:4], y.shape[1], *y.shape[4:])


patches = Exercise("9.4", "patches", points=5, hidden=2, right=cut)


@patches.whole
def _(draw: Draw) -> Iterator[Probe]:
    for shape, size, stride in (
        ((2, 3, 9, 7), 3, 2),
        ((3, 2, 6, 11), 4, 1),
        ((2, 3, 8, 12), 4, 4),
        ((1, 4, 11, 8), 2, 3),
        ((2, 1, 5, 10), 5, 2),
        # Much is left over: below and on the right, below alone, on the right alone.
        ((2, 3, 5, 8), 3, 3),
        ((2, 2, 13, 9), 3, 6),
        ((1, 1, 7, 14), 2, 5),
        ((1, 2, 12, 6), 1, 7),
        ((1, 1, 1, 1), 1, 4),
        ((3, 3, 3, 3), 3, 1),
    ):
        yield given(draw.normal(*shape), size=size, stride=stride)
    yield given(x=draw.normal(2, 3, 7, 4), size=1, stride=2)
    yield given(draw.integers(0, 256, 2, 3, 8, 9).to(torch.uint8), size=4, stride=2)
    yield given(draw.integers(-9, 9, 2, 2, 9, 6), size=3, stride=3)


@patches.aspect(
    "each patch holds its place in every channel, pixels as they were",
    0.5,
    {
        "rows and columns of the grid are swapped": {
            "orders": lambda y: y.permute(0, 3, 2, 1, 4, 5)
        },
        "rows and columns of each patch are swapped": {"turns": lambda y: y.mT},
        "the channels come second: expected (B, rows, cols, C, size, size)": {
            "orders": lambda y: y
        },
        "channels are mixed with places in a reshape: permute the axes": {"orders": reshaped},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for c, h, w, size in ((2, 9, 9, 3), (3, 8, 12, 4), (4, 10, 4, 2)):
        yield given(draw.normal(2, c, h, w), size=size, stride=size)


@patches.aspect(
    "a stride of its own; the last patch that fits counts, what fills none is dropped",
    0.75,
    {
        "the stride is ignored: patches lie side by side": {
            "steps": lambda size, _: (size, size)
        },
        "patches never overlap: a stride smaller than the size counts as it is": {
            "steps": lambda size, stride: (size, max(size, stride))
        },
        "a stride larger than the size is cut down to it: gaps between patches are right": {
            "steps": lambda size, stride: (size, min(size, stride))
        },
        "the grid begins in the middle of what is left over: it begins at row and column 0": {
            "grid": lambda n, size, stride: range(
                (n - size) % stride // 2, n - size + 1, stride
            )
        },
        "size and stride are swapped": {"steps": lambda size, stride: (stride, size)},
        "the last patch is missing: (H − size) / stride + 1 of them fit": {
            "grid": lambda n, size, stride: range(0, (n - size) // stride * stride, stride)
        },
        "the last patch that fits exactly is missing": {
            "grid": lambda n, size, stride: range(0, n - size, stride)
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for n, size, stride in ((9, 3, 2), (8, 2, 3), (10, 4, 3), (12, 4, 2), (5, 5, 2), (8, 3, 3)):
        yield given(draw.normal(2, 2, n, n), size=size, stride=stride)


@patches.refuses("refuses a patch larger than the image", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    yield given(draw.normal(2, 3, 4, 9), size=5, stride=2)


patches.keeps(0.25, "keeps the dtype, also uint8, and leaves its input alone")
