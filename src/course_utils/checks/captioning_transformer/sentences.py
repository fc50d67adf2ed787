"""Sentences for a decoder of one attention: its weights, its cache, and words one by one."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.captioning_transformer.parts import Params, attention_params
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.probe import Subject

WORDS, PLACES = 7, 9  # of the vocabulary; most in a sentence


def sentence(draw: Draw, b: int, n: int, d: int, heads: int, past: int = 0) -> tuple:
    """n new words of b sentences, weights, heads and, behind ``past`` words, a cache."""
    params = attention_params(draw, d) | {
        "words": 1.5 * draw.normal(WORDS, d),
        "places": 1.5 * draw.normal(PLACES, d),
    }
    first = draw.integers(0, WORDS, b, n), params, heads
    size = b, heads, past, d // heads
    return (*first, (draw.normal(*size), draw.normal(*size))) if past else first


def word_by_word(subject: Subject, words: Tensor, params: Params, heads: int) -> Tensor:
    """A sentence in calls of one word each: its logits, (B, T, V)."""
    cache, logits = None, []
    for word in words.unbind(1):
        got = subject(word[:, None], params, heads, cache)
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise Wrong(f"returned {a(got)}, expected logits and a cache")
        logits.append(got[0])
        cache = got[1]
    if not all(isinstance(x, Tensor) and x.shape == logits[0].shape for x in logits):
        raise Wrong("the logits of a word are no tensor (B, 1, V)")
    return torch.cat(logits, 1)
