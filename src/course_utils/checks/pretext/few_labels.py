"""Exercise 9.3, few labels: what all right draws have in common is found by experiments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Generator, Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.pretext.returned import comes_as
from course_utils.checks.probe import Probe, Subject


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


PARTS: tuple[str, ...] = (
    "as many indices as expected",
    "no index twice",
    "so many of every class",
    "the same for the same seed",
    "others for other seeds",
    "any two of a class come together",
    "more labels are added, none is swapped",
)
ALL = 60  # so many seeds that any two of a class of 6 come together


def facts(subject: Subject, labels: Tensor, per_class: int, seeds: int, part: slice) -> list:
    """Which of ``PARTS`` hold; the last ones only where the first three do."""

    def few(seed: int, n: int = per_class) -> tuple[int, ...]:
        return tuple(subject(labels, n, seed).tolist())

    draws = [few(seed) for seed in range(seeds)]
    every = sorted(labels.unique().tolist() * per_class)
    balanced = [
        all(len(rows) == len(every) for rows in draws),
        all(len(set(rows)) == len(rows) for rows in draws),
        all(sorted(labels[[*rows]].tolist()) == every for rows in draws),
    ]
    two = itertools.combinations(range(len(labels)), 2)
    pairs = [{i, j} for i, j in two if labels[i] == labels[j]]
    grown = [[{*few(seed, n)} for n in sorted({1, 2, 3, per_class})] for seed in range(3)]
    fine = all(balanced)
    return [
        *balanced,
        few(0) == few(0) == draws[0],
        len({*draws}) > 1,
        fine and (seeds < ALL or all(any(pair <= {*rows} for rows in draws) for pair in pairs)),
        fine and all(a <= b for some in grown for a, b in itertools.pairwise(some)),
    ][part]


def tried(draw: Draw, part: slice, seeds: int, per_class: int, counts: dict[int, int]) -> Probe:
    """Some of the ``facts``, for so many labels of each class, in no order."""
    labels = torch.cat([torch.full((n,), c) for c, n in counts.items()])
    labels = labels[draw.normal(len(labels)).argsort()]
    about = f"labels {counts}, {per_class} of each"
    return Probe((labels, per_class, seeds, part), {}, facts, PARTS[part], about)


few_labels = Exercise("9.3", "few_labels", 5, 1, right=drawn, reads=in_order)


@few_labels.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield torch.tensor([2, 0, 3, 1]), 1, 3  # all are taken: chance is out of it
    yield torch.tensor([0, 4, 1, 3, 5, 2]), 1, 0
    yield tried(draw, slice(7), 3, 6, {0: 9, 1: 25, 2: 6, 3: 14})
    yield tried(draw, slice(7), 3, 8, {0: 12, 2: 10})
    yield tried(draw, slice(7), 3, 1, {1: 7, 4: 4, 5: 9})
    yield tried(draw, slice(7), 3, 8, {0: 8})
    yield tried(draw, slice(7), ALL, 3, {0: 6, 1: 5})


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
        "places inside of each class came back: expected places in the whole data set": {
            "gives": lambda members, order, labels: order
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield tried(draw, slice(3), 3, 6, {0: 9, 1: 25, 2: 6, 3: 14})


@few_labels.aspect(
    "the seed decides: again the same, or others; a smaller set is part of a larger one",
    1,
    {
        "called again with the same seed, others come: make a generator from the seed": {
            "seeds": lambda seed, per_class: Generator().seed()
        },
        "the seed is ignored: all seeds give the same": {"seeds": lambda seed, per_class: 0},
        "some images never come together: shuffle each class whole": {
            "draws": lambda n, k, g: (torch.randint(n, (1,), generator=g) + torch.arange(k)) % n
        },
        "the smaller set is no part of the larger one: shuffle each class, take the first": {
            "seeds": lambda seed, per_class: 1000 * seed + per_class
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield tried(draw, slice(3, 7), 3, 5, {0: 12, 1: 30, 2: 17})


comes_as(few_labels, "one row of indices", axes=1)
