"""CLIP on emoji trained with one thing changed, several seeds, all else equal and short.

    python -m benchmarks.clip_failures [--seeds 3] [--passes 30]

What is measured is kept in the cache. ``results/clip_failures.json``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import record
from benchmarks.clip_study import of_texts, shown
from benchmarks.kept import kept
from course_utils import data
from course_utils.data import Pictures
from course_utils.data.boxing import boxed
from course_utils.data.emoji import concepts
from course_utils.reference.clip import (
    contrastive_loss,
    hits_at_k,
    recall_at_k,
    unit,
    unit_pairs,
)
from course_utils.reference.clip_towers import CLIP
from course_utils.reference.probe import features
from course_utils.training.augment import seeded
from course_utils.training.clip import emoji_words, learn, small_clip, texts_of, vary

BATCH = 256


def equal_are_negatives(x: Tensor, y: Tensor, scale: Tensor, labels: Tensor) -> Tensor:
    """The loss that knows of each pair alone."""
    return contrastive_loss(x, y, scale)


def one_direction(x: Tensor, y: Tensor, scale: Tensor, labels: Tensor) -> Tensor:
    """Each image is to find its text; no text is to find its image."""
    x, y, s = unit_pairs(x, y, scale)
    same = (labels[:, None] == labels).to(x)
    return F.cross_entropy(s * x @ y.T, same / same.sum(1, keepdim=True))


def fixed_scale(model: CLIP) -> None:
    """s = 1, for good."""
    model.scale.t.data.zero_()
    model.scale.t.requires_grad_(False)


# What is changed: the options of ``learn``, the model before it learns, the augmentation.
CHANGES: dict[str, tuple[dict[str, Any], Callable[[CLIP], None], bool]] = {
    "as it should be": ({}, lambda _: None, True),
    "equal captions are negatives": (
        {"objective": equal_are_negatives}, lambda _: None, True,
    ),
    "image to text alone": ({"objective": one_direction}, lambda _: None, True),
    "scale fixed at 1": ({}, fixed_scale, True),
    "all images recoloured": ({}, lambda _: None, False),
}  # fmt: skip


def measured(change: str, seed: int, passes: int) -> dict[str, Any]:
    """Train one, and ask it."""
    options, prepare, faint = CHANGES[change]
    torch.manual_seed(seed)
    model, train = small_clip(), data.emoji(size=64)
    prepare(model)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    known = Pictures("boxed", boxed(train.rgba, 32), train.labels, train.classes)
    batches = known.batches(
        BATCH, seed=seed, augment=seeded(partial(vary, faint=faint), seed), drop_last=True
    )
    texts = texts_of(concepts(), emoji_words(), seed=seed)
    start = time.process_time()
    curve = learn(model, batches, texts, 1, passes=passes, **options)
    row = {"what was done": change, "seed": seed, "passes": passes}
    row |= {"CPU seconds": round(time.process_time() - start)}
    row |= {"logit scale": round(curve[-1].scale, 1)}
    return row | _asked(model.eval(), train.labels.unique())


def _asked(model: CLIP, seen: Tensor) -> dict[str, float]:
    """Known concepts in the near style, both ways; base and trait of held-out gestures."""
    near = data.emoji("style", size=64, styles=["twemoji"])
    right = near.labels[:, None] == seen
    asked = right.any(1)
    x = unit(features(model.image, shown(near)))[asked]
    names = unit(of_texts(model, [concepts()[int(n)].name for n in seen]))
    drawn = right[asked].any(0)
    row = {
        "image to text": recall_at_k(x @ names.T, right[asked]),
        "text to image": recall_at_k((names @ x.T)[drawn], right[asked].T[drawn]),
    }
    held = data.emoji("combinations", size=64)
    held = held.select(
        torch.tensor([concepts()[int(n)].grid == "gesture" for n in held.labels])
    )
    cells = torch.tensor([n for n, c in enumerate(concepts()) if c.grid == "gesture"])
    heads = unit(of_texts(model, [concepts()[int(n)].name for n in cells]))
    similar = unit(features(model.image, shown(held))) @ heads.T
    for part, which in held.right(cells).items():
        row[f"gestures, {part}"] = hits_at_k(similar, which).float().mean().item()
    return {name: round(value, 4) for name, value in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=30)
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    for seed in range(args.seeds):
        for change in CHANGES:
            measure = partial(measured, change, seed, args.passes)
            rows.append(kept("clip_failures", f"{change}-{seed}-{args.passes}", measure))
            print(rows[-1], flush=True)
    caption = f"CLIP on emoji with one thing changed, {args.seeds} seeds, {args.passes} passes"
    seconds = time.perf_counter() - start
    print(record.write("clip_failures", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
