"""Exercise 4.3, the basic block."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.resnet.bans import BY_HAND
from course_utils.checks.resnet.blocks import OWN, Params, block, block_params, shares

right = partial(block, main="conv1 bn1 relu conv2 bn2", takes="conv1")
basic_block = Exercise("4.3", "basic_block", 7, 1, (BY_HAND,), right=right)


def basic(draw: Draw, c_in: int, c_out: int, projects: bool) -> Params:
    return block_params(draw, ((c_in, c_out, 3), (c_out, c_out, 3)), projects)


shares(basic_block, basic, 0.75, 0.75)


@basic_block.aspect(
    "convolution, batch norm, relu, convolution, batch norm",
    1,
    {
        "no relu between the convolutions": {"main": "conv1 bn1 conv2 bn2"},
        "relu before the batch norm: it comes after": {"main": "conv1 relu bn1 conv2 bn2"},
        "the first batch norm is used twice": {"main": "conv1 bn1 relu conv2 bn1"},
        OWN: {"own": "bn1 bn2 downsample.1"},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield 3 * draw.normal(2, 3, 6, 5), basic(draw, 3, 3, False)


@basic_block.aspect(
    "the first convolution and the projection take the stride",
    0.5,
    {"the second convolution takes the stride: the first does": {"takes": "conv2"}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 8, 6), basic(draw, 3, 8, True), 2
