"""Exposure bias: what a network says after the true words, after its own, after a wrong one.

While it learns, a decoder reads the true words; when it speaks, its own (teacher forcing and
its price: Bengio et al., NeurIPS 2015; "exposure bias": Ranzato et al., ICLR 2016). Where its
own words are wrong the image may be a hard one, so the difference of the two alone does not say
that the wrong word does harm. Two controls: the same scenes and places after true words, and
one wrong word put into the true caption of any scene.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.caption_words import END, Wrong, right_next, wrong_word
from course_utils.data.scenes.judged import Told, target
from course_utils.reference.caption_metrics import apart
from course_utils.reference.captioning import Vocabulary, greedy

FEWEST = 30  # captions behind a number
Row = dict[str, Any]
Words = list[list[str]]


def mean_and_error(values: Tensor) -> tuple[float, float]:
    """Mean of (N,) and its standard error; 0 for a single value."""
    values = values.double()
    error = values.std().item() / len(values) ** 0.5 if len(values) > 1 else 0.0
    return round(values.mean().item(), 4), round(error, 4)


@torch.no_grad()
def after(decoder: nn.Module, memory: Tensor, words: Words, known: Vocabulary) -> Words:
    """The word that the decoder thinks likeliest after each beginning of the given words.

    Args:
        memory: (N, S, C), one for each caption.

    Returns:
        for each caption one word more than it has: the first is said before any word.
    """
    ids = known.encode([" ".join(w) for w in words])
    best = [
        decoder(m, i[:, :-1]).argmax(-1)
        for m, i in zip(memory.split(250), ids.split(250), strict=True)
    ]
    return [
        [known.words[i] for i in row[: len(w) + 1]]
        for row, w in zip(torch.cat(best).tolist(), words, strict=True)
    ]


def own(decoder: Any, memory: Tensor, length: int, known: Vocabulary) -> Words:
    """Greedy captions as words, without the end word."""
    ids = [greedy(decoder, part, length) for part in memory.split(250)]
    return [apart(known.decode(row)).split() for part in ids for row in part]


def marks(before: Words, said: Words, scenes: Sequence[Told]) -> Tensor:
    """(N, T): 1 where the word is right after those before it, 0 where not.

    NaN behind the end, and where every word would be wrong.

    Args:
        before: the words that were read. said: what was said after each beginning of them.
    """
    made = torch.full((len(said), max(map(len, said))), torch.nan)
    for n, (b, s, scene) in enumerate(zip(before, said, scenes, strict=True)):
        for t, (word, right) in enumerate(zip(s, right_next(b, scene), strict=False)):
            if right:
                made[n, t] = word in right
    return made


def place_by_place(said: Words, true: Words) -> Tensor:
    """(N, T): 1 where the word is that of the true caption at the same place; NaN behind it."""
    made = torch.full((len(said), max(map(len, true)) + 1), torch.nan)
    for n, (s, w) in enumerate(zip(said, true, strict=True)):
        for t, word in enumerate([*w, END]):
            made[n, t] = t < len(s) + 1 and [*s, END][t] == word
    return made


def by_position(kinds: dict[str, Tensor]) -> list[Row]:
    """Shares of right words at each place, as long as there are enough captions.

    Args:
        kinds: names to marks (N, T); the first says how many captions reach a place.
    """
    first, rows = next(iter(kinds.values())), []
    for t in range(min(m.shape[1] for m in kinds.values())):
        columns = {name: m[:, t][~m[:, t].isnan()] for name, m in kinds.items()}
        if min(map(len, columns.values())) < FEWEST:
            break
        shares = {name: round(c.mean().item(), 4) for name, c in columns.items()}
        rows.append({"position": t + 1, **shares})
        rows[-1]["captions"] = int((~first[:, t].isnan()).sum())
    return rows


def compared(what: str, with_it: Tensor, without: Tensor, places: Tensor) -> list[Row]:
    """Right words behind a place, a row with the paired difference; none if there are too few.

    Args:
        with_it, without: marks (N, T). places: (N,), that of the mistake; −1: none.
    """
    pairs = []
    for a, b, place in zip(with_it, without, places.tolist(), strict=True):
        rest = [m[place + 1 :] for m in (a, b)]
        seen = [m[~m.isnan()] for m in rest]
        if place >= 0 and min(map(len, seen)):
            pairs.append([m.mean() for m in seen])
    if len(pairs) < FEWEST:
        return []
    found = torch.tensor(pairs)
    difference, error = mean_and_error(found[:, 1] - found[:, 0])
    shares = [round(v, 4) for v in found.mean(0).tolist()]
    return [
        {"after": what, "captions": len(pairs), "right after it": shares[0],
         "right without it": shares[1], "difference": difference, "standard error": error}
    ]  # fmt: skip


def by_distance(with_it: Tensor, without: Tensor, places: Tensor) -> list[Row]:
    """Shares of right words 1, 2, … words behind the place (N,)."""
    rows = []
    for d in range(1, with_it.shape[1]):
        inside = (places >= 0) & (places + d < with_it.shape[1])
        n, t = torch.nonzero(inside)[:, 0], (places + d)[inside]
        both = torch.stack([with_it[n, t], without[n, t]])
        both = both[:, ~both.isnan().any(0)]
        if both.shape[1] < FEWEST:
            break
        a, b = (round(v, 4) for v in both.mean(1).tolist())
        rows.append({"words after": d, "right after it": a, "right without it": b,
                     "captions": both.shape[1]})  # fmt: skip
    return rows


def first_wrong(marked: Tensor) -> Tensor:
    """(N,): the place of the first wrong word of each row, −1 where there is none."""
    wrong = marked == 0
    return torch.where(wrong.any(1), wrong.int().argmax(1), -1)


def exposure(
    decoder: Any, memory: Tensor, scenes: Sequence[Told], length: int, known: Vocabulary
) -> tuple[dict[str, list[Row]], Words]:
    """The lists ``words``, ``mistakes`` and ``recovery``, and the network's own captions."""
    true = [apart(target(scene)).split() for scene in scenes]
    said = own(decoder, memory, length, known)
    forced = marks(true, after(decoder, memory, true, known), scenes)
    free = marks(said, [[*words, END] for words in said], scenes)
    words = by_position(
        {"true words": forced, "own words": free, "place by place": place_by_place(said, true)}
    )
    dice = random.Random(0)
    put_in = [wrong_word(w, s, dice) for w, s in zip(true, scenes, strict=True)]
    changed = [_changed(w, wrong) for w, wrong in zip(true, put_in, strict=True)]
    misled = marks(changed, after(decoder, memory, changed, known), scenes)
    places = {"a wrong word": _places(put_in, ("thing", "colour", "number"))}
    places |= {f"a wrong {k}": _places(put_in, (k,)) for k in ("thing", "colour", "number")}
    mistakes = compared("own mistake", free, forced, first_wrong(free))
    for what, at in places.items():
        mistakes += compared(what, misled, forced, at)
    recovery = by_distance(misled, forced, places["a wrong word"])
    return {"words": words, "mistakes": mistakes, "recovery": recovery}, said


def _changed(words: list[str], wrong: Wrong | None) -> list[str]:
    if wrong is None:
        return words
    return [*words[: wrong.place], wrong.word, *words[wrong.place + 1 :]]


def _places(put_in: Sequence[Wrong | None], kinds: tuple[str, ...]) -> Tensor:
    return torch.tensor([w.place if w and w.kind in kinds else -1 for w in put_in])
