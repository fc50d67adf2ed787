"""Cover a part of the image: does the noun go? And is it where the attention was?

An attention map says which features are mixed, not what the word depends on. So cells of the
image are painted over in the mean colour of what is no thing, and the word is asked for again:
those of the thing's box, as many that have the largest weights, inside of the box or anywhere
outside of it, and as controls as many elsewhere: the same rectangle moved, drawn cells.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks.caption_mistakes import Row, mean_and_error
from benchmarks.caption_words import NOUNS
from course_utils.data.scenes import Scene
from course_utils.data.scenes.judged import target
from course_utils.reference.caption_metrics import apart
from course_utils.reference.captioning import Captioner

GRID, CELL = 8, 8  # cells of a side, pixels of a cell
BOX, ELSEWHERE, DRAWN = "the thing's box", "elsewhere", "elsewhere, drawn cells"
ATTENDED, OUTSIDE = "most attended", "most attended, outside the box"
Probabilities = Callable[[Tensor, Tensor], Tensor]  # images, words (B, T) to (B, T, V)


class Noun(NamedTuple):
    """The noun of a thing that is there once, at a place of the true caption."""

    scene: int
    place: int  # so many words stand before it
    word: str
    box: Tensor  # (64,) bool: the cells that the thing's box touches
    elsewhere: Tensor  # (64,) bool: the same rectangle moved off the box
    drawn: Tensor  # (64,) bool: as many cells outside the box


def nouns(scenes: Sequence[Scene], dice: random.Random) -> list[Noun]:
    """One drawn noun of each scene with a thing that is there once, whose box can be moved."""
    found = []
    for n, scene in enumerate(scenes):
        words, names = apart(target(scene)).split(), [o.thing.name for o in scene.objects]
        for i in dice.sample(range(len(words)), len(words)):
            if names.count(NOUNS.get(words[i], "")) != 1:
                continue
            box = box_cells(scene.objects[names.index(NOUNS[words[i]])].box)
            if places := moved(box):
                drawn = torch.zeros(GRID**2, dtype=torch.bool)
                others = torch.nonzero(~box)[:, 0].tolist()
                drawn[dice.sample(others, int(box.sum()))] = True
                found.append(Noun(n, i, words[i], box, dice.choice(places), drawn))
                break
    return found


def box_cells(box: tuple[int, int, int, int]) -> Tensor:
    """(64,): the cells that a box of pixels, half open, touches."""
    x0, y0, x1, y1 = box
    cells = torch.zeros(GRID, GRID, dtype=torch.bool)
    cells[y0 // CELL : -(-y1 // CELL), x0 // CELL : -(-x1 // CELL)] = True
    return cells.flatten()


def moved(box: Tensor) -> list[Tensor]:
    """All places (64,) of the rectangle of cells ``box`` (64,) that it does not touch."""
    grid = box.view(GRID, GRID)
    height, width = int(grid.any(1).sum()), int(grid.any(0).sum())
    found = []
    for y in range(GRID - height + 1):
        for x in range(GRID - width + 1):
            cells = torch.zeros(GRID, GRID, dtype=torch.bool)
            cells[y : y + height, x : x + width] = True
            if not (cells & grid).any():
                found.append(cells.flatten())
    return found


def ground_colour(scene: Scene) -> Tensor:
    """(3,) uint8: the mean colour of what is no thing."""
    free = ~scene.masks.any(0)
    return scene.image[:, free].float().mean(1).round().to(torch.uint8)


def covered(images: Tensor, cells: Tensor, colours: Tensor) -> Tensor:
    """Images (B, 3, 64, 64) with cells (B, 64) in a colour (B, 3)."""
    pixels = cells.view(-1, 1, GRID, GRID).repeat_interleave(CELL, 2)
    pixels = pixels.repeat_interleave(CELL, 3)
    return torch.where(pixels, colours[..., None, None], images)


def most(weights: Tensor, numbers: Tensor) -> Tensor:
    """(B, S) bool: in each row the ``numbers`` (B,) places with the largest weights."""
    ranks = weights.argsort(stable=True, dim=-1, descending=True).argsort(-1)
    return ranks < numbers[:, None]


@torch.no_grad()
def looks(decoder: Any, memory: Tensor, words: Tensor) -> Tensor | None:
    """Attention to the memory at each word (B, T, S), mean over heads and layers; None: none.

    Args:
        decoder: with ``attention`` (additive, called once a word) or ``layers`` of a
            transformer.
    """
    kept: list[Tensor] = []
    if hasattr(decoder, "layers"):
        parts = [layer.multihead_attn for layer in decoder.layers]
        hook = lambda m, inputs, _: kept.append(m.weights(*inputs).mean(1))  # noqa: E731
    elif decoder.attention is not None:
        parts = [decoder.attention]
        hook = lambda m, inputs, output: kept.append(output[1])  # noqa: E731
    else:
        return None
    handles = [part.register_forward_hook(hook) for part in parts]
    try:
        decoder(memory, words)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(kept).mean(0) if hasattr(decoder, "layers") else torch.stack(kept, 1)


class Asked(NamedTuple):
    """A network for ``covering``: what it thinks and where it looks, from images and words."""

    says: Probabilities
    looks: Callable[[Tensor, Tensor], Tensor | None]


def asked(network: Captioner) -> Asked:
    """Of a captioner, in parts of 250 images."""

    def parts(work: Callable[[Tensor, Tensor], Any], images: Tensor, words: Tensor) -> list:
        pairs = zip(images.split(250), words.split(250), strict=True)
        with torch.no_grad():
            return [work(i, w) for i, w in pairs]

    def says(images: Tensor, words: Tensor) -> Tensor:
        return torch.cat(parts(lambda i, w: network(i, w).softmax(-1), images, words))

    def look(images: Tensor, words: Tensor) -> Tensor | None:
        found = parts(lambda i, w: looks(network.decoder, network.encoder(i), w), images, words)
        return None if found[0] is None else torch.cat(found)

    return Asked(says, look)


def covering(
    network: Asked, images: Tensor, words: Tensor, colours: Tensor, chosen: list[Noun],
    numbers: dict[str, int],
) -> dict[str, list[Row]]:  # fmt: skip
    """The lists ``cover`` and ``attention``: only nouns that the network says itself.

    Args:
        images: (N, 3, 64, 64) uint8. words: (N, L), the true captions with start and end.
        colours: (N, 3) uint8, to paint with. numbers: words to numbers.
    """
    rows = torch.tensor([noun.scene for noun in chosen])
    images, words, colours = images[rows], words[rows, :-1], colours[rows]
    at = torch.tensor([noun.place for noun in chosen])
    every = torch.arange(len(chosen))
    seen = network.looks(images, words)
    weights = None if seen is None else seen[every, at]
    cells = _covers(chosen, weights)
    word = torch.tensor([numbers[noun.word] for noun in chosen])
    before = network.says(images, words)[every, at]
    named = before.argmax(-1) == word
    kinds, look = {"all": named}, []
    if weights is not None and named.any():
        kinds["attention elsewhere"] = named & ((weights * cells[BOX]).sum(-1) < 0.5)
        look = [_look_row(weights[named], {name: c[named] for name, c in cells.items()})]
    found = []
    for name, c in cells.items():
        p = network.says(covered(images, c, colours), words)[every, at]
        found += [
            {"cover": name, "nouns": kind}
            | _cover_row(before[k, word[k]], p[k, word[k]], p[k].argmax(-1) != word[k])
            for kind, k in kinds.items()
            if k.any()
        ]
    return {"cover": found, "attention": look}


def _covers(chosen: list[Noun], weights: Tensor | None) -> dict[str, Tensor]:
    """What is covered (N, 64), by name."""
    cells = {
        BOX: torch.stack([noun.box for noun in chosen]),
        ELSEWHERE: torch.stack([noun.elsewhere for noun in chosen]),
        DRAWN: torch.stack([noun.drawn for noun in chosen]),
    }
    if weights is not None:
        size = cells[BOX].sum(1)
        cells[ATTENDED] = most(weights, size)
        cells[OUTSIDE] = most(weights.masked_fill(cells[BOX], -1), size)
    return cells


def _cover_row(before: Tensor, after: Tensor, changed: Tensor) -> Row:
    fall, error = mean_and_error(before - after)
    changes, error_of_changes = mean_and_error(changed)
    return {
        "number": len(before),
        "probability": round(before.mean().item(), 4), "fall": fall, "standard error": error,
        "changed": changes, "standard error of changed": error_of_changes,
    }  # fmt: skip


def _look_row(weights: Tensor, cells: dict[str, Tensor]) -> Row:
    inside, error = mean_and_error((weights * cells[BOX]).sum(-1))
    area = cells[BOX].double().mean().item()
    both = (cells[ATTENDED] & cells[BOX]).sum(-1) / cells[BOX].sum(-1)
    return {
        "number": len(weights), "in the box": inside, "standard error": error,
        "area of the box": round(area, 4), "most attended in the box": mean_and_error(both)[0],
    }  # fmt: skip
