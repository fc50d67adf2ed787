"""Picture-text pairs: seven openly licensed emoji styles with Unicode's names and keywords."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from course_utils.course import CourseError
from course_utils.data import cache
from course_utils.data.manifest import manifest, shipped
from course_utils.data.pictures import Pictures
from course_utils.data.splits import require_split

SIDE, COLUMNS = 64, 40  # of a picture in the atlas, and pictures in its row
SIZES = (32, 64)
TRAIN_STYLES = ("noto", "noto-v1", "emojione", "fluent-flat", "fluent-3d")
HELD_OUT_STYLES = ("twemoji", "openmoji")  # near to the others, and far: line drawings
STYLES = TRAIN_STYLES + HELD_OUT_STYLES
# split -> which concepts, in which styles
SPLITS = {
    "train": ("train", TRAIN_STYLES),
    "val": ("train", TRAIN_STYLES),
    "style": ("train", HELD_OUT_STYLES),
    "concepts": ("concepts", TRAIN_STYLES),
    "combinations": ("combinations", TRAIN_STYLES),
}
VAL_EVERY = 50  # one picture of so many is in val, not in train


@dataclass(frozen=True)
class Concept:
    """What an emoji means.

    Attributes:
        name: CLDR short name; ``keywords``: CLDR's other words for it.
        grid: ``gesture``, ``profession`` or ``shape`` for a concept that combines a ``base``
            (thumbs up, pilot, heart) with a ``trait`` (a skin tone, a colour); else None.
        split: ``train``, ``concepts`` or ``combinations``.
        styles: the styles that draw it.
    """

    name: str
    emoji: str
    keywords: tuple[str, ...]
    group: str
    subgroup: str
    grid: str | None
    base: str | None
    trait: str | None
    split: str
    styles: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The name, then the keywords: what a picture can be paired with."""
        return (self.name, *(word for word in self.keywords if word != self.name))


class Emoji(Pictures):
    """Emoji with their words.

    ``images`` (N, 3, S, S) uint8 show them on white; ``alpha`` (N, 1, S, S) uint8 is their
    opacity. ``labels`` index ``concepts``, whose names are ``classes``. ``emoji[i]`` is
    ((3, S, S) float32 in 0 to 1, name).
    """

    def __init__(
        self,
        name: str,
        rgba: Tensor,
        labels: Tensor,
        concepts: Sequence[Concept],
        styles: Sequence[str],
    ) -> None:
        self.rgba, self.concepts, self.styles = rgba, tuple(concepts), tuple(styles)
        super().__init__(name, on_ground(rgba), labels, [c.name for c in concepts])

    @property
    def alpha(self) -> Tensor:
        """Opacity, (N, 1, S, S) uint8."""
        return self.rgba[:, 3:]

    def __getitem__(self, index: int) -> tuple[Tensor, str]:  # type: ignore[override]
        image, label = super().__getitem__(index)
        return image, self.classes[label]

    def __getitems__(self, indices: list[int]) -> list[tuple[Tensor, str]]:  # type: ignore[override]
        return [(image, self.classes[n]) for image, n in super().__getitems__(indices)]

    def texts(self, index: int) -> tuple[str, ...]:
        """Name and keywords of a picture."""
        return self.concepts[int(self.labels[index])].texts

    def select(self, indices: Tensor) -> Emoji:
        places = torch.arange(len(self))[indices].tolist()
        styles = [self.styles[n] for n in places]
        return Emoji(self.name, self.rgba[indices], self.labels[indices], self.concepts, styles)

    def candidates(self) -> Tensor:
        """Indices of the concepts to choose from when a model names these pictures.

        For held-out combinations these are *all* cells of their grids, seen ones too: among
        the held-out ones alone a model could guess by the base and never read the trait.
        """
        present = {int(n) for n in self.labels}
        grids = {self.concepts[n].grid for n in present} - {None}
        whole = all(self.concepts[n].split == "combinations" for n in present)
        chosen = [
            n
            for n, concept in enumerate(self.concepts)
            if n in present or (whole and concept.grid in grids)
        ]
        return torch.tensor(chosen)

    def right(self, candidates: Tensor) -> dict[str, Tensor]:
        """Which candidates are right for each picture, (N, K) bool each.

        ``exact``: the concept itself. ``base`` and ``trait``: the concepts that share the base
        (thumbs up) or the trait (a skin tone), for one who gets half of a combination right.
        """
        rights = {"exact": self.labels[:, None] == candidates}
        for part in ("base", "trait"):
            names: dict[str | None, int] = {}
            of = torch.tensor(
                [names.setdefault(getattr(c, part), len(names)) for c in self.concepts]
            )
            rights[part] = of[self.labels][:, None] == of[candidates]
        return rights


def emoji(
    split: str = "train", *, size: int = 32, styles: Iterable[str] | None = None
) -> Emoji:
    """Emoji and their words, with splits that ask for more than memory.

    Args:
        split: ``train``; ``val`` (one picture of 50, same concepts and styles);
            ``style``: known concepts in two styles never trained on;
            ``concepts``: emoji never seen, in known styles (who does a thing, a man, a
            woman or a person, is held out with it);
            ``combinations``: base and trait each seen, never together (skin tones with
            gestures and professions, colours with shapes).
        size: 32 or 64 pixels.
        styles: others than the split's own, such as ``["openmoji"]``.

    Returns:
        ``Emoji``: pictures on white, opacity, names, keywords, groups, style of each picture.

    Raises:
        CourseError: unknown split, size or style; a file is missing or altered.

    Source: emoji vendors and Unicode CLDR, see ``README.md``; licences Apache-2.0, MIT,
    CC BY 4.0, CC BY-SA 4.0 (OpenMoji), Unicode-3.0 (words). A profession is a drawing's name:
    nothing here says anything about people.
    """
    require_split(split, SPLITS, "data.emoji")
    if size not in SIZES:
        raise CourseError(f"emoji come in {SIZES[0]} and {SIZES[1]} pixels, not {size}")
    wanted, own_styles = SPLITS[split]
    chosen = tuple(styles) if styles is not None else own_styles
    if unknown := [style for style in chosen if style not in STYLES]:
        raise CourseError(f"no emoji style {unknown[0]!r}; there are {', '.join(STYLES)}")
    allowed = HELD_OUT_STYLES if split == "style" else STYLES
    if not chosen or not set(chosen) <= set(allowed):
        raise CourseError(f"the split {split!r} has the styles {', '.join(allowed)}")
    parts, labels, names = [], [], []
    for style in chosen:
        drawn = [n for n, c in enumerate(concepts()) if style in c.styles]
        kept = [place for place, n in enumerate(drawn) if _belongs(n, style, wanted, split)]
        parts.append(pixels(style, size)[kept])
        labels += [drawn[place] for place in kept]
        names += [style] * len(kept)
    title = f"emoji, {split} ({', '.join(chosen)})"
    return Emoji(title, torch.cat(parts), torch.tensor(labels), concepts(), names)


def _belongs(number: int, style: str, wanted: str, split: str) -> bool:
    if concepts()[number].split != wanted:
        return False
    if split not in ("train", "val"):
        return True
    in_val = (number + 7 * STYLES.index(style)) % VAL_EVERY == 0
    return in_val == (split == "val")


@functools.cache
def concepts() -> tuple[Concept, ...]:
    """All concepts, in the order of the atlases."""
    lines = shipped("emoji/concepts.jsonl").decode().splitlines()
    return tuple(_concept(json.loads(line)) for line in lines)


def _concept(row: dict[str, Any]) -> Concept:
    lists = {key: tuple(row[key]) for key in ("keywords", "styles")}
    return Concept(**{**row, **lists})


def pixels(style: str, size: int = SIDE) -> Tensor:
    """All drawings of a style, in the order of ``concepts()``: (N, 4, size, size) uint8 RGBA.

    The colour is weighted by the opacity (premultiplied): on a ground g a picture shows
    colour + (1 − opacity) · g.
    """
    file = f"emoji/{style}.webp"
    count = sum(style in concept.styles for concept in concepts())

    def decode() -> dict[str, Tensor]:
        atlas = np.asarray(Image.open(io.BytesIO(shipped(file))).convert("RGBA"))
        rows = len(atlas) // SIDE
        cut = atlas.reshape(rows, SIDE, COLUMNS, SIDE, 4).transpose(0, 2, 4, 1, 3)
        straight = torch.from_numpy(cut.reshape(-1, 4, SIDE, SIDE)[:count].copy())
        return {"rgba": _premultiplied(straight, size)}

    return cache.decoded(f"emoji-{style}-{size}", manifest()[file]["sha256"], decode)["rgba"]


def _premultiplied(straight: Tensor, size: int) -> Tensor:
    """Colour times opacity, averaged over square blocks down to ``size``."""
    parts = []
    for rgba in straight.split(256):  # a few at a time: float copies of a style are large
        x = rgba.float()
        x[:, :3] *= x[:, 3:] / 255
        if size < SIDE:
            x = torch.nn.functional.avg_pool2d(x, SIDE // size)
        parts.append(x.round().byte())
    return torch.cat(parts)


def on_ground(rgba: Tensor, ground: int = 255) -> Tensor:
    """Pictures (N, 3, S, S) uint8 on a grey ``ground`` (0 black, 255 white)."""
    shown = torch.empty_like(rgba[:, :3])
    for start in range(0, len(rgba), 64):  # a few at a time stay in the processor's cache
        part = rgba[start : start + 64].int()
        light = part[:, :3] + ((255 - part[:, 3:]) * ground + 127) // 255
        shown[start : start + 64] = light.clamp_(max=255)
    return shown
