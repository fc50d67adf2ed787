"""Exercise 4.5, the bottleneck block."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.resnet.bans import BY_HAND
from course_utils.checks.resnet.blocks import OWN, Params, block, block_params, shares

right = partial(block, main="conv1 bn1 relu conv2 bn2 relu conv3 bn3", takes="conv2")
bottleneck = Exercise("4.5", "bottleneck", 5, 1, (BY_HAND,), right=right)
PAPER = (
    "the first 1 × 1 convolution takes the stride, as in the paper: it never looks at three of "
    "four pixels; here the 3 × 3 takes it"
)


def narrow(draw: Draw, c_in: int, c_out: int, projects: bool) -> Params:
    """Six channels in the middle, not a quarter of those that come out."""
    return block_params(draw, ((c_in, 6, 1), (6, 6, 3), (6, c_out, 1)), projects)


shares(bottleneck, narrow, 0.5, 0.5)


@bottleneck.aspect(
    "1 × 1, 3 × 3 and 1 × 1, batch norm after each, relu between",
    0.5,
    {
        "no relu after the first norm": {"main": "conv1 bn1 conv2 bn2 relu conv3 bn3"},
        "no relu after the second norm": {"main": "conv1 bn1 relu conv2 bn2 conv3 bn3"},
        "the first batch norm is used twice": {
            "main": "conv1 bn1 relu conv2 bn1 relu conv3 bn3"
        },
        OWN: {"own": "bn1 bn2 bn3 downsample.1"},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield 3 * draw.normal(2, 4, 6, 5), narrow(draw, 4, 4, False)


@bottleneck.aspect(
    "the 3 × 3 convolution and the projection take the stride", 0.5, {PAPER: {"takes": "conv1"}}
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 8, 6), narrow(draw, 3, 8, True), 2
