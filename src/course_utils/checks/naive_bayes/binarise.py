"""Exercise 1.1, binary pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def as_share(images: Tensor, white: int = 255) -> Tensor:
    """Brightness in 0 to 1."""
    return images if images.is_floating_point() else images.double() / white


def binary(
    images: Tensor,
    threshold: float = 0.5,
    *,
    brightness: Callable = as_share,
    limit: Callable = lambda t: t,
    on: Callable = lambda x, t: (x > t).float(),
    rows: Callable = lambda x: x.flatten(1),
) -> Tensor:
    """(N, C, H, W) -> (N, D) float32."""
    return rows(on(brightness(images), limit(threshold)))


def greys(*size: int) -> Tensor:
    """Sixteenths from 0 to 1, all of them where there is room: thresholds are met exactly."""
    n = torch.Size(size).numel()
    return (torch.arange(n) * 7 % 17 / 16).double().reshape(size)


def bytes_of(*size: int) -> Tensor:
    """All bytes."""
    n = torch.Size(size).numel()
    return (torch.arange(n) * 77 % 256).to(torch.uint8).reshape(size)


binarise = Exercise("1.1", "binarise", points=3, hidden=1, right=binary)


@binarise.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield (greys(3, 1, 4, 5),)
    yield greys(2, 3, 4, 2), 0.25
    yield given(images=greys(1, 2, 5, 6), threshold=0.75)
    yield (bytes_of(2, 1, 8, 16),)
    yield bytes_of(1, 1, 16, 16), 0.2
    yield given(bytes_of(4, 2, 4, 8), threshold=0.8)
    yield draw.uniform(4, 3, 3, 3), 0.1
    yield (greys(3, 1, 1, 1),)
    for threshold in (0, 0.0, 0.25, 0.5, 1.0):
        yield greys(2, 1, 4, 5), threshold
        yield bytes_of(2, 2, 8, 8), threshold
    # The dtype tells the scale: neither all greys nor all bytes have to be there.
    for threshold in (0.5, 0.25, 0.0):
        yield 0.1 + greys(2, 2, 3, 4) / 2, threshold
        yield 10 + bytes_of(2, 1, 8, 8) // 3 * 2, threshold
        yield bytes_of(2, 3, 4, 4) % 2, threshold


@binarise.aspect(
    "bright is 1 and dark is 0, one row per image",
    0.25,
    {
        "bright pixels are 0 and dark ones 1: it has to be the other way round": {
            "on": lambda x, t: (x <= t).float()
        },
        "darker than the threshold is 1: brighter has to be 1": {
            "on": lambda x, t: (x < t).float()
        },
        "bright pixels keep their grey: expected 0 or 1": {"on": lambda x, t: x * (x > t)},
        "the images keep their rows: lay the pixels of each out in one, (N, D)": {
            "rows": lambda x: x
        },
        "all images are one long row: the first axis has to stay": {
            "rows": lambda x: x.flatten()
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield (draw.uniform(3, 2, 4, 5),)


@binarise.aspect(
    "bytes go up to 255",
    0.25,
    {
        "every byte but 0 counts as bright: half is 127.5 for bytes, in a dark batch too": {
            "brightness": lambda images: images.double()
        },
        "128 counts as dark, but half of 255 is 127.5: divide by 255 and round nothing": {
            "brightness": lambda images: as_share(images, 256)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield (bytes_of(2, 2, 8, 8),)


@binarise.aspect(
    "strictly brighter than the threshold",
    0.25,
    {
        "a pixel just at the threshold has to be off: strictly brighter is on": {
            "on": lambda x, t: (x >= t).float()
        },
        "the threshold is ignored": {"limit": lambda t: 0.5},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield greys(2, 3, 4, 2), 0.5
    yield greys(2, 3, 4, 2), 0.25
    yield greys(2, 3, 4, 2), 0.75


binarise.keeps(points=0.5, name="gives float32 and leaves its input alone")
