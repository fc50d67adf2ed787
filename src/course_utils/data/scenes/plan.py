"""What a scene shall show, before anything is drawn.

The plan is what makes the questions fair. Every answer is drawn before the picture: how many
of the counted thing there are (0 to 3), how large each object is, which colour a shape has,
which ground it stands on. So the words of a question say nothing about its answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.data.scenes.vocabulary import SIZES, THINGS, Thing

MAX_COUNT, MAX_OTHERS, MAX_OF_A_SIZE = 3, 3, 3
SHAPES = [thing for thing in THINGS if thing.coloured]


@dataclass(frozen=True)
class Wanted:
    """One object to be drawn."""

    thing: Thing
    size: str
    colour: str | None

    @property
    def drawing(self) -> str:
        """CLDR name of its emoji."""
        return self.thing.emoji.format(colour=self.colour)


@dataclass(frozen=True)
class Plan:
    """The objects of a scene, the thing that is counted and how often it is there."""

    objects: tuple[Wanted, ...]
    counted: Thing
    count: int


def make_plan(
    rng: np.random.Generator, colours: Mapping[str, Sequence[str]], with_shape: bool = False
) -> Plan:
    """A scene's plan: 0 to 3 of the counted thing, 1 to 3 other things once each.

    Args:
        colours: the colours that each shape may have.
        with_shape: one of the others shall be a coloured shape.
    """
    order = [THINGS[n] for n in rng.permutation(len(THINGS))]
    counted, others = order[0], order[1:]
    if with_shape:
        others.sort(key=lambda thing: not thing.coloured)
    count = int(rng.integers(MAX_COUNT + 1))
    things = [counted] * count + others[: int(rng.integers(1, MAX_OTHERS + 1))]
    objects = [
        Wanted(thing, size, _colour(rng, thing, colours))
        for thing, size in zip(things, _sizes(rng, len(things)), strict=True)
    ]
    return Plan(tuple(objects), counted, count)


def _sizes(rng: np.random.Generator, count: int) -> list[str]:
    """As many big as small ones in the long run, and never so many big ones that none fits."""
    while True:
        big = rng.random(count) < 0.5
        if max(big.sum(), count - big.sum()) <= MAX_OF_A_SIZE:
            return [SIZES[int(b)] for b in big]


def _colour(
    rng: np.random.Generator, thing: Thing, colours: Mapping[str, Sequence[str]]
) -> str | None:
    if not thing.coloured:
        return None
    known = colours[thing.name]
    return known[int(rng.integers(len(known)))]
