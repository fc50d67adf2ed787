"""Sentences about a scene, by a small grammar.

    caption  = list PLACE | list "stand" PLACE | "there is" group PLACE | pair | pair PLACE
             | "a picture of" list | NUMBER "things" PLACE
    list     = group | { group "," } group "and" group
    group    = "a" [SIZE] [COLOUR] THING | NUMBER THINGS
    pair     = "a" THING RELATION "a" THING              (two things that are there once)
    PLACE    = "on the" GROUND
    RELATION = "to the left of" | "to the right of" | "behind" | "in front of"

*Stand* and *is* follow their number.

Five sentences a scene, as COCO has them. All words are lower case.
"""

from __future__ import annotations

import numpy as np

from course_utils.data.scenes.scene import SceneObject, clear_pairs
from course_utils.data.scenes.vocabulary import NUMBERS, with_article

SPOKEN = {
    "left of": "to the left of",
    "right of": "to the right of",
    "behind": "behind",
    "in front of": "in front of",
}


def captions(
    rng: np.random.Generator, objects: tuple[SceneObject, ...], ground: str, side: int
) -> tuple[str, ...]:
    """Five different ways to say what is there."""
    place = f"on the {ground}"
    groups = _groups(objects)
    things = "one thing" if len(objects) == 1 else f"{NUMBERS[len(objects)]} things"
    verb = "stands" if len(objects) == 1 else "stand"
    return (
        f"{_listed(rng, groups, detail=True)} {place}",
        f"{_listed(rng, groups, detail=False)} {verb} {place}",
        _pair(rng, objects, side, place) or f"a picture of {_listed(rng, groups, detail=True)}",
        _there(rng, groups, place),
        f"{things} {place}",
    )


def _groups(objects: tuple[SceneObject, ...]) -> list[list[SceneObject]]:
    """Objects of one thing together."""
    found: dict[str, list[SceneObject]] = {}
    for one in objects:
        found.setdefault(one.thing.name, []).append(one)
    return list(found.values())


def _listed(rng: np.random.Generator, groups: list[list[SceneObject]], detail: bool) -> str:
    said = [_said(groups[n], detail) for n in rng.permutation(len(groups))]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _said(group: list[SceneObject], detail: bool) -> str:
    """A dog; a big red heart; three cats."""
    if len(group) > 1:
        return f"{NUMBERS[len(group)]} {group[0].thing.many}"
    (one,) = group
    words = [one.size, one.colour, one.thing.name] if detail else [one.thing.name]
    return with_article(" ".join(word for word in words if word))


def _there(rng: np.random.Generator, groups: list[list[SceneObject]], place: str) -> str:
    group = groups[int(rng.integers(len(groups)))]
    return f"there {'is' if len(group) == 1 else 'are'} {_said(group, True)} {place}"


def _pair(
    rng: np.random.Generator, objects: tuple[SceneObject, ...], side: int, place: str
) -> str | None:
    """One thing seen from another, where both are there once and the relation is clear."""
    known = clear_pairs(objects, side)
    if not known:
        return None
    a, found, b = known[int(rng.integers(len(known)))]
    tail = f" {place}" if rng.random() < 0.5 else ""
    return f"{_said([a], False)} {SPOKEN[found]} {_said([b], False)}{tail}"
