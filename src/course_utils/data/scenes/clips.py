"""Short clips: one thing acts, the others stand still.

The middle frame says nothing about the action: there place, size and angle are drawn in the
same way for all of them, and they change only over time. Frames at the ends do say something.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from course_utils.data.scenes.ground import Ground
from course_utils.data.scenes.plan import Wanted
from course_utils.data.scenes.scene import to_image
from course_utils.data.scenes.sprites import Sprites, paint
from course_utils.data.scenes.vocabulary import ACTIONS, THINGS, Thing

ROUND = {"ball", "circle"}  # nobody sees these spin
ACTORS = [t for t in THINGS if t.name not in ROUND and not t.coloured]
TURN = 12  # degrees a frame, in a clip of eight
SAID = {
    "move left": "moves to the left",
    "move right": "moves to the right",
    "move up": "moves up",
    "move down": "moves down",
    "grow": "grows",
    "shrink": "shrinks",
    "spin left": "spins to the left",
    "spin right": "spins to the right",
    "stand still": "stands still",
}


@dataclass(frozen=True)
class Clip:
    """Frames (T, 3, S, S) uint8, the action as an index into ``ACTIONS``, and a sentence."""

    frames: Tensor
    action: int
    thing: Thing
    caption: str


def times(frames: int) -> list[float]:
    """When each frame is taken; that of the middle one, number ``frames // 2``, is 0."""
    middle = frames // 2
    return [(n - middle) / max(middle, 1) for n in range(frames)]


@dataclass(frozen=True)
class Pose:
    """Where the actor is in the middle of the clip, in pixels and degrees."""

    x: float
    y: float
    size: float
    angle: float
    speed: float

    def at(self, action: str, time: float) -> Pose:
        """The pose at ``time``: 0 in the middle, −1 at the beginning, 1 at the end."""
        verb, _, way = action.partition(" ")
        x, y, size, angle = self.x, self.y, self.size, self.angle
        if verb == "move":
            x += self.speed * time * {"left": -1, "right": 1}.get(way, 0)
            y += self.speed * time * {"up": -1, "down": 1}.get(way, 0)
        elif verb in ("grow", "shrink"):
            size *= 1 + 0.35 * time * (1 if verb == "grow" else -1)
        elif verb == "spin":
            angle += 3.5 * TURN * time * (1 if way == "left" else -1)
        return Pose(x, y, size, angle, self.speed)


def make_clip(
    rng: np.random.Generator, ground: Ground, sprites: Sprites, frames: int, others: int
) -> Clip:
    """A clip of ``frames`` pictures with ``others`` things that stand still."""
    side = len(ground.picture)
    action = int(rng.integers(len(ACTIONS)))
    order = [ACTORS[n] for n in rng.permutation(len(ACTORS))]
    actor, still = order[0], order[1 : 1 + others]
    scene = ground.picture.copy()
    for thing in still:
        sprite = _sprite(rng, sprites, thing, int(side * rng.uniform(0.18, 0.26)))
        top, left = (int(rng.integers(side - n)) for n in sprite.shape[:2])
        paint(scene, sprite, top, left)
    low, high = 0.3 * side, 0.7 * side
    pose = Pose(
        x=rng.uniform(low, high),
        y=rng.uniform(low, high),
        size=side * rng.uniform(0.26, 0.36),
        angle=rng.uniform(-20, 20),
        speed=side * rng.uniform(0.15, 0.25),
    )
    styles = sprites.styles(actor.emoji)
    style, mirrored = styles[int(rng.integers(len(styles)))], bool(rng.random() < 0.5)
    pictures = []
    for time in times(frames):
        now = pose.at(ACTIONS[action], time)
        picture = scene.copy()
        size, angle = 2 * round(now.size / 2), 3 * round(now.angle / 3)  # few sprites suffice
        sprite = sprites.sprite(actor.emoji, style, size, mirrored, angle)
        height, width = sprite.shape[:2]
        paint(picture, sprite, round(now.y - height / 2), round(now.x - width / 2))
        pictures.append(picture)
    caption = f"{actor.one} {SAID[ACTIONS[action]]}"
    return Clip(to_image(np.stack(pictures)), action, actor, caption)


def _sprite(rng: np.random.Generator, sprites: Sprites, thing: Thing, size: int) -> np.ndarray:
    drawing = Wanted(thing, "small", None).drawing
    styles = sprites.styles(drawing)
    style = styles[int(rng.integers(len(styles)))]
    return sprites.sprite(drawing, style, 2 * round(size / 2), bool(rng.random() < 0.5), 0)
