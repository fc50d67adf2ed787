"""Right and wrong answers to exercise `caption_batch`."""

from __future__ import annotations

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

COMMA = "the comma is a word"
KEEPS = "gives int64 and leaves the lists alone"
UNKNOWN = "refuses a word that the vocabulary lacks, and names it"
OTHERS = "refuses an empty list, special words in a caption, another case"


@right("rows-of-lists")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("no captions")
    numbers = {word: i for i, word in enumerate(words, start=3)}
    rows = []
    for caption in captions:
        row = []
        for word in caption.replace(",", " , ").split():
            if word not in numbers:
                raise ValueError(f"unknown word: {word}")
            row.append(numbers[word])
        rows.append(row)
    length = 1 + max(len(row) for row in rows)
    inputs = [[1, *row] + [0] * (length - 1 - len(row)) for row in rows]
    targets = [[*row, 2] + [0] * (length - 1 - len(row)) for row in rows]
    return torch.tensor(inputs), torch.tensor(targets)


@right("one-tensor-cut-twice")
def caption_batch(captions, words):
    if len(captions) == 0:
        raise ValueError("captions is empty")
    split = [c.replace(",", " , ").split() for c in captions]
    for word in {w for sentence in split for w in sentence}:
        if word not in words:
            raise ValueError(f"{word!r} is not in the vocabulary")
    ids = [
        torch.tensor([1] + [words.index(w) + 3 for w in sentence] + [2]) for sentence in split
    ]
    whole = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return whole[:, :-1], whole[:, 1:]


@right("written-into-zeros")
def caption_batch(captions, words):
    assert_some = len(captions)
    if not assert_some:
        raise ValueError("captions: at least one")
    table = dict(zip(words, range(3, 3 + len(words)), strict=True))
    try:
        rows = [[table[w] for w in c.replace(",", " , ").split()] for c in captions]
    except KeyError as error:
        raise ValueError(f"not a word of the vocabulary: {error}") from None
    size = (len(rows), max(map(len, rows)) + 1)
    inputs = torch.zeros(size, dtype=torch.long)
    targets = torch.zeros_like(inputs)
    inputs[:, 0] = 1
    for b, row in enumerate(rows):
        n = len(row)
        inputs[b, 1 : n + 1] = torch.tensor(row, dtype=torch.long)
        targets[b, :n] = inputs[b, 1 : n + 1]
        targets[b, n] = 2
    return inputs, targets


@right("numpy")
def caption_batch(captions, words):
    if captions == []:
        raise ValueError("there is no caption")
    longest, rows = 0, []
    for caption in captions:
        said = caption.replace(",", " , ").split()
        unknown = [w for w in said if words.count(w) == 0]
        if unknown:
            raise ValueError("words not in the vocabulary: " + ", ".join(unknown))
        rows.append(np.array([1, *(3 + words.index(w) for w in said), 2]))
        longest = max(longest, len(said))
    whole = np.stack([np.pad(row, (0, longest + 2 - len(row))) for row in rows])
    return [torch.from_numpy(whole[:, :-1].copy()), torch.from_numpy(whole[:, 1:].copy())]


@wrong("split-at-single-spaces", Exercise.WHOLE, "raised")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("captions is empty")
    ids = [
        torch.tensor([1, *(words.index(w) + 3 for w in c.replace(",", " , ").split(" ")), 2])
        for c in captions
    ]
    whole = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return whole[:, :-1], whole[:, 1:]


@wrong("comma-sticks", COMMA, "refuses this input")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("no captions")
    numbers = {word: i for i, word in enumerate(words, start=3)}
    ids = []
    for caption in captions:
        for word in caption.split():
            if word not in numbers:
                raise ValueError(f"unknown word: {word}")
        ids.append(torch.tensor([1, *(numbers[w] for w in caption.split()), 2]))
    whole = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return whole[:, :-1], whole[:, 1:]


@wrong("int32", KEEPS, "torch.int32 came out")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("no captions")
    rows = []
    for caption in captions:
        said = caption.replace(",", " , ").split()
        for word in said:
            if word not in words:
                raise ValueError(f"unknown word: {word}")
        rows.append([1, *(words.index(w) + 3 for w in said), 2])
    length = max(map(len, rows))
    whole = torch.tensor([row + [0] * (length - len(row)) for row in rows], dtype=torch.int32)
    return whole[:, :-1], whole[:, 1:]


@wrong("special-words-put-into-the-list", KEEPS, "changed in place")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("no captions")
    split = [c.replace(",", " , ").split() for c in captions]
    for word in [w for sentence in split for w in sentence]:
        if word not in words:
            raise ValueError(f"unknown word: {word}")
    words[:0] = ["<pad>", "<start>", "<end>"]
    ids = [torch.tensor([1, *(words.index(w) for w in sentence), 2]) for sentence in split]
    whole = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return whole[:, :-1], whole[:, 1:]


@wrong("key-error", UNKNOWN, "expected a ValueError")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("no captions")
    numbers = {word: i + 3 for i, word in enumerate(words)}
    ids = [
        torch.tensor([1, *(numbers[w] for w in c.replace(",", " , ").split()), 2])
        for c in captions
    ]
    whole = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return whole[:, :-1], whole[:, 1:]


@wrong("special-words-are-words", OTHERS, "no ValueError was raised")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("no captions")
    everything = ["<pad>", "<start>", "<end>", *words]
    numbers = {word: i for i, word in enumerate(everything)}
    split = [f"<start> {c.replace(',', ' , ')} <end>".split() for c in captions]
    for word in [w for sentence in split for w in sentence]:
        if word not in numbers:
            raise ValueError(f"unknown word: {word}")
    ids = [torch.tensor([numbers[w] for w in sentence]) for sentence in split]
    whole = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return whole[:, :-1], whole[:, 1:]


@wrong("lower-case-too", OTHERS, "no ValueError was raised")
def caption_batch(captions, words):
    if not captions:
        raise ValueError("no captions")
    numbers = {word: i for i, word in enumerate(words, start=3)}
    numbers = {w.lower(): i for w, i in numbers.items()} | numbers
    ids = []
    for caption in captions:
        said = [w if w in numbers else w.lower() for w in caption.replace(",", " , ").split()]
        for word in said:
            if word not in numbers:
                raise ValueError(f"unknown word: {word}")
        ids.append(torch.tensor([1, *(numbers[w] for w in said), 2]))
    whole = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return whole[:, :-1], whole[:, 1:]
