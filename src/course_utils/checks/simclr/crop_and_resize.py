"""Exercise 10.1, crop and resize."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given
from course_utils.checks.watch import Ban


def sampled(
    image: Tensor, rows: Tensor, columns: Tensor, box: tuple = (0, 0, 1, 1), wide: bool = False
) -> Tensor:
    """Values of (C, H, W) between two pixels; wide: over all of the box that one covers."""

    def weights(at: Tensor, n: int, start: int, length: int) -> Tensor:
        i, covers = torch.arange(n), max(length / len(at), 1) if wide else 1
        w = (1 - (at.clamp(0, n - 1)[:, None] - i).abs() / covers).clamp(min=0)
        w = w * ((i >= start) & (i < start + length)) if wide else w
        return w / w.sum(1, keepdim=True)

    top, left, height, width = box
    down, across = image.shape[1:]
    return weights(rows, down, top, height) @ image @ weights(columns, across, left, width).T


def resized(
    x: Tensor,
    boxes: Tensor,
    size: int,
    *,
    whose: Callable = lambda boxes: boxes,
    corner: Callable = lambda top, left: (top, left),
    sides: Callable = lambda top, left, height, width: (height, width),
    place: Callable = lambda u, n, size: (u + 0.5) * n / size - 0.5,
    stops: Callable = lambda at, n: at.clamp(0, n - 1),
    samples: Callable = sampled,
) -> Tensor:
    """(B, C, H, W), boxes (B, 4) -> (B, C, size, size)."""
    u, (H, W), out = torch.arange(size).to(x), x.shape[2:], []
    for image, box in zip(x, whose(boxes).tolist(), strict=True):
        (top, left), (height, width) = corner(*box[:2]), sides(*box)
        height, width = min(height, H - top), min(width, W - left)  # as a slice is cut off
        assert min(height, width) > 0, "nothing is left of the box"
        rows = top + stops(place(u, height, size), height)
        columns = left + stops(place(u, width, size), width)
        out.append(samples(image, rows, columns, (top, left, height, width)))
    return torch.stack(out)


def rows_first(image: Tensor, rows: Tensor, columns: Tensor, box: tuple) -> Tensor:
    """As grid_sample takes rows for columns."""
    ratio = image.shape[1] / image.shape[2]
    return sampled(image, (columns + 0.5) * ratio - 0.5, (rows + 0.5) / ratio - 0.5).mT


def between_centres(image: Tensor, rows: Tensor, columns: Tensor, box: tuple) -> Tensor:
    """As grid_sample with align_corners=True takes a grid from edge to edge."""
    H, W = image.shape[1:]
    return sampled(image, (rows + 0.5) * (H - 1) / H, (columns + 0.5) * (W - 1) / W)


LIBRARIES = ("torchvision", "PIL", "skimage.transform")
BY_HAND = Ban("cut out and resize yourself, it is the exercise", "torchvision", LIBRARIES)
crop_and_resize = Exercise("10.1", "crop_and_resize", 7, 2, (BY_HAND,), right=resized)


@crop_and_resize.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    boxes = torch.tensor([[1, 2, 9, 3], [4, 0, 7, 6], [0, 4, 12, 5]])
    yield draw.normal(3, 2, 12, 9), boxes, 5
    yield draw.normal(2, 3, 9, 14), torch.tensor([[2, 5, 3, 8], [1, 3, 8, 5]]), 4
    yield draw.normal(1, 1, 10, 10), torch.tensor([[1, 3, 9, 5]]), 7
    boxes = torch.tensor([[0, 0, 11, 8], [4, 2, 5, 6]])
    yield given(size=3, boxes=boxes, x=draw.normal(2, 4, 11, 8))
    for size, *two in (
        (1, [1, 2, 5, 3], [0, 0, 7, 6]),
        (3, [1, 2, 3, 3], [4, 3, 3, 3]),
        (6, [2, 1, 4, 4], [0, 2, 4, 3]),
        (4, [6, 1, 1, 2], [0, 5, 2, 1]),
        (9, [5, 3, 2, 2], [6, 5, 1, 1]),
    ):
        yield draw.normal(2, 3, 7, 6), torch.tensor(two), size


@crop_and_resize.aspect(
    "each image has its own box: top, left, height, width",
    1,
    {
        "the first image's box is used for all: each has its own": {
            "whose": lambda boxes: boxes[:1].expand_as(boxes)
        },
        "top and left are swapped: the first number counts rows": {
            "corner": lambda top, left: (left, top)
        },
        "height and width are swapped": {
            "sides": lambda top, left, height, width: (width, height)
        },
        "the box is read as top, left, bottom, right: the last two are height and width": {
            "sides": lambda top, left, bottom, right: (bottom - top, right - left)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(3, 2, 9, 11), torch.tensor([[1, 2, 4, 4], [0, 3, 4, 4], [3, 2, 4, 4]]), 4
    yield draw.normal(2, 3, 12, 11), torch.tensor([[2, 1, 8, 5], [1, 3, 6, 7]]), 5


@crop_and_resize.aspect(
    "bilinear between pixel centres; beyond the box its own border goes on",
    1.25,
    {
        "align_corners=True: pixel u lies at (u + 0.5) · height / size − 0.5": {
            "place": lambda u, n, size: u * (n - 1) / max(size - 1, 1)
        },
        "the half pixels are missing: pixel u lies at (u + 0.5) · height / size − 0.5": {
            "place": lambda u, n, size: u * n / size
        },
        "antialias=True: expected the two pixels beside a place, also where the box shrinks": {
            "samples": partial(sampled, wide=True)
        },
        "the nearest pixel is taken: expected bilinear": {
            "place": lambda u, n, size: (u * n / size).floor()
        },
        "grid_sample got the rows first: it expects torch.stack([columns, rows], -1)": {
            "samples": rows_first
        },
        "grid_sample has align_corners=True, but the grid runs from edge to edge": {
            "samples": between_centres
        },
        "the neighbours beyond the box bleed in: stop at its last row and column": {
            "stops": lambda at, n: at
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for size in (4, 8):
        yield draw.normal(2, 3, 10, 11), torch.tensor([[2, 2, 7, 7], [1, 3, 6, 6]]), size


crop_and_resize.keeps(points=0.5)
