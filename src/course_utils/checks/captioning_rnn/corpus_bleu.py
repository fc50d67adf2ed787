"""Exercise 6.6, BLEU of a corpus."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from statistics import fmean

from course_utils.checks.ban import Ban
from course_utils.checks.captioning_rnn.ngrams import bleu, corpus, telling
from course_utils.checks.compare import number
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Change, Exercise
from course_utils.checks.probe import Probe, given

FINISHED = ("nltk", "sacrebleu", "torchmetrics", "torchtext", "pycocoevalcap", "evaluate")
BY_HAND = Ban("count the n-grams yourself, it is the exercise", modules=FINISHED)
corpus_bleu = Exercise(
    "6.6", "corpus_bleu", 6, hidden=2, bans=(BY_HAND,), right=bleu, reads=number
)

COUNTS: dict[str, Change] = {
    "not clipped: an n-gram counts at most as often as in the reference with most of it": {
        "counts": lambda mine, theirs: sum(k for g, k in mine.items() if g in theirs)
    },
    "each n-gram counts once: it counts as often as a reference has it": {
        "counts": lambda mine, theirs: len(mine.keys() & theirs.keys())
    },
    "the counts of the references are added: take those of the one with most of it": {
        "joins": lambda counts: sum(counts, Counter())
    },
    "only the first reference counts: what any of them has is right": {
        "joins": lambda counts: counts[0]
    },
}
MEANS: dict[str, Change] = {
    "the mean of p₁ to p₄ is the geometric one: a product, and its fourth root": {"mean": fmean}
}
SENTENCES: Change = {"over": lambda rows, score: fmean(score([row]) for row in rows)}
SHORTEST: Change = {"length": lambda words, lengths: min(lengths)}
LONGER: Change = {
    "length": lambda words, lengths: min(lengths, key=lambda r: (abs(r - words), -r))
}
NONE: Change = {"penalty": lambda c, r: 1.0}
REWARD: Change = {"penalty": lambda c, r: math.exp(1 - r / c)}
SHORT = [*COUNTS.values(), *MEANS.values(), SHORTEST, NONE]  # what shows on short candidates
LONG = [*COUNTS.values(), *MEANS.values(), LONGER, REWARD]


@corpus_bleu.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield telling(draw, (1, -3, 4), changes=SHORT)
    yield telling(draw, (1, -1, -2), changes=LONG)
    yield telling(draw, (1, -2), (2, -3, 1), changes=[*SHORT, SENTENCES])
    yield telling(draw, (1, -1), (-1, 1, 3), (0, -2), changes=[*LONG, SENTENCES])
    changes = [*COUNTS.values(), *MEANS.values(), SENTENCES]
    yield telling(draw, (4,), (1, -2), (1, 3), (3, 1, -2), changes=[*changes, NONE, SHORTEST])
    yield telling(
        draw, (-1, 1), (-1,), (2, 0), (1, -1, 2), (-3, -1), changes=[*changes, REWARD]
    )
    candidates, references = telling(draw, (1, -1), (-1, 1), (1, -1), (0, 2), changes=[LONGER])
    yield given(references=references, candidates=candidates)


@corpus_bleu.aspect("clipped counts of n-grams", 0.75, COUNTS)
def _(draw: Draw) -> Iterator[tuple]:
    yield telling(draw, (0, 0), (0, 0, 0), changes=[*COUNTS.values()])
    yield telling(draw, (0, 0, 0), changes=[*COUNTS.values()])


@corpus_bleu.aspect(
    "counts and lengths are summed over the corpus; a geometric mean",
    0.75,
    {"the mean of the sentences' BLEU: sum counts and lengths first": SENTENCES} | MEANS,
)
def _(draw: Draw) -> Iterator[tuple]:
    yield telling(draw, (0,), (0,), changes=[SENTENCES, *MEANS.values()])
    yield telling(draw, (0,), (0,), (0,), changes=[SENTENCES, *MEANS.values()])


@corpus_bleu.aspect(
    "the brevity penalty, with the closest reference",
    0.5,
    {
        "the shortest reference is taken: take the closest in length": SHORTEST,
        "of two equally close references the longer is taken: take the shorter": LONGER,
        "no brevity penalty: short candidates pay e^(1 − r / c)": NONE,
        "long candidates are rewarded: the penalty is at most 1": REWARD,
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield telling(draw, (1, -3, 4), (4,), changes=[SHORTEST, NONE])
    yield telling(draw, (1, -2), (3,), (1, -3), changes=[SHORTEST, NONE])
    yield telling(draw, (1, -1, 3), (-1, 1), changes=[LONGER, REWARD])


@corpus_bleu.refuses(
    "refuses another number of references than candidates",
    0.25,
    {
        "without candidates, with other numbers or an image without a reference: ValueError": {
            "valid": lambda candidates, references: True
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    candidates, references = corpus(draw, (1, 0), (2,), (0, -1))
    yield candidates[:2], references


corpus_bleu.keeps(points=0.25, name="gives a float and leaves the lists alone")
