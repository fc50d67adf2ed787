"""Exercise 2.6, a filter in two passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.convolution.conv1d import symmetric
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def one_pass(x: Tensor, k: Tensor, dim: int, border: str) -> Tensor:
    """k meets the samples along one axis, beyond whose ends there is a border."""
    r = len(k) // 2
    sides = (r, r, 0, 0) if dim == 3 else (0, 0, r, r)
    return F.pad(x, sides, mode=border).unfold(dim, len(k), 1) @ k


def in_two_passes(
    x: Tensor,
    k: Tensor,
    *,
    border: str = "replicate",
    kernel: Callable = lambda k: k,
    passes: Callable = lambda x, run: run(run(x, 2), 3),
    channels: Callable = lambda y: y,
) -> Tensor:
    """x (B, C, H, W), k (K,) -> (B, C, H, W)."""
    return channels(passes(x, lambda x, dim: one_pass(x, kernel(k), dim, border)))


separable_filter = Exercise("2.6", "separable_filter", points=6, hidden=1, right=in_two_passes)


@separable_filter.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield draw.normal(2, 3, 9, 7), draw.normal(5)
    yield given(x=draw.normal(1, 2, 6, 11), k=draw.normal(3))
    yield draw.normal(2, 4, 5, 6), symmetric(draw.normal(3).abs()) / 9
    # Square; one sample; longer than one side, than both; one row or column, one pixel.
    for size, k in (
        ((3, 1, 8, 8), 7),
        ((2, 3, 9, 5), 1),
        ((2, 2, 4, 11), 7),
        ((3, 2, 2, 3), 9),
        ((2, 2, 6, 1), 3),
        ((1, 3, 1, 5), 5),
        ((1, 2, 1, 1), 5),
    ):
        yield draw.normal(*size), draw.normal(k)


@separable_filter.aspect(
    "filters along rows and along columns",
    1,
    {
        "filtered along the rows only": {"passes": lambda x, run: run(x, 3)},
        "filtered along the columns only": {"passes": lambda x, run: run(x, 2)},
        "filtered along the rows twice": {"passes": lambda x, run: run(run(x, 3), 3)},
        "filtered along the columns twice": {"passes": lambda x, run: run(run(x, 2), 2)},
        "the two passes are added: the second runs on the result of the first": {
            "passes": lambda x, run: run(x, 2) + run(x, 3)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 2, 9, 6), symmetric(draw.normal(5))
    yield draw.normal(2, 2, 7, 10), symmetric(draw.normal(3))


@separable_filter.aspect(
    "an asymmetric filter keeps its direction",
    0.25,
    {
        "the filter is flipped: layers compute cross-correlation": {
            "kernel": lambda k: k.flip(0)
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 2, 7, 9), draw.normal(3)


@separable_filter.aspect(
    "repeats the border",
    0.25,
    {
        "zeros around the image make its border dark: repeat the border pixels": {
            "border": "constant"
        },
        "the border is mirrored: repeat the border pixels": {"border": "reflect"},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 2, 7, 10), symmetric(draw.normal(5))
    yield draw.normal(2, 2, 6, 5), symmetric(draw.normal(3))


@separable_filter.aspect(
    "each channel by itself",
    0.25,
    {
        "the channels are summed into one": {"channels": lambda y: y.sum(1, keepdim=True)},
        "every channel is the sum of all: a pass mixes the channels": {
            "channels": lambda y: y.sum(1, keepdim=True).expand_as(y)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 8, 9), symmetric(draw.normal(3))


@separable_filter.contract("2K products per pixel, not K²", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, k = draw.normal(2, 1, 24, 24), draw.normal(11)
    products = answer.trace(x, k).multiplications / x.numel()
    if products > 4 * len(k):  # padding makes the first pass a little larger than the image
        raise Wrong(
            f"{products:.0f} products per pixel for a filter of {len(k)}: two passes need "
            f"{2 * len(k)}; do not build the {len(k)} × {len(k)} kernel"
        )


separable_filter.keeps(points=0.25)
