"""Rates of captions that plain accuracy hides: numbers, shapes, scenes of many things."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from benchmarks.caption_mistakes import FEWEST, Row, mean_and_error
from course_utils.data.scenes import Scene
from course_utils.data.scenes.captions import _groups
from course_utils.data.scenes.judged import Told, Verdict, judge
from course_utils.data.scenes.reading import read
from course_utils.reference.caption_metrics import apart, bleu, cider_d

MANY = 3  # from so many things on the two decoders are compared as one


def counts(captions: Sequence[str], scenes: Iterable[Scene | Told]) -> list[Row]:
    """For groups of 1, 2, 3 equal things: how many are named, and of these with their number.

    A caption outside of the grammar names nothing; of a thing that is named twice the first
    time counts. ``named twice``: the share of the named that is, as in *a ball and a ball*.
    """
    right: dict[int, list[bool]] = {}
    again: dict[int, int] = {}
    groups: dict[int, int] = {}
    for caption, scene in zip(captions, scenes, strict=True):
        sentence = read(caption)
        told_of = {g.thing: g.number for g in reversed(sentence.groups if sentence else ())}
        names = Counter(g.thing for g in sentence.groups) if sentence else Counter()
        for group in _groups(scene.objects):
            name, n = group[0].thing.name, len(group)
            groups[n] = groups.get(n, 0) + 1
            if name in told_of:
                right.setdefault(n, []).append(told_of[name] == n)
                again[n] = again.get(n, 0) + (names[name] > 1)
    rows = []
    for n in sorted(right):
        share, error = mean_and_error(torch.tensor(right[n]))
        rows.append({"group": n, "groups": groups[n], "named": len(right[n]),
                     "number right": share, "standard error": error,
                     "named twice": round(again[n] / len(right[n]), 4)})  # fmt: skip
    return rows


def shapes(verdicts: Sequence[Verdict]) -> Row:
    """Of coloured shapes that are there once: shape, colour, both right; full captions."""
    seen = [shape for verdict in verdicts for shape in verdict.shapes]
    row: Row = {"shapes": len(seen)}
    for name in ("named", "coloured", "both"):
        row[name] = round(sum(getattr(s, name) for s in seen) / len(seen), 4)
    full = sum(v.full for v in verdicts) / len(verdicts)
    return row | {"full": round(full, 4)}


def by_things(full: Tensor, things: Tensor) -> list[Row]:
    """Share of full captions (N,) by how many things (N,) stand in the scene."""
    return [
        {"things": int(n), "scenes": int((things == n).sum()),
         "full": mean_and_error(full[things == n])[0]}
        for n in things.unique()
    ]  # fmt: skip


def without_and_with(without: Tensor, with_it: Tensor, things: Tensor) -> list[Row]:
    """Full captions (N,) of the same scenes without and with attention, by number of things."""
    chosen: dict[int | str, Tensor] = {int(n): things == n for n in things.unique()}
    chosen[f"{MANY} or more"] = things >= MANY
    return [
        {"things": name} | _paired(without[k], with_it[k])
        for name, k in chosen.items()
        if k.sum() >= FEWEST
    ]


def _paired(without: Tensor, with_it: Tensor) -> Row:
    difference, error = mean_and_error(with_it.double() - without.double())
    return {
        "scenes": len(without),
        "without": mean_and_error(without)[0],
        "with": mean_and_error(with_it)[0],
        "difference": difference,
        "standard error": error,
        "standard errors": round(difference / error, 1) if error else None,
    }


def references(
    said: dict[tuple[str, int | None], list[str]], scenes: Sequence[Told], seed: int = 0
) -> list[Row]:
    """Captions held against four references; the first row is the fifth, drawn for each scene.

    Args:
        said: (whose, seed) to captions; None as seed: of no network.
    """
    dice = random.Random(seed)
    drawn = [dice.randrange(len(s.captions)) for s in scenes]
    others = [
        [apart(c) for k, c in enumerate(s.captions) if k != n]
        for n, s in zip(drawn, scenes, strict=True)
    ]
    fifth = [s.captions[n] for n, s in zip(drawn, scenes, strict=True)]
    rows = []
    for (name, seed_of), captions in {("a reference", None): fifth, **said}.items():
        mine = [apart(c) for c in captions]
        verdicts = [judge(c, s) for c, s in zip(captions, scenes, strict=True)]
        row: Row = {"captions": name} | ({} if seed_of is None else {"seed": seed_of})
        row |= {"references": len(others[0]), "BLEU-4": round(bleu(mine, others), 3),
                "CIDEr-D": round(cider_d(mine, others), 2)}  # fmt: skip
        for share in ("true", "full"):
            row[share] = round(sum(getattr(v, share) for v in verdicts) / len(verdicts), 3)
        rows.append(row)
    return rows
