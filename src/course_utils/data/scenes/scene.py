"""One scene with the ground truth of every task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from course_utils.data.scenes.ground import Ground
from course_utils.data.scenes.layout import Placed
from course_utils.data.scenes.sprites import paint
from course_utils.data.scenes.vocabulary import STUFF, THING_NAMES, Thing

CLEAR = 0.12  # of the side: feet nearer than that along an axis have no clear relation
STEEP = 1.5  # and one axis must win by this factor


@dataclass(frozen=True)
class Question:
    """A question with its one right answer. ``kind`` is one of ``questions.KINDS``."""

    kind: str
    text: str
    answer: str


@dataclass(frozen=True)
class SceneObject:
    """An object as it is seen: ``box`` (x0, y0, x1, y1; half open) of its visible part.

    ``foot``: column and row where it stands, also where a nearer one hides that.
    """

    thing: Thing
    size: str
    colour: str | None
    style: str
    box: tuple[int, int, int, int]
    area: int
    foot: tuple[int, int]


@dataclass(frozen=True)
class Scene:
    """A picture and what is in it.

    Attributes:
        image: (3, S, S) uint8.
        labels: (N,) int64, indices into ``THING_NAMES``.
        boxes: (N, 4) int64, x0, y0, x1, y1 in pixels, half open, around the visible part.
        masks: (N, S, S) bool, the visible pixels of each object; no pixel has two owners.
        semantic: (S, S) int64: 0 to 4 ``STUFF``, then ``THING_NAMES``.
        ground: one of ``GROUNDS``.
        objects: the same objects with size, colour and style, the farthest first.
        captions: five sentences; ``questions``: one of each kind that the scene allows.
    """

    image: Tensor
    labels: Tensor
    boxes: Tensor
    masks: Tensor
    semantic: Tensor
    ground: str
    objects: tuple[SceneObject, ...]
    captions: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Drawn:
    """The pixels of a scene, before there are words about it."""

    picture: np.ndarray  # (S, S, 3) float32
    semantic: np.ndarray  # (S, S) uint8
    masks: np.ndarray  # (N, S, S) bool
    objects: tuple[SceneObject, ...]


def draw(ground: Ground, placed: list[Placed]) -> Drawn:
    """Paint the objects one over the other, the farthest first, and see what stays visible."""
    picture, semantic = ground.picture.copy(), ground.semantic.copy()
    owner = np.full(semantic.shape, -1, np.int8)
    for number, p in enumerate(placed):
        rows, columns, part = paint(picture, p.sprite, *p.corner)
        solid = part[..., 3] > 0.5
        owner[rows, columns][solid] = number
        semantic[rows, columns][solid] = len(STUFF) + THING_NAMES.index(p.wanted.thing.name)
    masks = owner[None] == np.arange(len(placed), dtype=np.int8)[:, None, None]
    objects = tuple(_seen(p, mask) for p, mask in zip(placed, masks, strict=True))
    return Drawn(picture, semantic, masks, objects)


def _seen(placed: Placed, mask: np.ndarray) -> SceneObject:
    rows, columns = np.where(mask.any(1))[0], np.where(mask.any(0))[0]
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    wanted, foot = placed.wanted, (placed.slot.middle, placed.slot.foot)
    return SceneObject(
        wanted.thing, wanted.size, wanted.colour, placed.style, box, int(mask.sum()), foot
    )


def relation(a: SceneObject, b: SceneObject, side: int) -> str | None:
    """Where ``a`` is, seen from ``b``; None where people could disagree."""
    dx, dy = offset(a, b)
    if abs(dx) >= CLEAR * side and abs(dx) >= STEEP * abs(dy):
        return "left of" if dx < 0 else "right of"
    if abs(dy) >= CLEAR * side and abs(dy) >= STEEP * abs(dx):
        return "behind" if dy < 0 else "in front of"
    return None


def offset(a: SceneObject, b: SceneObject) -> tuple[float, float]:
    """From the foot of ``b`` to that of ``a``, in pixels."""
    return a.foot[0] - b.foot[0], a.foot[1] - b.foot[1]


def alone(objects: tuple[SceneObject, ...]) -> list[SceneObject]:
    """The objects that no other one of the scene could be taken for."""
    names = [o.thing.name for o in objects]
    return [o for o in objects if names.count(o.thing.name) == 1]


def clear_pairs(
    objects: tuple[SceneObject, ...], side: int
) -> list[tuple[SceneObject, str, SceneObject]]:
    """(a, relation, b): where a is, seen from b, for things that are there once."""
    return [
        (a, found, b)
        for a in alone(objects)
        for b in alone(objects)
        if a is not b and (found := relation(a, b, side))
    ]


def to_image(picture: np.ndarray) -> Tensor:
    """(…, S, S, 3) float32 to (…, 3, S, S) uint8."""
    levels = (picture.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(levels, -1, -3)))
