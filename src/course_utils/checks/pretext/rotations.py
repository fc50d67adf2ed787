"""Exercise 9.1, rotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.pretext.bans import TURN_BY_HAND
from course_utils.checks.probe import Probe, Subject, experiment, given


def turned(
    x: Tensor,
    *,
    turn: Callable = lambda x, k: x.rot90(k, (2, 3)),
    order: Callable = torch.cat,
    labels: Callable = lambda n: torch.arange(4).repeat_interleave(n),
) -> tuple[Tensor, Tensor]:
    """x (B, C, H, H) -> (4B, C, H, H), and how often each is turned, (4B,)."""
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    return order([turn(x, k) for k in range(4)]), labels(len(x))


def in_any_order(subject: Subject, x: Tensor) -> Tensor:
    """The images that come back, sorted: which one stands where is another property."""
    rows = subject(x)[0].reshape(-1, *x.shape[1:])
    return rows[rows.double().flatten(1).square().cumsum(1).sum(1).argsort()]


def together(turns: list[Tensor]) -> Tensor:
    return torch.stack(turns, 1).flatten(0, 1)


rotations = Exercise("9.1", "rotations", 5, 1, (TURN_BY_HAND,), right=turned)


@rotations.whole
def _(draw: Draw) -> Iterator[Probe]:
    yield given(draw.normal(2, 3, 5, 5))
    yield given(draw.normal(3, 3, 3, 3))  # turning a wrong pair of axes is no error of shapes
    yield given(draw.normal(1, 4, 4, 4))
    yield given(x=draw.normal(5, 1, 2, 2))
    yield given(draw.normal(3, 2, 1, 1))
    yield given(draw.integers(0, 256, 2, 3, 4, 4).to(torch.uint8))
    yield given(draw.integers(-9, 9, 4, 2, 5, 5))


@rotations.aspect(
    "each image as it is, turned by 90°, 180° and 270° counterclockwise",
    1,
    exchange(
        "turn",
        {
            "turned clockwise: what was on the right comes to the top": (
                lambda x, k: x.rot90(-k, (2, 3))
            ),
            "mirrored: a transpose alone is no turn, one axis has to be flipped as well": (
                lambda x, k: [x, x.mT, x.flip(2, 3), x.mT.flip(2, 3)][k]
            ),
            "other axes are turned: rows and columns are the axes 2 and 3": (
                lambda x, k: x.rot90(k, (1, 2))
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[Probe]:
    for size in ((3, 3, 3, 3), (2, 3, 4, 4)):
        yield experiment(in_any_order, draw.normal(*size), about=f"x {size}, in any order")


@rotations.aspect(
    "first all as they are, then all turned once, twice, three times, labelled so",
    0.5,
    {
        "the four copies of an image lie together: first all images as they are": {
            "order": together,
            "labels": lambda n: torch.arange(4).repeat(n),
        },
        "the four copies of an image lie together, the labels in blocks": {"order": together},
        "the labels are 0, 1, 2, 3 for each image, but the images lie in blocks": {
            "labels": lambda n: torch.arange(4).repeat(n)
        },
        "the labels are 1, 2, 3, 4: they count turns, from 0 to 3": {
            "labels": lambda n: torch.arange(1, 5).repeat_interleave(n)
        },
        "the labels count the wrong way, 0, 3, 2, 1: label 1 is one turn counterclockwise": {
            "labels": lambda n: torch.tensor([0, 3, 2, 1]).repeat_interleave(n)
        },
        "the labels are angles: they count turns, from 0 to 3": {
            "labels": lambda n: 90 * torch.arange(4).repeat_interleave(n)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((3, 2, 4, 4), (2, 3, 5, 5)):
        yield (draw.normal(*size[:2], 1, 1).expand(size).clone(),)  # look the same turned


@rotations.refuses("refuses images that are not square", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield (draw.normal(2, 3, 4, 6),)


rotations.keeps(0.5, "keeps the dtype, also uint8; labels int64; x is left alone")
