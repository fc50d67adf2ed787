"""The definition of BLEU, and small corpora for which its steps matter."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from course_utils.checks.core import Draw

N = (1, 2, 3, 4)


class Row(NamedTuple):
    """Counts of one candidate: right and all n-grams for each n, its words, r."""

    right: list[int]
    total: list[int]
    words: int
    close: int


def grams(words: list[str], n: int) -> Counter:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def most(counts: list[Counter]) -> Counter:
    """Of each n-gram as many as the reference with most of it has."""
    found: Counter = Counter()
    for count in counts:
        found |= count
    return found


def clipped(mine: Counter, theirs: Counter) -> int:
    return sum((mine & theirs).values())


def closest(words: int, lengths: list[int]) -> int:
    return min(lengths, key=lambda r: (abs(r - words), r))


def root(p: list[float]) -> float:
    return math.prod(p) ** (1 / len(p))


def brevity(c: int, r: int) -> float:
    return min(1.0, math.exp(1 - r / c))


def bleu(
    candidates: list[str],
    references: list[list[str]],
    *,
    valid: Callable = lambda c, r: 0 < len(c) == len(r) and all(r),
    joins: Callable = most,
    counts: Callable = clipped,
    length: Callable = closest,
    shares: Callable = lambda right, total: right / total if right else 0.0,
    mean: Callable = root,
    penalty: Callable = brevity,
    over: Callable = lambda rows, score: score(rows),
) -> float:
    """BLEU-4 with counts and lengths that are summed over the corpus."""
    if not valid(candidates, references):
        raise ValueError("candidates, and as many lists of references")
    rows = []
    for candidate, others in zip(candidates, references, strict=False):
        words, refs = candidate.split(), [reference.split() for reference in others]
        right = [counts(grams(words, n), joins([grams(s, n) for s in refs])) for n in N]
        total = [max(0, len(words) - n + 1) for n in N]
        rows.append(Row(right, total, len(words), length(len(words), [len(s) for s in refs])))

    def score(rows: list[Row]) -> float:
        right = [sum(row.right[i] for row in rows) for i in range(len(N))]
        total = [sum(row.total[i] for row in rows) for i in range(len(N))]
        c, r = sum(row.words for row in rows), sum(row.close for row in rows)
        value = mean([shares(a, b) for a, b in zip(right, total, strict=True)])
        return value * penalty(c, r) if c else 0.0

    return float(over(rows, score))


WORDS = ["a", "dog", "two", "cats", "on", "sand", "red", "big"]
Images = tuple[list[str], list[list[str]]]


def edited(draw: Draw, words: list[str], length: int) -> list[str]:
    """Two words are others, and words are put in or left out until the length is right."""

    def place(n: int) -> int:
        return int(draw.integers(0, n))

    words = list(words)
    for _ in range(2):
        words[place(len(words))] = WORDS[place(len(WORDS))]
    while len(words) < length:
        words.insert(place(len(words)), WORDS[place(len(WORDS))])
    while len(words) > length:
        words.pop(place(len(words)))
    return words


def corpus(draw: Draw, *images: tuple[int, ...]) -> Images:
    """A candidate for each image; the numbers say how much longer its references are."""
    candidates, references = [], []
    for longer in images:
        n = int(draw.integers(7, 12))
        words = [WORDS[i] for i in draw.integers(0, len(WORDS), n).tolist()]
        words[-3:] = words[:3]  # a phrase twice
        references.append([" ".join(edited(draw, words, n + more)) for more in longer])
        candidates.append(" ".join(words))
    return candidates, references


def telling(draw: Draw, *images: tuple[int, ...], changes: list[Mapping[str, Any]]) -> Images:
    """A corpus for which each of these changes gives another number."""
    for _ in range(3000):
        candidates, references = corpus(draw, *images)
        right = bleu(candidates, references)
        others = (bleu(candidates, references, **change) for change in changes)
        if 0.1 < right < 0.9 and all(abs(other - right) > 0.01 for other in others):
            return candidates, references
    raise RuntimeError("no such corpus was drawn")
