"""Exercise 9.3, few labels: what all right draws have in common is found by experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.pretext.draws import ALL, CHANCE, HOW_MANY, SEEDS, tried
from course_utils.checks.pretext.returned import comes_as
from course_utils.checks.probe import Probe


def drawn(
    labels: Tensor,
    per_class: int,
    seed: int,
    *,
    enough: Callable = lambda n, per_class: n >= per_class,
    seeds: Callable = lambda seed, per_class: seed,
    groups: Callable = lambda labels: labels.unique()[:, None] == labels,
    draws: Callable = lambda n, k, g: torch.randperm(n, generator=g)[:k],
    gives: Callable = lambda members, order, labels: members[order],
) -> Tensor:
    generator, rows = Generator().manual_seed(seeds(seed, per_class)), []
    for members in (group.nonzero().flatten() for group in groups(labels)):
        if not enough(len(members), per_class):
            raise ValueError("a class has fewer")
        rows.append(gives(members, draws(len(members), per_class, generator), labels))
    return torch.cat(rows)


def in_order(got: Any) -> Tensor:
    """A reader: any order is right; whether it is a row of int64 is another property."""
    if isinstance(got, list | tuple):
        got = torch.cat([torch.as_tensor(part).flatten() for part in got])
    if not isinstance(got, Tensor) or got.dtype == torch.bool:
        raise Wrong(f"returned {a(got)}, expected indices: is it a mask?")
    return got.flatten().long().sort().values


few_labels = Exercise("9.3", "few_labels", 5, 1, right=drawn, reads=in_order)


@few_labels.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield torch.tensor([2, 0, 3, 1]), 1, 3  # all are taken: chance is out of it
    yield torch.tensor([0, 40, 1, 3, 5, 2]), 1, 0
    yield torch.full((8,), 17), 8, 5
    yield tried(draw, HOW_MANY, 2, 6, {0: 9, 17: 25, 3: 6, 250: 14})
    yield tried(draw, SEEDS, 2, 8, {0: 12, 30: 10})
    yield tried(draw, ALL, 3, 1, {1: 7, 4: 4, 11: 9})
    yield tried(draw, CHANCE, 24, 3, {5: 6, 1: 6})


@few_labels.aspect(
    "per_class different ones of every class",
    0.5,
    {
        "drawn with replacement: an index comes twice": {
            "draws": lambda n, k, g: torch.randint(n, (k,), generator=g)
        },
        "per_class in all: so many of every class": {
            "groups": lambda labels: [labels == labels]
        },
        "the labels came back: expected their places in the data set": {
            "gives": lambda members, order, labels: labels[members[order]]
        },
        "the labels are taken as sorted: classes lie in any order": {
            "groups": lambda labels: labels.unique()[:, None] == labels.sort().values
        },
        "places inside of each class came back: expected places in the whole data set": {
            "gives": lambda members, order, labels: order
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield tried(draw, HOW_MANY, 2, 6, {0: 9, 17: 25, 3: 6, 250: 14})


@few_labels.aspect(
    "the seed decides: again the same, or others; a smaller set is part of a larger one",
    1,
    {
        "called again with the same seed, others come: make a generator from the seed": {
            "seeds": lambda seed, per_class: Generator().seed()
        },
        "the seed is ignored: all seeds give the same": {"seeds": lambda seed, per_class: 0},
        "some images never come, whatever the seed: any image of a class may": {
            "draws": lambda n, k, g: torch.randperm(max(n - 1, k), generator=g)[:k]
        },
        "the first image of a class always comes: any may be missing": {
            "draws": lambda n, k, g: F.pad(1 + torch.randperm(n - 1, generator=g), (1, 0))[:k]
        },
        "some images never come together: shuffle each class whole": {
            "draws": lambda n, k, g: (torch.randint(n, (1,), generator=g) + torch.arange(k)) % n
        },
        "the smaller set is no part of the larger one: shuffle each class, take the first": {
            "seeds": lambda seed, per_class: 1000 * seed + per_class
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield tried(draw, SEEDS, 2, 5, {0: 12, 1: 30, 21: 17})


def mixed(draw: Draw, *counts: int) -> Tensor:
    """So many labels of the classes 1, 3, 5, ... without a pattern."""
    labels = torch.cat([torch.full((n,), 2 * c + 1) for c, n in enumerate(counts)])
    return labels[draw.normal(len(labels)).argsort()]


@few_labels.refuses(
    "refuses a class with fewer labels",
    0.25,
    {
        "a class with fewer labels should raise a ValueError: too few would go unnoticed": {
            "enough": lambda n, per_class: True
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield mixed(draw, 9, 3), 4, 0


comes_as(few_labels, "one row of indices", axes=1)
