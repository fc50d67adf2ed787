"""Exercise 3.3, max pooling."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import twins
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given

POOL_BY_HAND = twins.ban(
    "take the largest value of each window yourself, it is the exercise", twins.POOLING
)


def windows(x: Tensor, size: int, s: int) -> Tensor:
    return x.unfold(2, size, s).unfold(3, size, s).flatten(-2)


def rounded_up(x: Tensor, size: int, s: int) -> Tensor:
    more = [-(n - size) % s for n in x.shape[2:]]
    return windows(F.pad(x, (0, more[1], 0, more[0]), value=-math.inf), size, s)


def blocks(x: Tensor, size: int, s: int) -> Tensor:
    h, w = (n // size for n in x.shape[2:])
    cut = x[:, :, : h * size, : w * size]
    return cut.reshape(*x.shape[:2], h, w, -1) if s == size else windows(x, size, s)


def mixed(x: Tensor, size: int, s: int) -> Tensor:
    """The columns of F.unfold, read as if the channels ran last."""
    w = windows(x, size, s)  # (B, C, H', W', size²)
    B, C, H, W, n = w.shape
    return w.permute(0, 1, 4, 2, 3).reshape(B, n, C, H, W).permute(0, 2, 3, 4, 1)


def largest(
    x: Tensor,
    size: int,
    stride: int | None = None,
    *,
    fits: Callable = lambda size, n: size <= n,
    step: Callable = lambda stride, size: size if stride is None else stride,
    cuts: Callable = windows,
    takes: Callable = lambda windows: windows.max(-1).values,
) -> Tensor:
    """x (B, C, H, W) -> (B, C, H', W')."""
    if not all(fits(size, n) for n in x.shape[2:]):
        raise ValueError("the window is larger than the image")
    return takes(cuts(x, size, step(stride, size)))


max_pool = Exercise("3.3", "max_pool", 5, hidden=2, bans=(POOL_BY_HAND,), right=largest)


@max_pool.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield draw.normal(2, 3, 6, 8), 2
    yield draw.normal(3, 2, 9, 7), 3, 2
    yield draw.normal(1, 4, 8, 11), 2, 3
    yield draw.normal(2, 1, 7, 5), 3, 3
    yield draw.normal(2, 3, 4, 4), 4, 1  # one window
    yield draw.normal(1, 2, 1, 5), 1, 1
    yield draw.normal(2, 3, 10, 9) - 3, 4, 1
    for scale in (1, 1e4, 1e30):  # below any value that one may start from
        yield (draw.normal(2, 2, 6, 9) - 4) * scale, 3
    yield given(x=draw.normal(2, 3, 5, 9), size=2, stride=None)
    yield given(draw.normal(3, 2, 5, 4) - 4, size=1, stride=2)


@max_pool.aspect(
    "the largest value of a window, whatever the signs",
    0.5,
    {
        "the largest of the values and 0: do not start from 0": {
            "takes": lambda w: w.max(-1).values.clamp(min=0)
        },
        "the largest absolute value: −1 is larger than −2": {
            "takes": lambda w: w.gather(-1, w.abs().argmax(-1, keepdim=True))[..., 0]
        },
        "the mean, expected the largest value": {"takes": lambda w: w.mean(-1)},
        "channels are mixed up: F.unfold puts them before the window's places, (B, C, n², L)": {
            "cuts": mixed
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 6, 8), 2, 2
    yield -draw.normal(2, 3, 9, 6).abs(), 3, 3


@max_pool.aspect(
    "the step between windows, and only whole windows",
    0.75,
    {
        "the stride is ignored": {"step": lambda stride, size: size},
        "without a stride the window moves by one pixel: it moves by its size": {
            "step": lambda stride, size: stride or 1
        },
        "rounded up: a window that does not fit gives no value": {"cuts": rounded_up},
        "cut by a reshape alone, these are no windows: bring their two axes together first": {
            "cuts": blocks
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for height, width, size, stride in ((7, 9, 3, 2), (8, 11, 2, 3), (4, 5, 2, 1)):
        yield draw.normal(2, 3, height, width).abs(), size, stride
    for height, width in ((9, 12), (8, 10), (11, 6)):
        yield draw.normal(2, 3, height, width).abs(), 3


@max_pool.refuses("refuses a window larger than the image", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 2, 3, 8), 4


max_pool.keeps(0.25, "keeps the dtype and leaves its input alone")
