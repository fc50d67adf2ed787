"""Experiments with random draws: what all right ones have in common, in words."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, Subject

PARTS: tuple[str, ...] = (
    "how many",
    "different ones",
    "the same seed",
    "other seeds",
    "a smaller set",
    "over many seeds",
)


def counted(labels: Tensor, rows: list[int]) -> str:
    """How many indices of each class; which of them does not count."""
    if any(row not in range(len(labels)) for row in rows):
        return "no indices: some are less than 0 or too large"
    of = labels[torch.tensor(rows, dtype=torch.int64)].tolist()
    numbers = {of.count(c) for c in labels.unique().tolist()}
    if len(numbers) > 1:
        return f"{len(rows)} in all, unevenly"
    return f"{numbers.pop()} of each class"


def mixed(labels: Tensor, draws: list[set]) -> str:
    """What may come of the classes, by chance. Two pairs may be missing, by bad luck."""
    for c in labels.unique():
        members = {*(labels == c).nonzero().flatten().tolist()}
        if not members <= set().union(*draws):
            return "some never come"
        if members & set.intersection(*draws):
            return "some always come"
        pairs = [{*pair} for pair in itertools.combinations(members, 2)]
        if sum(not any(pair <= rows for rows in draws) for pair in pairs) > 2:
            return "some never come together"
    return "any come, with any others"


def facts(subject: Subject, labels: Tensor, per_class: int, seeds: int, part: slice) -> list:
    """What is true of the draws, in words, for the ``PARTS`` that are asked for."""

    def few(seed: int, n: int = per_class) -> list[int]:
        return subject(labels, n, seed).tolist()

    def smaller() -> str:
        sizes = sorted({per_class, *((1, 2, 3) if per_class < 4 else (1, 4))})
        some = [{*(draws[1] if n == per_class else few(1, n))} for n in sizes]
        return f"{'' if all(a < b for a, b in itertools.pairwise(some)) else 'no '}part of it"

    draws = [few(seed) for seed in range(seeds)]
    alike = {tuple(rows) for rows in draws}
    asked: list[Callable[[], str]] = [
        lambda: " or ".join(sorted({counted(labels, rows) for rows in draws})),
        lambda: "no index twice" if all(len({*d}) == len(d) for d in draws) else "some twice",
        lambda: "the same indices" if few(0) == draws[0] else "others when called again",
        lambda: "other indices" if len(alike) > 1 else "the same for all seeds",
        smaller,
        lambda: mixed(labels, [{*rows} for rows in draws]),
    ]
    return [fact() for fact in asked[part]]


def tried(draw: Draw, part: slice, seeds: int, per_class: int, counts: dict[int, int]) -> Probe:
    """Some of the ``facts``, for so many labels of each class, in no order."""
    labels = torch.cat([torch.full((n,), c) for c, n in counts.items()])
    labels = labels[draw.normal(len(labels)).argsort()]
    images = ", ".join(f"{n} of class {c}" for c, n in counts.items())
    about = f"labels: {images}; per_class {per_class}"
    return Probe((labels, per_class, seeds, part), {}, facts, PARTS[part], about)


HOW_MANY, SEEDS, ALL, CHANCE = slice(2), slice(2, 5), slice(5), slice(5, 6)
