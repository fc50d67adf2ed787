"""Where the objects of a plan stand: on the ground, side by side, hardly covering another.

Each object stands in the middle of the lower edge of a square, its slot, as large as its longer
side. Only slots are laid out, and nothing about them depends on what stands in them: so where
a thing is says nothing about what it is, and the words of a question nothing about its answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.data.scenes.ground import Ground
from course_utils.data.scenes.plan import Plan, Wanted
from course_utils.data.scenes.sprites import Sprite, Sprites

# Side of a slot in thirty-seconds of the picture's side.
STEPS = {"small": (6, 7), "big": (11, 12)}
ANGLES = (-8, 0, 8)
HIGHEST_FOOT = 0.42  # of the side: room above for the largest slot, and all on the ground
OVERLAP = 0.15  # of the smaller slot
TRIES, LAYOUTS = 30, 60


@dataclass(frozen=True)
class Slot:
    """A square on the ground: column of its middle, row of its foot, side in pixels."""

    middle: int
    foot: int
    side: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        left = self.middle - self.side // 2
        return left, self.foot - self.side, left + self.side, self.foot


@dataclass(frozen=True)
class Placed:
    """An object, its slot, and the sprite that is painted there."""

    wanted: Wanted
    style: str
    sprite: Sprite
    slot: Slot

    @property
    def corner(self) -> tuple[int, int]:
        """Top and left of the sprite; a turned one can be a little larger than its slot."""
        height, width = self.sprite.shape[:2]
        return self.slot.foot - height, self.slot.middle - width // 2


def place(
    rng: np.random.Generator, plan: Plan, ground: Ground, sprites: Sprites
) -> list[Placed]:
    """The objects of ``plan`` in their slots, the farthest first."""
    side = len(ground.picture)
    sizes = [STEPS[w.size][int(rng.integers(2))] * side // 32 for w in plan.objects]
    slots = lay_out(rng, sizes, side, ground.horizon)
    placed = []
    for wanted, slot in zip(plan.objects, slots, strict=True):
        styles = sprites.styles(wanted.drawing)
        style = styles[int(rng.integers(len(styles)))]
        angle = ANGLES[int(rng.integers(len(ANGLES)))]
        mirrored = bool(rng.random() < 0.5)
        sprite = sprites.sprite(wanted.drawing, style, slot.side, mirrored, angle)
        placed.append(Placed(wanted, style, sprite, slot))
    return sorted(placed, key=lambda p: p.slot.foot)


def lay_out(rng: np.random.Generator, sizes: list[int], side: int, horizon: int) -> list[Slot]:
    """Slots of the given ``sizes``, in their order.

    A layout that does not work out is begun anew: an object is never left out, because then
    the plan's balance would be lost. Each new layout allows a little more overlap.
    """
    highest = max(horizon + 2, int(HIGHEST_FOOT * side))
    order = sorted(range(len(sizes)), key=lambda n: -sizes[n])  # large ones are the hardest
    for attempt in range(LAYOUTS):
        allowed = OVERLAP + attempt / LAYOUTS
        slots = _try(rng, [sizes[n] for n in order], side, highest, allowed)
        if slots is not None:
            return [slots[order.index(n)] for n in range(len(sizes))]
    raise AssertionError("with full overlap allowed every layout works out")


def _try(
    rng: np.random.Generator, sizes: list[int], side: int, highest: int, allowed: float
) -> list[Slot] | None:
    slots: list[Slot] = []
    for size in sizes:
        half = size // 2 + 1
        for _ in range(TRIES):
            middle = int(rng.integers(half, side - half + 1))
            new = Slot(middle, int(rng.integers(highest, side + 1)), size)
            if all(_covered(new.box, other.box) <= allowed for other in slots):
                slots.append(new)
                break
        else:
            return None
    return slots


def _covered(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """Intersection of two boxes over the smaller one's area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    return width * height / smaller
