"""Composed scenes: every task of the course on one picture, with exact ground truth.

Deterministic: the same split, seed, size and index give the same scene on every machine that
runs the locked versions.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from course_utils.course import CourseError
from course_utils.data.emoji import HELD_OUT_STYLES, TRAIN_STYLES, concepts
from course_utils.data.scenes.captions import SPOKEN, captions
from course_utils.data.scenes.clips import SAID, Clip, make_clip
from course_utils.data.scenes.ground import Ground, ground_name, make_ground
from course_utils.data.scenes.layout import place
from course_utils.data.scenes.plan import SHAPES, make_plan
from course_utils.data.scenes.questions import KINDS, questions
from course_utils.data.scenes.scene import Question, Scene, SceneObject, draw, to_image
from course_utils.data.scenes.sprites import Sprites
from course_utils.data.scenes.vocabulary import (
    ACTIONS,
    COLOURS,
    GROUNDS,
    NUMBERS,
    RELATIONS,
    SIZES,
    STUFF,
    THING_NAMES,
    THINGS,
    drawings,
)
from course_utils.data.splits import require_split

__all__ = [
    "ACTIONS", "COLOURS", "GROUNDS", "KINDS", "RELATIONS", "SIZES", "STUFF", "THINGS",
    "THING_NAMES", "Clip", "Clips", "Question", "Scene", "SceneObject", "Scenes", "scenes",
]  # fmt: skip

# split -> number (part of the seed), styles, how many scenes there are unless asked otherwise
SPLITS = {
    "train": (0, TRAIN_STYLES, 20_000),
    "val": (1, TRAIN_STYLES, 2_000),
    "test": (2, TRAIN_STYLES, 2_000),
    "style": (3, HELD_OUT_STYLES, 2_000),
    "combinations": (4, TRAIN_STYLES, 2_000),
}
PICTURES, GROUND, CLIPS = range(3)  # streams of random numbers, also part of the seed
GROUND_POOL = 128  # grounds of a split
GROUND_MEMORY = 64 << 20  # bytes of them that are kept
SHAPE_KINDS = tuple(kind for kind in KINDS if kind not in ("existence", "object"))
SIDES = range(48, 513)
FRAMES, STILL = 8, 2


class Scenes(Dataset):
    """Scenes of one split; ``scenes[i]`` is a ``Scene``, ``scenes.clips[i]`` a ``Clip``.

    Scenes differ in their number of objects: ``DataLoader(scenes, collate_fn=list)`` gives
    batches as lists.

    Attributes:
        size: side of the pictures in pixels.
        classes: names of the things, in the order of ``Scene.labels``.
        semantic_classes: names of the values of ``Scene.semantic``.
        kinds: the kinds of questions that are asked in this split.
    """

    classes = THING_NAMES
    semantic_classes = STUFF + THING_NAMES

    def __init__(self, split: str, size: int, length: int, seed: int) -> None:
        self.split, self.size, self.length, self.seed = split, size, length, seed
        self._number, self._styles, _ = SPLITS[split]
        # Where every scene has a shape, "is there a heart?" would be answered by yes too often.
        self.kinds = KINDS if split != "combinations" else SHAPE_KINDS
        self._prepare()

    def _prepare(self) -> None:
        self._sprites = Sprites(drawings(), self._styles, largest=self.size * 12 // 32)
        self._colours = shape_colours(held_out=self.split == "combinations")
        kept = min(GROUND_POOL, GROUND_MEMORY // (13 * self.size**2))
        self._ground = functools.lru_cache(kept)(self._make_ground)

    def __getstate__(self) -> dict[str, Any]:
        """Workers of a ``DataLoader`` make their own sprites: cheaper than sending them."""
        return {k: v for k, v in self.__dict__.items() if k not in _MADE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        return f"scenes, {self.split}: {self.length} of {self.size}×{self.size} pixels"

    def __getitem__(self, index: int) -> Scene:
        rng = self._rng(PICTURES, index)
        ground = self._some_ground(rng)
        plan = make_plan(rng, self._colours, with_shape=self.split == "combinations")
        drawn = draw(ground, place(rng, plan, ground, self._sprites))
        found = drawn.objects
        said = captions(rng, found, ground.name, self.size)
        asked = questions(rng, plan, found, ground.name, self.size)
        return Scene(
            image=to_image(drawn.picture),
            labels=torch.tensor([THING_NAMES.index(o.thing.name) for o in found]),
            boxes=torch.tensor([o.box for o in found]),
            masks=torch.from_numpy(drawn.masks),
            semantic=torch.from_numpy(drawn.semantic).long(),
            ground=ground.name,
            objects=found,
            captions=said,
            questions=tuple(q for q in asked if q.kind in self.kinds),
        )

    @property
    def clips(self) -> Clips:
        """As many clips as there are scenes."""
        return Clips(self)

    def clip(self, index: int, frames: int = FRAMES) -> Clip:
        """A clip of ``frames`` pictures, two at least, with its action."""
        if frames < 2:
            raise CourseError(f"a clip has two frames at least, not {frames}")
        rng = self._rng(CLIPS, index)
        return make_clip(rng, self._some_ground(rng), self._sprites, frames, STILL)

    def images(self, indices: Iterable[int]) -> Tensor:
        """The pictures at ``indices``, (B, 3, S, S) uint8."""
        return torch.stack([self[index].image for index in indices])

    def _some_ground(self, rng: np.random.Generator) -> Ground:
        return self._ground(int(rng.integers(GROUND_POOL)))

    def _make_ground(self, number: int) -> Ground:
        rng = np.random.default_rng((self.seed, self._number, GROUND, number))
        return make_ground(rng, ground_name(number), self.size)

    def _rng(self, stream: int, index: int) -> np.random.Generator:
        if not isinstance(index, int):
            raise TypeError(f"one scene at a time: an index, not {index!r}")
        if not -self.length <= index < self.length:
            raise IndexError(f"scene {index} of {self.length}")
        return np.random.default_rng((self.seed, self._number, stream, index % self.length))


_MADE = ("_sprites", "_colours", "_ground")


class Clips(Dataset):
    """The clips of a split as a data set."""

    classes = ACTIONS

    def __init__(self, scenes: Scenes) -> None:
        self.scenes = scenes

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: int) -> Clip:
        return self.scenes.clip(index)

    def __repr__(self) -> str:
        return f"clips, {self.scenes.split}: {len(self)} of {FRAMES} frames"


def scenes(
    split: str = "train", *, size: int = 96, length: int | None = None, seed: int = 0
) -> Scenes:
    """Scenes composed of emoji on simple grounds.

    Args:
        split: ``train``, ``val``, ``test``: the same styles, other scenes and grounds;
            ``style``: drawn in two styles never trained on; ``combinations``: every scene
            has a shape in a colour that it never has elsewhere.
        size: side in pixels, 48 to 512.
        length: how many; default 20 000 to train, 2 000 else.
        seed: of everything.

    Returns:
        a data set of ``Scene``: image, labels, boxes, masks, semantic, captions, questions.

    Raises:
        CourseError: unknown split, a size or length that makes no sense.

    Source: our own composition after CLEVR (J. Johnson et al., CVPR 2017), with emoji in
    place of rendered solids; what it can and cannot teach stands on the book's Data page.
    """
    require_split(split, SPLITS, "data.scenes")
    length = SPLITS[split][2] if length is None else length
    for name, number in (("size", size), ("length", length), ("seed", seed)):
        if type(number) is not int:
            raise CourseError(f"{name} is a whole number, not {number!r}")
    if size not in SIDES:
        raise CourseError(f"scenes are {SIDES[0]} to {SIDES[-1]} pixels wide, not {size}")
    if length < 1:
        raise CourseError(f"a data set of {length} scenes: ask for one at least")
    if seed < 0:
        raise CourseError(f"a seed is 0 or larger, not {seed}")
    return Scenes(split, size, length, seed)


def shape_colours(held_out: bool) -> dict[str, list[str]]:
    """Of each shape the colours it has in training, or those that are held out."""
    wanted = "combinations" if held_out else "train"
    split = {concept.name: concept.split for concept in concepts()}
    return {
        shape.name: [c for c in COLOURS if split[shape.emoji.format(colour=c)] == wanted]
        for shape in SHAPES
    }


def caption_words() -> list[str]:
    """Every word that captions of scenes can hold, in alphabetical order; commas aside."""
    fixed = "a an and are big is of on picture small stand stands the there thing things"
    found = set(fixed.split()) | set(COLOURS) | set(GROUNDS) | set(NUMBERS[1:])
    for phrase in (*SPOKEN.values(), *RELATIONS):
        found |= set(phrase.split())
    for thing in THINGS:
        found |= {thing.name, thing.many}
    return sorted(found)


def words() -> list[str]:
    """Every word that captions, questions and answers can hold, in alphabetical order."""
    asked = "colour ground how is many no to what yes or 0 1 2 3"
    moved = {word for phrase in SAID.values() for word in phrase.split()}
    return sorted({*caption_words(), *asked.split(), *moved})
