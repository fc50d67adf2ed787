"""What chapter 14's CLIP of emoji is asked beside its recipe's own measures.

    python -m benchmarks.clip_study

Which words stand for a class, among which candidates it chooses, how sure it is, and what it
says of photographs (CIFAR-10). No training: the shipped network. ``results/clip_study.json``.
"""

from __future__ import annotations

import random
import time
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from benchmarks import record
from course_utils import data
from course_utils.data.boxing import boxed, pixel_similarity
from course_utils.data.emoji import Concept, Emoji, concepts, on_ground
from course_utils.reference.clip import hits_at_k, recall_at_k, unit, zero_shot_head
from course_utils.reference.clip_towers import CLIP
from course_utils.reference.probe import features
from course_utils.training.checkpoints import restore
from course_utils.training.clip import emoji_words, known_texts, small_clip, vary
from course_utils.training.recipes.clip import MOVED

STYLES = {"near": "twemoji", "far": "openmoji"}
SEEDS = 3  # of which keyword is taken
PHOTOS = 2000


def network() -> CLIP:
    model = small_clip()
    restore(model, "clip_emoji")
    return model.eval()


def shown(pictures: Emoji, box: bool = True) -> Tensor:
    """(N, 3, 32, 32) in 0 to 1 on white, cut to what is drawn or as the style has it."""
    rgba = boxed(pictures.rgba, 32) if box else pictures.rgba
    return on_ground(rgba).float() / 255


def of_texts(model: CLIP, texts: list[str]) -> Tensor:
    return features(model.text, emoji_words().encode(texts, skip=True))


def ensembles(model: CLIP, meanings: list[Concept]) -> Tensor:
    """Weights of classes, each of all its texts of which a word is known."""
    every = [known_texts(c) for c in meanings]
    flat = of_texts(model, [text for texts in every for text in texts])
    return zero_shot_head(flat.split([len(texts) for texts in every]))


def dice(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def framing(style: str) -> dict[str, float]:
    """The floor of pixels, framed as each style has it and cut to what is drawn."""
    train = data.emoji("train", size=64)
    test = data.emoji("style", size=64, styles=[STYLES[style]])
    candidates = train.labels.unique()
    right = test.labels[:, None] == candidates
    asked = right.any(1)
    row = {}
    for name, box in (("as drawn", False), ("cut to its box", True)):
        small = [
            shown(p, box) if box else torch.nn.functional.avg_pool2d(shown(p, box), 2)
            for p in (train, test)
        ]
        floor = pixel_similarity(small[0], train.labels, small[1][asked], candidates)
        row[name] = round(recall_at_k(floor, right[asked]), 4)
    return row


def wording(model: CLIP, x: Tensor, right: Tensor, seen: Tensor) -> dict[str, float]:
    """Top-1 in a style never trained on, by what stands for each class."""
    meanings = [concepts()[int(n)] for n in seen]
    names = [c.name for c in meanings]
    row = {"its name": recall_at_k(x @ unit(of_texts(model, names)).T, right)}
    for seed in range(SEEDS):
        choose = random.Random(seed).choice
        single = [choose(known_texts(c)[1:] or [c.name]) for c in meanings]
        one = x @ unit(of_texts(model, single)).T
        row[f"one keyword, seed {seed}"] = recall_at_k(one, right)
    head = ensembles(model, meanings)
    row["name and keywords, each a text"] = recall_at_k(x @ head.T, right)
    every = [known_texts(c) for c in meanings]
    joined = [" ".join(texts) for texts in every]
    limit = emoji_words().length
    joined = [" ".join(text.split()[:limit]) for text in joined]
    row["name and keywords, one text"] = recall_at_k(x @ unit(of_texts(model, joined)).T, right)
    return {name: round(value, 4) for name, value in row.items()}


def candidates(model: CLIP) -> dict[str, float]:
    """Held-out gestures: exactly right among held-out cells only, and among all cells."""
    pictures = data.emoji("combinations", size=64, styles=["twemoji"])
    grid = torch.tensor([concepts()[int(n)].grid == "gesture" for n in pictures.labels])
    chosen = pictures.select(grid)
    x = unit(features(model.image, shown(chosen)))
    whole = torch.tensor([n for n, c in enumerate(concepts()) if c.grid == "gesture"])
    row: dict[str, float] = {"images": len(x)}
    for name, cells in (("held-out cells", chosen.labels.unique()), ("all cells", whole)):
        heads = unit(of_texts(model, [concepts()[int(n)].name for n in cells]))
        hits = hits_at_k(x @ heads.T, chosen.right(cells)["exact"])
        row[f"among {len(cells)} {name}"] = round(hits.float().mean().item(), 4)
    return row


def unseen(model: CLIP, style: str | None) -> dict[str, float]:
    """Concepts never trained on, found among themselves and among all names."""
    pictures = data.emoji("concepts", size=64, styles=[style] if style else None)
    x = unit(features(model.image, shown(pictures)))
    own = pictures.labels.unique()
    every = torch.cat([data.emoji("train").labels.unique(), own]).unique()
    row: dict[str, float] = {"images": len(x), "unseen": len(own), "all": len(every)}
    for among, cells in (("the unseen", own), ("all", every)):
        right = pictures.labels[:, None] == cells
        meanings = [concepts()[int(n)] for n in cells]
        named = unit(of_texts(model, [c.name for c in meanings]))
        row[f"by name, among {among}"] = recall_at_k(x @ named.T, right)
        row[f"by all texts, among {among}"] = recall_at_k(
            x @ ensembles(model, meanings).T, right
        )
    return {name: round(value, 4) for name, value in row.items()}


def moved_pixels(style: str, copies: int = 4) -> dict[str, float]:
    """The floor of moved pictures, with and without moved copies of what is known."""
    train = data.emoji("train", size=64)
    test = data.emoji("style", size=64, styles=[STYLES[style]])
    candidates = train.labels.unique()
    right = test.labels[:, None] == candidates
    asked = right.any(1)
    moved = vary(boxed(test.rgba, 32).float() / 255, dice(MOVED), faint=False)[asked]
    known, labels, row = [shown(train)], [train.labels], {}
    for name, more in (("as drawn", 0), ("and moved copies", copies)):
        for n in range(more):
            varied = vary(boxed(train.rgba, 32).float() / 255, dice(n), faint=False)
            known, labels = [*known, varied], [*labels, train.labels]
        floor = pixel_similarity(torch.cat(known), torch.cat(labels), moved, candidates)
        row[name] = round(recall_at_k(floor, right[asked]), 4)
    return row


def calibration(model: CLIP, style: str) -> dict[str, float]:
    """How sure and how right it is, before and after fitting a scale on half the pictures."""
    seen = data.emoji("train").labels.unique()
    pictures = data.emoji("style", size=64, styles=[STYLES[style]])
    pictures = pictures.select(torch.isin(pictures.labels, seen))
    names = unit(of_texts(model, [concepts()[int(n)].name for n in seen]))
    cosines = unit(features(model.image, shown(pictures))) @ names.T
    labels = (pictures.labels[:, None] == seen).int().argmax(1)
    order = torch.randperm(len(labels), generator=dice(0))
    first, second = order[::2], order[1::2]
    fitted = min(range(10, 61), key=lambda s: cross_entropy(s * cosines[first], labels[first]))
    row = {"fitted scale": float(fitted)}
    for name, s in (("learned", model.scale().item()), ("fitted", float(fitted))):
        confidence, said = (s * cosines[second]).softmax(1).double().max(1)
        hit = (said == labels[second]).double()
        row[f"confidence, {name}"] = round(confidence.mean().item(), 4)
        row[f"error, {name}"] = round(_gaps(confidence, hit), 4)
    return row | {"accuracy": round(hit.mean().item(), 4)}


def _gaps(confidence: Tensor, hit: Tensor) -> float:
    """The calibration error in ten parts."""
    part = (confidence * 10).ceil()
    gaps = [(hit - confidence)[part == k].sum().abs() for k in part.unique()]
    return torch.stack(gaps).sum().item() / len(hit)


def photographs(model: CLIP) -> dict[str, float]:
    """CIFAR-10's test images by the names of their classes."""
    test = data.cifar10("test").select(torch.arange(PHOTOS))
    x = unit(features(model.image, test.images.float() / 255))
    heads = unit(of_texts(model, list(test.classes)))
    right = test.labels[:, None] == torch.arange(len(test.classes))
    return {"images": PHOTOS, "top-1": round(recall_at_k(x @ heads.T, right), 4)}


def main() -> None:
    start, model = time.perf_counter(), network()
    seen = data.emoji("train", size=32).labels.unique()
    rows: list[dict[str, Any]] = []
    for name, style in STYLES.items():
        pictures = data.emoji("style", size=64, styles=[style])
        right = pictures.labels[:, None] == seen
        asked = right.any(1)
        x = unit(features(model.image, shown(pictures)))[asked]
        rows.append({"what": "pixels", "style": name, **framing(name)})
        rows.append({"what": "moved pixels", "style": name, **moved_pixels(name)})
        rows.append({"what": "calibration", "style": name, **calibration(model, name)})
        rows.append({"what": "words", "style": name, **wording(model, x, right[asked], seen)})
    for name, which in {"own": None, **STYLES}.items():
        rows.append({"what": "unseen", "style": name, **unseen(model, which)})
    rows.append({"what": "candidates", "style": "near", **candidates(model)})
    rows.append({"what": "photographs", **photographs(model)})
    for row in rows:
        print(row, flush=True)
    print(
        record.write(
            "clip_study", rows, seed=0, seconds=time.perf_counter() - start,
            caption="What a CLIP of emoji says, by wording, framing, candidates, kind of image",
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
