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
    way: Callable = lambda r, d, H, W: (r, d),
    sees: Callable = lambda source, n: (source >= 0) & (source < n),
    comes_in: Callable = lambda x, rows, columns: torch.zeros_like(x),
) -> Tensor:
    """y[i, j] = x[i − down, j − right] where there is such a pixel, else 0."""
    H, W = x.shape[2:]
    right, down = way(right, down, H, W)
    rows, columns = torch.arange(H) - down, torch.arange(W) - right
    inside = sees(rows, H)[:, None] & sees(columns, W)
    y = x[:, :, rows % H][..., columns % W]
    return torch.where(inside, y, comes_in(x, rows, columns))


def nearest(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    H, W = x.shape[2:]
    return x[:, :, rows.clamp(0, H - 1)][..., columns.clamp(0, W - 1)]


def too_far(x: Tensor, right: int, down: int) -> str:
    """What an error means where the shift is larger than the image."""
    far = abs(right) > x.shape[3] or abs(down) > x.shape[2]
    limit = "first limit right to −W … W and down to −H … H"
    return f"a shift by more than the whole size has to give all black: {limit}" if far else ""


shift = Exercise("3.6", "shift", 5, hidden=2, right=moved, fails=too_far)


@shift.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield draw.normal(2, 3, 5, 7), 2, 1
    sizes = ((3, 1, 4, 9), (1, 2, 8, 3), (2, 3, 5, 5), (2, 2, 1, 6), (1, 1, 7, 1), (2, 2, 1, 1))
    for size in sizes:
        for right, down in ((2, -1), (-6, 2), (0, -3), (-2, 0), (1, 5), (30, 1), (0, 0)):
            yield draw.normal(*size), right, down
    yield draw.integers(0, 256, 2, 3, 5, 6).to(torch.uint8), 2, -1
    yield given(x=draw.integers(-9, 10, 2, 3, 3, 5), right=-4, down=1)


@shift.aspect(
    "right and down, and with negative numbers left and up",
    0.5,
    exchange(
        "way",
        {
            "moved the other way: right and down are positive": lambda r, d, H, W: (-r, -d),
            "right and down are swapped": lambda r, d, H, W: (d, r),
            "the signs are ignored": lambda r, d, H, W: (abs(r), abs(d)),
            "negative numbers are taken as 0": lambda r, d, H, W: (max(r, 0), max(d, 0)),
            "right is limited by the height: images may be wider than high": (
                lambda r, d, H, W: (max(-H, min(r, H)), d)
            ),
            "right is compared with the height, down with the width: the other way round": (
                lambda r, d, H, W: (W, H) if abs(r) >= H or abs(d) >= W else (r, d)
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:  # in a black frame: what comes in does not show
    for right, down in ((2, 0), (-6, 0), (0, 1), (0, -3)):  # each alone: messages tell
        yield F.pad(draw.normal(2, 3, 2, 3), (6, 6, 3, 3)), right, down
    yield F.pad(draw.normal(2, 3, 2, 3), (6, 6, 1, 1)), 5, 0


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
