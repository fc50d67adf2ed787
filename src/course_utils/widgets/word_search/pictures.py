"""The pictures that ``WordSearch`` looks among: which, their pixels and what the tower says."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...data.boxing import boxed
from ...data.emoji import Concept, Emoji, concepts, emoji, on_ground
from ...reference.clip_towers import CLIP
from ...training.checkpoints import restore
from ...training.clip import emoji_words, small_clip

STYLE = "twemoji"  # never trained on, near to the styles that are
COUNT, SIDE, COLOURS = 300, 32, 32
SPLITS = ("style", "concepts", "combinations")


@functools.cache
def model() -> CLIP:
    """The shipped towers in evaluation mode.

    Raises:
        CourseError: the checkpoint is missing or of another network.
    """
    towers = small_clip()
    restore(towers, "clip_emoji")
    return towers.eval()


@functools.cache
def chosen() -> tuple[int, ...]:
    """Numbers of COUNT concepts, in the order of ``concepts()``.

    No person or hand, and of the symbols only coloured shapes. All that was never trained on,
    all coloured shapes and all cats; the others evenly from those with a name of one word,
    which readers may think of.
    """
    able = [n for n, concept in enumerate(concepts()) if _may_be_shown(concept)]
    kept = [n for n in able if _must_be_shown(concepts()[n])]
    simple = [n for n in able if len(concepts()[n].name.split()) == 1]
    rest = [n for n in simple if n not in kept]
    wanted = COUNT - len(kept)
    evenly = [rest[k * len(rest) // wanted] for k in range(wanted)]
    return tuple(sorted(kept + evenly))


def _may_be_shown(concept: Concept) -> bool:
    sort = concept.grid == "shape" or concept.group not in ("people-body", "symbols")
    return sort and STYLE in concept.styles


def _must_be_shown(concept: Concept) -> bool:
    cat = "cat" in concept.name.split()
    return concept.split != "train" or concept.grid == "shape" or cat


@dataclass(frozen=True)
class Pictures:
    """What the page gets of the pictures, in the order of ``chosen()``.

    ``pixels``: (N, 3, 32, 32) uint8, on white, each with at most 32 colours. ``packed``: the
    same as (N, 32, 3) colours and (N, 32, 32) numbers of colours, made smaller by zlib.
    ``features``: (N, 64) float16, rows of length 1. ``own``: the numbers of the vocabulary
    that a meaning's name and keywords have. ``new``: whether it was never trained on.
    """

    names: tuple[str, ...]
    pixels: Tensor
    packed: bytes
    features: Tensor
    own: tuple[tuple[int, ...], ...]
    new: tuple[bool, ...]


@functools.cache
@torch.no_grad()
def pictures() -> Pictures:
    """Pictures, embeddings by the image tower in float32, and words, each computed once."""
    meanings = [concepts()[n] for n in chosen()]
    colours, numbers = _few_colours(_drawn())
    row = torch.arange(len(colours))[:, None]
    flat = colours[row, numbers.flatten(1).long()]  # (N, 1024, 3)
    pixels = flat.unflatten(1, (SIDE, SIDE)).permute(0, 3, 1, 2).contiguous()
    x = model().image(pixels.float() / 255)
    words = emoji_words()
    own = [words.encode([" ".join(c.texts)], skip=True)[0].unique() for c in meanings]
    return Pictures(
        tuple(c.name for c in meanings),
        pixels,
        zlib.compress(colours.numpy().tobytes() + numbers.numpy().tobytes(), 9),
        torch.nn.functional.normalize(x).half(),
        tuple(tuple(n for n in row.tolist() if n) for row in own),
        tuple(c.split != "train" for c in meanings),
    )


def _drawn() -> Tensor:
    """(N, 3, 32, 32) uint8 on white, each drawing cut to its box."""
    found: dict[int, Tensor] = {}
    for split in SPLITS:
        part = emoji(split, size=2 * SIDE, styles=[STYLE])
        found |= dict(zip(part.labels.tolist(), _on_white(part), strict=True))
    return torch.stack([found[n] for n in chosen()])


def _on_white(part: Emoji) -> Tensor:
    return on_ground(boxed(part.rgba, SIDE))


def _few_colours(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Colours (N, COLOURS, 3) and which of them each pixel has (N, 32, 32), both uint8.

    A page cannot hold all pixels as they are: 223 kB; these are 100 kB.
    """
    colours = np.zeros((len(pixels), COLOURS, 3), np.uint8)
    numbers = np.zeros((len(pixels), SIDE, SIDE), np.uint8)
    for n, picture in enumerate(pixels.permute(0, 2, 3, 1).numpy()):
        few = Image.fromarray(picture).quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
        own = np.array(few.getpalette(), np.uint8).reshape(-1, 3)[:COLOURS]
        colours[n, : len(own)], numbers[n] = own, np.asarray(few)
    return torch.from_numpy(colours), torch.from_numpy(numbers)
