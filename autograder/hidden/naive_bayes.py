"""Hidden checks of chapter 1, naive Bayes: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks import naive_bayes as visible
from course_utils.checks.core import Draw
from course_utils.checks.naive_bayes.binarise import greys
from course_utils.checks.naive_bayes.data import coins, labels, tables
from course_utils.checks.naive_bayes.log_likelihood import call
from course_utils.checks.naive_bayes.posterior import row
from course_utils.checks.probe import Probe

# -- 1.1 binarise -------------------------------------------------------------------------

binarise = visible.binarise.hidden_part()


@binarise.aspect("doubles just above the threshold", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for threshold in (0.25, 0.5):
        yield greys(2, 2, 4, 3) + 1e-12, threshold


# -- 1.2 prior ----------------------------------------------------------------------------

log_prior = visible.log_prior.hidden_part()


@log_prior.refuses(
    "refuses a class without images",
    0.25,
    {
        "classes above the largest label are overlooked: bincount needs minlength": {
            "order": lambda y, classes: range(int(y.max()) + 1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for y, classes in (([0, 2, 2], 3), ([0, 1, 1], 3), ([1, 2], 3), ([1, 0, 2], 3), ([0], 1)):
        yield torch.tensor(y), classes


# -- 1.3 likelihood -----------------------------------------------------------------------

log_likelihood = visible.log_likelihood.hidden_part()


@log_likelihood.aspect("hundreds of images: counts are no bytes", 0.5)
def _(draw: Draw) -> Iterator[Probe]:
    y = labels(700, 300)
    yield call(coins(draw, len(y), 3), y, 2)


# -- 1.4 joint ----------------------------------------------------------------------------

log_joint = visible.log_joint.hidden_part()


def sure(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    """Tables of 3 classes and 4 pixels in which 1 − φ is no longer 1 − exp(log φ)."""
    prior, on, off = tables(draw, 3, 4)
    on[0, 1], off[0, 1] = -1e-30, -70
    on[2, 3], off[2, 3] = -90, -1e-40
    return prior, on, off


@log_joint.aspect("pixels that are all but sure", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield coins(draw, 5, 4), *sure(draw)


# -- 1.5 posterior ------------------------------------------------------------------------

posterior = visible.posterior.hidden_part()


@posterior.aspect("logs far below −5000", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield (draw.normal(3, 4) - 20_000,)
    yield (draw.normal(2, 3) + row(-100_000, -30, -1_000_000),)


# -- 1.6 evidence -------------------------------------------------------------------------

evidence = visible.evidence.hidden_part()


@evidence.aspect("pixels that are all but sure", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    _, on, off = sure(draw)
    yield coins(draw, 5, 4), on, off, 2, 0
