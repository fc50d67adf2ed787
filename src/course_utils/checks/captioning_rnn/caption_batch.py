"""Exercise 6.1, captions as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.captioning_rnn.parts import END, PAD, START
from course_utils.checks.captioning_rnn.sentences import names_it, said, where_something_follows
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, experiment, given

Row = list[int]


def refused_word(word: str) -> Row:
    raise ValueError(f"the vocabulary lacks {word!r}")


def nameless(word: str) -> Row:
    raise ValueError("a word is not in the vocabulary")


def batched(
    captions: list[str],
    words: list[str],
    *,
    some: Callable = lambda captions: len(captions) > 0,
    splits: Callable = lambda caption: caption.replace(",", " , ").split(),
    offset: int = 3,
    unknown: Callable = refused_word,
    reads: Callable = lambda ids: [START, *ids],
    says: Callable = lambda ids: [*ids, END],
    pads: Callable = lambda row, length: row + [PAD] * (length - len(row)),
) -> tuple[Tensor, Tensor]:
    """Inputs and targets, (B, T) each."""
    if not some(captions):
        raise ValueError("no captions")
    numbers = {word: [i + offset] for i, word in enumerate(words)}
    rows = [
        [i for w in splits(caption) for i in (numbers[w] if w in numbers else unknown(w))]
        for caption in captions
    ]
    pairs = [reads(ids) for ids in rows], [says(ids) for ids in rows]
    length = max((len(row) for part in pairs for row in part), default=0)
    inputs, targets = (torch.tensor([pads(row, length) for row in part]) for part in pairs)
    return inputs, targets


caption_batch = Exercise(
    "6.1", "caption_batch", 6, hidden=1, right=batched, reads=where_something_follows
)


@caption_batch.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield said(draw, 4, 7)
    yield said(draw, 5)
    yield said(draw, 3, 6, 1, 4, 9)
    yield said(draw, 0, 3, 5, comma=" ,")
    captions, words = said(draw, 6, 3, 4, 8)
    yield given(words=words, captions=[captions[0], f"  {captions[1]} ", *captions[2:]])
    yield said(draw, 0)


@caption_batch.aspect(
    "targets are what comes next, from the first word to <end>",
    1,
    {
        "the targets are the inputs: shift them by one, the target is the next word": {
            "says": lambda ids: [START, *ids]
        },
        "<end> is never a target: the network would not learn to stop": {
            "reads": lambda ids: [START, *ids][:-1],
            "says": lambda ids: ids,
        },
        "the inputs have no <start>: the first word is predicted too, from <start>": {
            "reads": lambda ids: ids,
            "says": lambda ids: [*ids, END][1:],
        },
        "words are counted from 0, but 0, 1 and 2 are taken: words[0] has the number 3": {
            "offset": 0
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield said(draw, 4, 4, 4, comma=" ")
    yield said(draw, 2, 2, comma=" ")


@caption_batch.aspect(
    "<pad> behind the end of shorter captions",
    0.5,
    exchange(
        "pads",
        {
            "the padding comes first: it stands behind the caption": (
                lambda row, length: [PAD] * (length - len(row)) + row
            ),
            "shorter captions are filled up with <end>: expected <pad>, 0": (
                lambda row, length: row + [END] * (length - len(row))
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield said(draw, 2, 7, 4, comma=" ")
    yield said(draw, 5, 1, comma=" ")


@caption_batch.aspect(
    "the comma is a word",
    0.5,
    exchange(
        "splits",
        {
            "commas are left out: a comma is a word of its own": (
                lambda caption: caption.replace(",", " ").split()
            )
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield said(draw, 3, 3)
    yield said(draw, 6, 6, 6, comma=",")


@caption_batch.refuses(
    "refuses a word that the vocabulary lacks, and names it",
    0.25,
    {
        "an unknown word should raise a ValueError": {"unknown": lambda word: []},
        "the ValueError does not name the word": {"unknown": nameless},
    },
)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    captions, words = said(draw, 4, 5)
    captions[1] += " zebra"
    yield captions, words
    about = "whether the message holds the unknown word 'zebra'"
    yield experiment(names_it, captions, words, "zebra", about=about)


caption_batch.keeps(points=0.25, name="gives int64 and leaves the lists alone")
