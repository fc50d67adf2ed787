"""Captions, and what comes back for them."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.captioning_rnn.parts import PAD
from course_utils.checks.core import Draw
from course_utils.checks.probe import Subject


def vocabulary(draw: Draw) -> list[str]:
    """Ten words, the comma among them, in another order each time."""
    words = [",", "a", "two", "red", "dog", "cats", "on", "the", "sand", "Grass"]
    return [words[i] for i in draw.normal(len(words)).argsort().tolist()]


def said(draw: Draw, *lengths: int, comma: str = ", ") -> tuple[list[str], list[str]]:
    """Captions of so many words, and a comma after every second one; their vocabulary."""
    words = vocabulary(draw)
    real = [word for word in words if word != ","]
    captions = []
    for n in lengths:
        some = [real[i] for i in draw.integers(0, len(real), n).tolist()]
        captions.append(comma.join(" ".join(some[i : i + 2]) for i in range(0, n, 2)))
    return captions, words


def where_something_follows(got: Any) -> Any:
    """A reader: inputs whose target is padding do not count, they have no loss."""
    if not (isinstance(got, tuple | list) and len(got) == 2):
        return got
    inputs, targets = got
    pair = isinstance(inputs, Tensor) and isinstance(targets, Tensor)
    if not pair or inputs.shape != targets.shape:
        return got
    return inputs.masked_fill(targets == PAD, PAD), targets


def names_it(subject: Subject, captions: list[str], words: list[str], word: str) -> bool:
    """Whether the ValueError says which word is unknown."""
    if not subject.raises(ValueError, captions, words):
        return False
    try:
        subject(captions, words)
    except (Wrong, ValueError) as error:
        return word in str(error).partition("(arguments:")[0]
    return False
