"""Questions about a scene whose words say nothing about their answers.

    existence  is there a CAT?                    yes, no
    count      how many CATS are there?           0 to 3
    size       is the CAT big or small?           big, small
    colour     what colour is the HEART?          the colours that this shape has
    relation   is the CAT left of the DOG?        yes, no
    object     what is left of the DOG?           a thing
    ground     what is the ground?                grass, sand, water, road

For each text every possible answer is as likely as another. Numbers, sizes, colours and the
ground are drawn evenly by the plan; *yes* and *no* are tossed here before the words are chosen;
where a thing stands does not depend on what it is (see ``layout``). In the split
``combinations``, where every scene has a shape, ``existence`` and ``object`` are not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from course_utils.data.scenes.plan import Plan
from course_utils.data.scenes.scene import (
    Question,
    SceneObject,
    alone,
    clear_pairs,
    offset,
    relation,
)
from course_utils.data.scenes.vocabulary import OPPOSITE, RELATIONS, THINGS

KINDS = ("existence", "count", "size", "colour", "relation", "object", "ground")
T = TypeVar("T")


def questions(
    rng: np.random.Generator,
    plan: Plan,
    objects: tuple[SceneObject, ...],
    ground: str,
    side: int,
) -> tuple[Question, ...]:
    """One question of each kind that the scene allows."""
    asked = (
        _existence(rng, objects),
        Question("count", f"how many {plan.counted.many} are there?", str(plan.count)),
        _size(rng, objects),
        _colour(rng, objects),
        _relation(rng, objects, side),
        _object(rng, objects, side),
        Question("ground", "what is the ground?", ground),
    )
    return tuple(question for question in asked if question)


def _existence(rng: np.random.Generator, objects: tuple[SceneObject, ...]) -> Question:
    present = {o.thing.name for o in objects}
    yes = rng.random() < 0.5
    thing = _one(rng, [t for t in THINGS if (t.name in present) == yes])
    return Question("existence", f"is there {thing.one}?", _yes_no(yes))


def _size(rng: np.random.Generator, objects: tuple[SceneObject, ...]) -> Question | None:
    known = alone(objects)
    if not known:
        return None
    one = _one(rng, known)
    return Question("size", f"is the {one.thing.name} big or small?", one.size)


def _colour(rng: np.random.Generator, objects: tuple[SceneObject, ...]) -> Question | None:
    known = [o for o in alone(objects) if o.colour]
    if not known:
        return None
    one = _one(rng, known)
    return Question("colour", f"what colour is the {one.thing.name}?", str(one.colour))


def _relation(
    rng: np.random.Generator, objects: tuple[SceneObject, ...], side: int
) -> Question | None:
    known = clear_pairs(objects, side)
    if not known:
        return None
    a, found, b = _one(rng, known)
    yes = rng.random() < 0.5
    asked = found if yes else OPPOSITE[found]
    text = f"is the {a.thing.name} {asked} the {b.thing.name}?"
    return Question("relation", text, _yes_no(yes))


def _object(
    rng: np.random.Generator, objects: tuple[SceneObject, ...], side: int
) -> Question | None:
    """Only where exactly one object lies on that side, and clearly so."""
    known = []
    for b in alone(objects):
        for where in RELATIONS:
            beyond = [a for a in objects if a is not b and _on_side(a, b, where)]
            if len(beyond) == 1 and relation(beyond[0], b, side) == where:
                known.append((beyond[0], where, b))
    if not known:
        return None
    a, where, b = _one(rng, known)
    return Question("object", f"what is {where} the {b.thing.name}?", a.thing.name)


def _on_side(a: SceneObject, b: SceneObject, where: str) -> bool:
    dx, dy = offset(a, b)
    sides = (dx < 0, dx > 0, dy < 0, dy > 0)
    return dict(zip(RELATIONS, sides, strict=True))[where]


def _one(rng: np.random.Generator, things: Sequence[T]) -> T:
    return things[int(rng.integers(len(things)))]


def _yes_no(yes: bool) -> str:
    return "yes" if yes else "no"
