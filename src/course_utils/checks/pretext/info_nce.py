"""Exercise 9.5, InfoNCE."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.compare import FLOATS
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.pretext.returned import chosen, comes_as, scalar
from course_utils.checks.probe import Probe, given


def nce(
    predictions: Tensor,
    targets: Tensor,
    temperature: float = 1.0,
    *,
    reads: Callable = lambda p, t: (p, t),
    divides: Callable = lambda scores, temperature: scores / temperature,
    chooses: Callable = chosen,
    averages: Callable = torch.mean,
) -> Tensor:
    p, t = reads(predictions, targets)
    return averages(chooses(divides(p @ t.T, temperature)))


def without_positive(scores: Tensor) -> Tensor:
    itself = torch.eye(len(scores), dtype=torch.bool)
    return scores.masked_fill(itself, -math.inf).logsumexp(1) - scores.diagonal()


info_nce = Exercise("9.5", "info_nce", points=8, hidden=2, right=nce, reads=scalar)


@info_nce.whole
def _(draw: Draw) -> Iterator[Probe]:
    yield given(draw.normal(5, 3), draw.normal(5, 3))
    for n, d, temperature in ((6, 4, 0.5), (3, 7, 2.5), (1, 3, 0.7)):
        p, t = draw.normal(n, d), draw.normal(n, d)
        yield given(predictions=p, targets=t, temperature=temperature)
    for n, d, temperature in (
        (4, 3, 0.002),
        (4, 1, 0.1),
        (5, 5, 60),
    ):  # scores of a few units all the same
        p, t = (temperature**0.5 * draw.normal(n, d) for _ in range(2))
        yield given(predictions=p, targets=t, temperature=temperature)
    sizes = torch.tensor([0.2, 3, 1, 2], dtype=torch.float64)[:, None]
    yield given(sizes * draw.normal(4, 5), sizes.flip(0) * draw.normal(4, 5), 3)
    yield given(predictions=draw.normal(2, 2), targets=draw.normal(2, 2))


@info_nce.aspect(
    "each prediction chooses among all targets; the mean of −log of the right one's share",
    1,
    {
        "the predictions are chosen: each one chooses among all targets": {
            "chooses": lambda s: chosen(s.T)
        },
        "both directions are averaged: only predictions choose, among targets": {
            "chooses": lambda s: (chosen(s) + chosen(s.T)) / 2
        },
        "the right target is number 0 for all: that of prediction i is number i": {
            "chooses": lambda s: s.logsumexp(1) - s[:, 0]
        },
        "the positive is left out of the denominator": {"chooses": without_positive},
        "the softmax is taken twice": {"chooses": lambda s: chosen(s.softmax(1))},
        "summed over the predictions: expected their mean": {"averages": torch.sum},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for n in (6, 3):
        yield given(predictions=draw.normal(n, 4), targets=draw.normal(n, 4))


@info_nce.aspect(
    "scores are plain dot products, divided by the temperature, 1 unless told",
    1,
    {
        "normalised to length 1, cosines: expected plain dot products": {
            "reads": lambda p, t: (F.normalize(p, dim=1), F.normalize(t, dim=1))
        },
        "multiplied by the temperature: divide by it": {"divides": lambda s, tau: s * tau},
        "the temperature is ignored": {"divides": lambda s, tau: s},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for options in ({"temperature": 0.4}, {"temperature": 2.5}, {}):
        yield given(predictions=draw.normal(5, 3) / 2, targets=draw.normal(5, 3), **options)


@info_nce.aspect(
    "scores of several hundred",
    0.5,
    {
        "exp of such scores is too large for a number: take the largest of each row off first, "
        "or use logsumexp": {"chooses": lambda s: s.exp().sum(1).log() - s.diagonal()}
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for dtype in FLOATS:
        # An extra number makes all scores large and their differences what they were.
        p = F.pad(8 * draw.normal(5, 3), (0, 1), value=1).to(dtype)
        t = F.pad(draw.normal(5, 3), (0, 1), value=800).to(dtype)
        yield Probe((), {"predictions": p, "targets": t}, about=f"scores around 800, {dtype}")


comes_as(info_nce, "a tensor without axes, no number of Python", axes=0)
