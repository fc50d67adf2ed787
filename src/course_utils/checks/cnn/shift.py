"""Exercise 3.6, images that move."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def moved(
    x: Tensor,
    right: int,
    down: int,
    *,
    way: Callable = lambda r, d, H: (r, d),
    sees: Callable = lambda source, n: (source >= 0) & (source < n),
    comes_in: Callable = lambda x, rows, columns: torch.zeros_like(x),
) -> Tensor:
    """y[i, j] = x[i − down, j − right] where there is such a pixel, else 0."""
    H, W = x.shape[2:]
    right, down = way(right, down, H)
    rows, columns = torch.arange(H) - down, torch.arange(W) - right
    inside = sees(rows, H)[:, None] & sees(columns, W)
    y = x[:, :, rows % H][..., columns % W]
    return torch.where(inside, y, comes_in(x, rows, columns))


def nearest(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    H, W = x.shape[2:]
    return x[:, :, rows.clamp(0, H - 1)][..., columns.clamp(0, W - 1)]


shift = Exercise("3.6", "shift", 5, hidden=2, right=moved)


@shift.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield draw.normal(2, 3, 5, 7), 2, 1
    yield draw.normal(1, 2, 6, 4), -1, 2
    yield draw.normal(3, 1, 4, 9), 6, -2
    yield draw.normal(2, 3, 8, 3), 1, 5
    yield draw.normal(2, 2, 9, 5), -2, -7
    yield draw.normal(2, 2, 5, 6), 0, -3
    yield draw.normal(2, 3, 6, 5), -4, 0
    yield draw.normal(2, 3, 4, 5), 0, 0
    yield draw.integers(0, 256, 2, 3, 5, 6).to(torch.uint8), 2, -1
    yield given(x=draw.integers(-9, 10, 2, 3, 3, 5), right=-4, down=1)


@shift.aspect(
    "right and down, and with negative numbers left and up",
    0.5,
    exchange(
        "way",
        {
            "moved the other way: right and down are positive": lambda r, d, H: (-r, -d),
            "right and down are swapped": lambda r, d, H: (d, r),
            "the signs are ignored": lambda r, d, H: (abs(r), abs(d)),
            "negative numbers are taken as 0": lambda r, d, H: (max(r, 0), max(d, 0)),
            "right is limited by the height: images may be wider than high": (
                lambda r, d, H: (max(-H, min(r, H)), d)
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:  # in a black frame: what comes in does not show
    for right, down in ((2, 1), (-6, 2), (1, -3), (-2, -1)):
        yield F.pad(draw.normal(2, 3, 2, 3), (6, 6, 3, 3)), right, down
    yield F.pad(draw.normal(2, 3, 2, 3), (6, 6, 1, 1)), 5, -1


@shift.aspect(
    "black comes in, nothing wraps around",
    0.5,
    {
        "it wraps around: what leaves on one side comes in on the other": {
            "sees": lambda source, n: source == source
        },
        "to the left and up it wraps around: mind negative indices": {
            "sees": lambda source, n: source >= 0
        },
        "the border is repeated: black (0) comes in": {"comes_in": nearest},
        "the old pixels stay where nothing comes in: black (0) comes in": {
            "comes_in": lambda x, rows, columns: x
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for right, down in ((2, 1), (1, 3), (-2, -1), (-1, 3), (2, -3)):
        yield draw.normal(2, 3, 7, 9) + 3, right, down


shift.keeps(0.5, "keeps the dtype, also uint8, and leaves its input alone")
