"""Where the objects of a plan stand: on the ground, side by side, hardly covering another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_utils.data.scenes.ground import Ground
from course_utils.data.scenes.plan import Plan, Wanted
from course_utils.data.scenes.sprites import Sprite, Sprites

# Longer side in thirty-seconds of the picture's side.
STEPS = {"small": (6, 7), "big": (11, 12)}
ANGLES = (-8, 0, 8)
OVERLAP = 0.15  # of the smaller one's box
TRIES, LAYOUTS = 30, 60


@dataclass(frozen=True)
class Placed:
    """An object, its sprite and the corner where it is painted."""

    wanted: Wanted
    style: str
    sprite: Sprite
    top: int
    left: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        height, width = self.sprite.shape[:2]
        return self.left, self.top, self.left + width, self.top + height


def place(
    rng: np.random.Generator, plan: Plan, ground: Ground, sprites: Sprites
) -> list[Placed]:
    """The objects of ``plan`` with their places, the farthest first.

    A layout that does not work out is begun anew: an object is never left out, because then
    the plan's balance would be lost. Each new layout allows a little more overlap.
    """
    side = len(ground.picture)
    chosen = [_choose(rng, wanted, side, sprites) for wanted in plan.objects]
    chosen.sort(key=lambda c: -max(c[2].shape[:2]))  # large ones are the hardest to place
    for attempt in range(LAYOUTS):
        placed = _layout(rng, chosen, ground, OVERLAP + attempt / LAYOUTS)
        if placed is not None:
            return sorted(placed, key=lambda p: p.box[3])
    raise AssertionError("with full overlap allowed every layout works out")


def _choose(
    rng: np.random.Generator, wanted: Wanted, side: int, sprites: Sprites
) -> tuple[Wanted, str, Sprite]:
    styles = sprites.styles(wanted.drawing)
    style = styles[int(rng.integers(len(styles)))]
    size = STEPS[wanted.size][int(rng.integers(2))] * side // 32
    angle = ANGLES[int(rng.integers(len(ANGLES)))]
    return wanted, style, sprites.sprite(wanted.drawing, style, size, rng.random() < 0.5, angle)


def _layout(
    rng: np.random.Generator,
    chosen: list[tuple[Wanted, str, Sprite]],
    ground: Ground,
    overlap: float,
) -> list[Placed] | None:
    side = len(ground.picture)
    placed: list[Placed] = []
    for wanted, style, sprite in chosen:
        height, width = sprite.shape[:2]
        lowest_top = side - height
        highest_top = max(0, ground.horizon + side // 24 - height)  # feet below the horizon
        for _ in range(TRIES):
            top = int(rng.integers(highest_top, lowest_top + 1))
            left = int(rng.integers(side - width + 1))
            new = Placed(wanted, style, sprite, top, left)
            if all(_covered(new.box, other.box) <= overlap for other in placed):
                placed.append(new)
                break
        else:
            return None
    return placed


def _covered(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """Intersection of two boxes over the smaller one's area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    return width * height / smaller
