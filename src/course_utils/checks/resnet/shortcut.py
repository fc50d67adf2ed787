"""Exercise 4.4, shortcuts where the shape changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given
from course_utils.checks.resnet.blocks import OWN, Params, params, path


def option_a_or_b(
    x: Tensor,
    c_out: int,
    stride: int,
    p: Params | None = None,
    *,
    uses: Callable = lambda p: p,
    done: Callable = lambda same, stride: False,
    fits: Callable = lambda c, c_out: c <= c_out,
    thins: Callable = lambda x, s: x[..., ::s, ::s],
    fills: Callable = lambda x, new: F.pad(x, (0, 0, 0, 0, 0, new)),
    layers: str = "0 1",
    takes: str = "0",
    own: str = "",
) -> Tensor:
    p, new = uses(p), c_out - x.shape[1]
    if done(new == 0, stride):
        return x
    if p is not None:
        return path(x, p, layers, {takes: stride}, own)
    if not fits(x.shape[1], c_out):
        raise ValueError("option A only adds channels")
    return fills(thins(x, stride), new)


def projection(draw: Draw, c_in: int, c_out: int) -> Params:
    return params(draw, [("0", "1", c_in, c_out, 1)])


shortcut = Exercise("4.4", "shortcut", 5, 2, right=option_a_or_b)


@shortcut.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield draw.normal(2, 3, 6, 8), 5, 2
    yield draw.normal(2, 4, 5, 7), 4, 1
    yield draw.normal(3, 2, 7, 5), 7, 3
    yield draw.normal(1, 4, 9, 6), 4, 2
    yield draw.normal(2, 1, 1, 5), 3, 2
    yield draw.normal(3, 3, 3, 3), 6, 3
    yield given(x=draw.normal(1, 3, 6, 4), c_out=6, stride=1)
    yield draw.normal(2, 3, 7, 8), 5, 2, projection(draw, 3, 5)
    yield draw.normal(1, 5, 6, 7), 3, 1, projection(draw, 5, 3)
    yield draw.normal(2, 3, 5, 1), 1, 2, projection(draw, 3, 1)
    yield draw.normal(2, 1, 4, 4), 4, 1, projection(draw, 1, 4)
    yield given(x=draw.normal(3, 4, 8, 5), c_out=4, stride=3, p=projection(draw, 4, 4))


@shortcut.aspect(
    "option A: every stride-th pixel, zeros for the new channels after the old ones",
    1,
    {
        "the mean of each window: option A takes every stride-th pixel": {
            "thins": lambda x, s: F.avg_pool2d(x, s, ceil_mode=True)
        },
        "rounded down: row 0, s, 2s … as long as there are any": {
            "thins": lambda x, s: x[..., : x.shape[2] // s * s : s, : x.shape[3] // s * s : s]
        },
        "the zeros stand before the old channels: append them": {
            "fills": lambda x, new: F.pad(x, (0, 0, 0, 0, new, 0))
        },
        "half of the zeros stand before the old channels: append them": {
            "fills": lambda x, new: F.pad(x, (0, 0, 0, 0, new // 2, new - new // 2))
        },
        "the old channels are repeated: the new ones are zero": {
            "fills": lambda x, n: x.repeat(1, 2 + n // x.shape[1], 1, 1)[:, : x.shape[1] + n]
        },
        "x as it is wherever the channels fit: a stride takes pixels away": {
            "done": lambda same, stride: same
        },
        "x as it is wherever the stride is 1: the channels may have to grow": {
            "done": lambda same, stride: stride == 1
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for size, c_out, s in (((2, 4, 6, 5), 7, 2), ((3, 2, 9, 7), 2, 3), ((2, 3, 4, 6), 9, 1)):
        yield draw.normal(*size), c_out, s


@shortcut.aspect(
    "option B: 1 × 1 convolution with the stride, then batch norm",
    0.5,
    {
        "no batch norm after the convolution": {"layers": "0"},
        OWN: {"own": "1"},
        "the projection ignores the stride": {"takes": ""},
        "p is ignored: it holds a projection": {"uses": lambda p: None},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for c_out, stride in ((5, 2), (4, 2), (6, 1)):
        yield draw.normal(2, 4, 6, 8), c_out, stride, projection(draw, 4, c_out)


@shortcut.refuses(
    "refuses to drop channels without a projection",
    0.25,
    {
        "fewer channels and no p should raise a ValueError: option A only adds channels": {
            "fits": lambda c, c_out: True
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 4, 4, 6), 3, 1


shortcut.keeps(0.25)
