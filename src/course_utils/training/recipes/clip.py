"""Emoji and their words, chapter 14."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Generator, Tensor

from course_utils import data
from course_utils.data import Pictures
from course_utils.data.boxing import boxed, pixel_similarity
from course_utils.data.emoji import Emoji, concepts, on_ground
from course_utils.reference.clip import hits_at_k, unit, zero_shot_head
from course_utils.reference.clip_towers import CLIP, ImageTower, WordMean
from course_utils.reference.probe import features
from course_utils.training.clip import (
    emoji_words,
    known_texts,
    learn,
    small_clip,
    texts_of,
    varied,
    vary,
)
from course_utils.training.run import Run, Trained

BATCH, PASSES, BLOCKS = 256, 25, 30  # 750 passes, about 16 minutes of one CPU core
WIDE = 256  # numbers that images and texts of the large towers share
STYLES = {"near": "twemoji", "far": "openmoji"}  # neither is trained on
GRIDS = ("gesture", "profession", "shape")
MOVED = 7  # the seed of how the judged images are moved and recoloured


def clip_emoji(run: Run) -> Trained:
    """CLIP on emoji, 32 × 32 pixels: two small towers, five styles."""
    torch.manual_seed(run.seed)
    return _agreed(run, small_clip())


def clip_emoji_large(run: Run) -> Trained:
    """CLIP on emoji, 32 × 32 pixels, by towers of 2.6 million weights, for a GPU."""
    torch.manual_seed(run.seed)
    image = ImageTower(WIDE, widths=(64, 128, WIDE))
    return _agreed(run, CLIP(image, WordMean(len(emoji_words()), WIDE, WIDE)), ships=False)


def _agreed(run: Run, model: CLIP, ships: bool = True) -> Trained:
    """Both towers trained, and judged."""
    model = model.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    known = _boxed(run.part(data.emoji("train", size=64)))
    batches = known.batches(
        min(BATCH, len(known)), seed=run.seed, device=run.device, augment=varied(run.seed),
        drop_last=True,
    )  # fmt: skip
    texts = texts_of(concepts(), emoji_words(), seed=run.seed)
    curve = learn(
        model, batches, texts, run.length(BLOCKS), passes=run.length(PASSES),
        watch=run.watch, resume=run.resume,
    )  # fmt: skip
    model = model.half().float()  # what is measured is what ships
    row = Judges(run, model.cpu(), known).row()
    row |= {"images": len(known), "passes": curve[-1].passes, "words": len(emoji_words().words)}
    row["logit scale"] = round(curve[-1].scale, 2)
    row["parameters"] = sum(p.numel() for p in model.parameters())
    return Trained(model.state_dict(), row, list(curve), ships)


def _boxed(pictures: Pictures) -> Pictures:
    """Colours and opacity, (N, 4, 32, 32), each drawing cut to its box."""
    assert isinstance(pictures, Emoji)
    return Pictures(
        f"{pictures.name}, boxed", boxed(pictures.rgba, 32), pictures.labels, pictures.classes
    )


class Judges:
    """What a trained pair of towers is asked, and what pixels alone answer.

    Images are boxed; a tie is a miss; beside each share stands its standard error "±", of the
    images that were asked, not of other trainings.

    Args:
        known: boxed images that were trained on, (N, 4, 32, 32), for the floor of pixels.
    """

    def __init__(self, run: Run, model: CLIP, known: Pictures) -> None:
        self.run, self.model, self.known = run, model, known
        self.seen = known.labels.unique()
        words, meanings = emoji_words(), concepts()
        names = words.encode([c.name for c in meanings], skip=True)
        self.names = unit(features(model.text, names))
        prompts = [known_texts(concept) for concept in meanings]
        encoded = words.encode([text for texts in prompts for text in texts], skip=True)
        of_texts = features(model.text, encoded).split([len(texts) for texts in prompts])
        self.ensembles = zero_shot_head(of_texts)

    def row(self) -> dict[str, Any]:
        """All of it, in the order of the chapter."""
        row = self._known("val", data.emoji("val", size=64), moved=False)
        for name, style in STYLES.items():
            pictures = data.emoji("style", size=64, styles=[style])
            row |= self._known(name, pictures, moved=False)
            row |= self._known(f"{name}, moved", pictures, moved=True)
            row |= self._grids(f"{name}, seen", pictures)
        for name, styles in {"own": None, **{n: [s] for n, s in STYLES.items()}}.items():
            row |= self._unseen(name, data.emoji("concepts", size=64, styles=styles))
            row |= self._grids(name, data.emoji("combinations", size=64, styles=styles))
        return row

    def _known(self, name: str, pictures: Emoji, moved: bool) -> dict[str, Any]:
        """Concepts that were trained on, among all of these."""
        images, labels = self._images(pictures, moved)
        right = labels[:, None] == self.seen
        asked = right.any(1)  # in a trial not all are known
        images, right = images[asked], right[asked]
        if not len(images):
            return {}
        x = unit(features(self.model.image, images))
        row = _top(name, x @ self.names[self.seen].T, right) | {f"{name}: images": len(x)}
        shown = on_ground(self.known.images).float() / 255
        floor = pixel_similarity(shown, self.known.labels, images, self.seen)
        row |= _top(f"{name}, pixels", floor, right)
        if not moved:
            backwards = self.names[self.seen] @ x.T  # of those names that have an image here
            drawn = right.any(0)
            row |= _top(f"{name}, text to image", backwards[drawn], right.T[drawn])
        return row

    def _unseen(self, name: str, pictures: Emoji) -> dict[str, Any]:
        """Concepts never trained on, among themselves: by name, and by all their texts."""
        candidates = pictures.candidates()
        images, labels = self._images(pictures)
        x, right = unit(features(self.model.image, images)), labels[:, None] == candidates
        row: dict[str, Any] = {f"unseen, {name}: images": len(x)}
        for by, head in (("name", self.names), ("ensemble", self.ensembles)):
            row |= _top(f"unseen, {name}, by {by}", x @ head[candidates].T, right)
        return row | {f"unseen, {name}: candidates": len(candidates)}

    def _grids(self, name: str, pictures: Emoji) -> dict[str, Any]:
        """Combinations among all cells of their grid: exact, base alone and trait alone."""
        row: dict[str, Any] = {}
        for grid in GRIDS:
            cells = torch.tensor([n for n, c in enumerate(concepts()) if c.grid == grid])
            of_grid = torch.isin(pictures.labels, cells)
            if not of_grid.any():
                continue
            chosen = pictures.select(of_grid)
            x = unit(features(self.model.image, self._images(chosen, part=False)[0]))
            similarity = x @ self.names[cells].T
            for what, right in chosen.right(cells).items():
                row |= _share(f"{grid}, {name}: {what}", hits_at_k(similarity, right))
            row |= {f"{grid}, {name}: images": len(x), f"{grid}: candidates": len(cells)}
        return row

    def _images(
        self, pictures: Emoji, moved: bool = False, part: bool = True
    ) -> tuple[Tensor, Tensor]:
        """(N, 3, 32, 32) in 0 to 1 on white, or moved, recoloured and on other grounds."""
        chosen = self.run.part(pictures) if part else pictures
        ready = _boxed(chosen)
        if not moved:
            return on_ground(ready.images).float() / 255, ready.labels
        dice = Generator().manual_seed(MOVED)
        return vary(ready.images.float() / 255, dice, faint=False), ready.labels


def _top(name: str, similarity: Tensor, right: Tensor) -> dict[str, float]:
    """Top-1 with its standard error, and top-5."""
    row = _share(f"{name}: top-1", hits_at_k(similarity, right, 1))
    five = hits_at_k(similarity, right, min(5, right.shape[1]))
    return row | {f"{name}: top-5": round(five.double().mean().item(), 4)}


def _share(name: str, hits: Tensor) -> dict[str, float]:
    p = hits.double().mean().item()
    return {name: round(p, 4), f"{name} ±": round(math.sqrt(p * (1 - p) / len(hits)), 4)}
