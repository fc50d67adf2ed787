"""Exercise 1.5, the posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.naive_bayes.bans import NORMALISE
from course_utils.checks.probe import Probe, given


def normalised(
    log_joint: Tensor,
    *,
    shift: Callable = lambda logs: logs.amax(1, keepdim=True),
    share: Callable = lambda p: p / p.sum(1, keepdim=True),
    shown: Callable = lambda logs, p: p,
) -> Tensor:
    """(N, K) -> (N, K), rows that sum to one."""
    logs = log_joint - shift(log_joint)
    return shown(logs, share(logs.exp()))


def row(*logs: float) -> Tensor:
    return torch.tensor([logs], dtype=torch.float64)


posterior = Exercise(
    "1.5",
    "posterior",
    points=5,
    hidden=1,
    bans=(NORMALISE,),
    right=normalised,
    dtypes=(torch.float64,),  # float32 below: of −5000 it holds three decimals only
)


@posterior.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield (2 * draw.normal(4, 3),)
    yield (2 * draw.normal(1, 4) - 3,)
    # One class, one image; as many images as classes, apart and alike.
    for n, k in ((3, 1), (1, 1), (2, 2), (4, 4)):
        yield (3 * draw.normal(n, k) - 4,)
    yield (draw.normal(3, 3) + row(-10, -300, -4000).mT,)
    yield given(log_joint=2 * draw.normal(3, 2) - 2000)
    yield (2 * draw.normal(3, 5) + row(-3, -900, -5000, -3, -901),)
    yield (draw.normal(3, 4) + row(-3, -900, -5000).mT,)
    yield (20 * draw.normal(5, 10) - 200,)
    yield (row(-2000, -1000),)
    for logs in (
        draw.normal(4, 3) - 2,
        draw.normal(3, 1) - 5,
        20 * draw.normal(3, 10) - 200,
        row(-400, -100),
    ):
        yield (logs.float(),)


@posterior.aspect(
    "shares that sum to one, image by image",
    0.75,
    {
        "not normalised: the shares of an image have to sum to one": {"share": lambda p: p},
        "normalised over the images: the classes of one image sum to one, dim=1": {
            "shift": lambda logs: logs.amax(0),
            "share": lambda p: p / p.sum(0),
        },
        "divided by the sum over the images: the classes of one image sum to one, dim=1": {
            "share": lambda p: p / p.sum(0)
        },
        "normalised over the whole table: each image by itself": {
            "share": lambda p: p / p.sum()
        },
        "the logarithm of the posterior: take exp at the end": {
            "shown": lambda logs, p: logs - logs.logsumexp(1, keepdim=True)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield (draw.normal(4, 3) - 2,)
    yield (draw.normal(2, 6) - 1,)


@posterior.aspect(
    "no underflow: the largest log of each image is subtracted",
    0.75,
    {
        "exp(−2000) is 0 in floating point, and 0 / 0 is no number: subtract the largest log "
        "of the image first, the shares do not change": {"shift": lambda logs: 0},
        "a tiny number in the denominator makes all shares 0: subtract the largest log of the "
        "image first": {
            "shift": lambda logs: 0,
            "share": lambda p: p / (p.sum(1, keepdim=True) + 1e-12),
        },
        "the largest log of the whole table is subtracted: an image whose logs lie far below "
        "underflows, subtract its own": {"shift": torch.amax},
        "the largest log of each class is subtracted: each image has its own, dim=1": {
            "shift": lambda logs: logs.amax(0)
        },
        "another log than the largest is subtracted: exp of a large number overflows": {
            "shift": lambda logs: logs[:, :1]
        },
        "the mean, or another number below the largest log, is subtracted: exp overflows": {
            "shift": lambda logs: logs.mean(1, keepdim=True)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield (2 * draw.normal(4, 3) - 2000,)
    yield (draw.normal(3, 2) + row(-7, -900, -4000).mT,)
    yield (draw.normal(2, 3) + row(-1000, -6000, -50),)


posterior.keeps(points=0.5)
