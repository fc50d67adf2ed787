"""Exercise 12.4, the Fréchet distance of two sets of features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.gan.bans import ROOT_BY_HAND
from course_utils.checks.gan.moments import centred, covariance, features, root, trace_of_root
from course_utils.checks.gan.parts import KEEPS, scalar
from course_utils.checks.probe import Probe, Subject, experiment, given, slopes


def distance(
    a: Tensor,
    b: Tensor,
    *,
    enough: Callable = lambda x: len(x) > x.shape[1],
    apart: Callable = lambda m: m.square().sum(),
    spread: Callable = covariance,
    rooted: Callable = trace_of_root,
    joins: Callable = lambda apart, c, other, root: (
        apart + c.trace() + other.trace() - 2 * root
    ),
    gives: Callable = lambda d: d,
) -> Tensor:
    """|m − m'|² + Tr(C + C' − 2 (C C')^½)."""
    if not (enough(a) and enough(b)):
        raise ValueError("covariances of D features need more than D rows")
    c, other = spread(a), spread(b)
    away = apart(a.mean(0) - b.mean(0))
    return gives(joins(away, c, other, rooted(c, other)))


frechet_distance = Exercise(
    "12.4", "frechet_distance", 8, 2, (ROOT_BY_HAND,), right=distance, reads=scalar
)


def steep(subject: Subject, a: Tensor, b: Tensor) -> list[Tensor]:
    return slopes(lambda d: d, frechet_distance.signature, ["a", "b"])(subject, a, b)


@frechet_distance.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, m, d in ((12, 12, 4), (14, 9, 3), (11, 15, 5), (8, 8, 2), (9, 9, 3), (4, 6, 1)):
        yield features(draw, n, d), features(draw, m, d)
    yield given(b=features(draw, 10, 3), a=features(draw, 10, 3))


@frechet_distance.aspect(
    "the squared distance of the means",
    0.5,
    {
        "the distance of the means is not squared": {"apart": lambda m: m.norm()},
        "only the means: the covariances differ as well": {
            "joins": lambda apart, c, other, root: apart
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    a = features(draw, 9, 4)
    yield a, a + 2 * draw.normal(4)


@frechet_distance.aspect(
    "covariances of the features, divided by N − 1",
    1,
    exchange(
        "spread",
        {
            "divided by N: an estimate from N rows divides by N − 1": (
                lambda x: covariance(x) * (len(x) - 1) / len(x)
            ),
            "covariances of the rows: each column is a feature": lambda x: covariance(x.T),
            "correlations: covariances know how wide each feature spreads": (
                lambda x: torch.corrcoef(x.T).reshape(x.shape[1], x.shape[1])
            ),
            "only the variances: features that vary together count as well": (
                lambda x: covariance(x).diagonal().diag()
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, m in ((7, 7), (5, 12)):
        yield centred(draw, n, 3), centred(draw, m, 3)


@frechet_distance.aspect(
    "Tr(C + C' − 2 (C C')^½), where C and C' do not commute",
    1,
    exchange(
        "rooted",
        {
            "a root of each number: (C C')^½ times itself is C C'": (
                lambda c, other: (c @ other).diagonal().sqrt().sum()
            ),
            "the product of two roots: it is (C C')^½ only where C and C' commute": (
                lambda c, other: (root(c) @ root(other)).trace()
            ),
        },
    )
    | {
        "the factor 2 is missing: − 2 (C C')^½": {
            "joins": lambda apart, c, other, root: apart + c.trace() + other.trace() - root
        },
        "the root of the whole: expected the squared distance": {"gives": torch.sqrt},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for d in (3, 5):
        yield centred(draw, 11, d), centred(draw, 8, d)


@frechet_distance.aspect("the same features: 0", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d in ((9, 4), (30, 12)):
        a = features(draw, n, d)
        yield a, a[draw.normal(n).argsort()]


FEW = {"D rows or fewer should raise a ValueError": {"enough": lambda x: True}}


@frechet_distance.refuses("refuses N ≤ D", 0.25, FEW)
def _(draw: Draw) -> Iterator[tuple]:
    yield features(draw, 4, 6), features(draw, 9, 6)


@frechet_distance.experiments("the gradient reaches a and b", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    about = "gradients, a (14, 3), b (11, 3)"
    a, b = features(draw, 14, 3), features(draw, 11, 3)
    yield replace(
        experiment(steep, a, b, about=about), parts=("gradient of a", "gradient of b")
    )


frechet_distance.keeps(points=0.25, name=KEEPS)
