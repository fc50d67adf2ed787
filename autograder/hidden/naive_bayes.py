"""Hidden checks of chapter 1, naive Bayes: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_utils.checks import naive_bayes as visible
from course_utils.checks.core import Draw
from course_utils.checks.naive_bayes.binarise import bytes_of, greys
from course_utils.checks.naive_bayes.data import coins, labels, tables
from course_utils.checks.naive_bayes.log_likelihood import call
from course_utils.checks.naive_bayes.posterior import row
from course_utils.checks.probe import Probe

# -- 1.1 binarise -------------------------------------------------------------------------

binarise = visible.binarise.hidden_part()


@binarise.aspect("thresholds of 0 and 1", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for threshold in (0, 0.0, 1.0):
        yield greys(2, 2, 4, 3), threshold
        yield bytes_of(2, 2, 8, 8), threshold


# -- 1.2 prior ----------------------------------------------------------------------------

log_prior = visible.log_prior.hidden_part()


@log_prior.refuses(
    "refuses a class without images",
    0.5,
    {
        "a class without images should raise a ValueError: the logarithm of 0 is no number to "
        "compute with": {"fits": lambda n: True},
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


@log_likelihood.aspect("one class, one pixel, one image", 0.5)
def _(draw: Draw) -> Iterator[Probe]:
    for counts, d in (((5,), 4), ((3, 2), 1), ((1,), 1), ((1, 1, 1), 2)):
        y = labels(*counts)
        yield call(coins(draw, len(y), d), y, len(counts))


# -- 1.4 joint ----------------------------------------------------------------------------

log_joint = visible.log_joint.hidden_part()


@log_joint.aspect("one class, one pixel", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for n, k, d in ((4, 1, 3), (3, 2, 1), (1, 1, 1)):
        yield coins(draw, n, d), *tables(draw, k, d)


# -- 1.5 posterior ------------------------------------------------------------------------

posterior = visible.posterior.hidden_part()


@posterior.aspect("logs far below −5000", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield (draw.normal(3, 4) - 20_000,)
    yield (draw.normal(2, 3) + row(-100_000, -30, -1_000_000),)


# -- 1.6 evidence -------------------------------------------------------------------------

evidence = visible.evidence.hidden_part()


@evidence.aspect("a single pixel; a class against itself", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield coins(draw, 4, 1), *tables(draw, 3, 1)[1:], 0, 2
    yield coins(draw, 1, 1), *tables(draw, 2, 1)[1:], 1, 0
    yield coins(draw, 3, 5), *tables(draw, 3, 5)[1:], 1, 1
