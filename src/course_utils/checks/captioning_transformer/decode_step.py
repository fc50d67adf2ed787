"""Exercise 7.5, decoding with a cache of keys and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.captioning_transformer.bans import MASK_BY_HAND, STEP_BY_HAND
from course_utils.checks.captioning_transformer.parts import Params, looked, mixed, projected
from course_utils.checks.captioning_transformer.sentences import sentence, word_by_word
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, experiment, given

Cache = tuple[Tensor, Tensor] | None


def stepped(
    words: Tensor,
    params: Params,
    heads: int,
    cache: Cache = None,
    *,
    fits: Callable = lambda end, most: end <= most,
    places: Callable = lambda t, past, most: t,
    joins: Callable = lambda old, new: torch.cat([old, new], 2),
    earlier: Callable = lambda t, s, past: s <= t,
    cached: Callable = lambda s, past: s >= 0,
    gives: Callable = lambda both, past: both,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Logits of the new words' successors, (B, n, V), and the longer cache."""
    past, most = cache[0].shape[2] if cache else 0, len(params["places"])
    end = past + words.shape[1]
    if not fits(end, most):
        raise ValueError("words: more than there are places")
    t, s = torch.arange(past, end), torch.arange(end)
    x = params["words"][words] + params["places"][places(t, past, most)]
    q, k, v = projected(x, x, params, heads)
    if cache:
        k, v = joins(cache[0], k), joins(cache[1], v)
    seen = earlier(t[:, None], s, past) & cached(s, past)
    h = x + mixed(looked(q, k, v, seen), params)
    return h @ params["words"].T, (gives(k, past), gives(v, past))


decode_step = Exercise(
    "7.5", "decode_step", points=8, hidden=1, bans=(STEP_BY_HAND, MASK_BY_HAND), right=stepped
)


@decode_step.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield sentence(draw, 2, 4, 6, 2)
    yield sentence(draw, 3, 1, 6, 3, past=4)
    yield sentence(draw, 2, 3, 4, 2, past=2)
    yield sentence(draw, 1, 2, 8, 4, past=5)
    yield sentence(draw, 4, 5, 5, 1)
    yield sentence(draw, 2, 1, 4, 2, past=1)
    words, params, heads, cache = sentence(draw, 3, 2, 4, 4, past=3)
    yield given(cache=cache, heads=heads, params=params, words=words)
    about = "a sentence of 6 words, one word a call"
    yield experiment(word_by_word, *sentence(draw, 2, 6, 6, 2), about=about)


@decode_step.aspect(
    "positions go on counting where the cache ends",
    1,
    exchange(
        "places",
        {
            "positions start at 0 in each call: the first new word is at the cache's length": (
                lambda t, past, most: t - past
            ),
            "all new words get the same position: they stand one after the other": (
                lambda t, past, most: 0 * t + past
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield sentence(draw, 2, 1, 4, 1, past=3)
    yield sentence(draw, 3, 3, 4, 2, past=4)


@decode_step.aspect(
    "a new word sees the cache, the new words before it, and itself",
    1,
    exchange(
        "earlier",
        {
            "new word i sees keys 0 to i only, as is_causal=True does: it sees the cache too": (
                lambda t, s, past: s <= t - past
            ),
            "no mask: a new word must not see the later ones": lambda t, s, past: s >= 0 * t,
            "new words do not see each other: one sees itself and those before it": (
                lambda t, s, past: (s < past) | (s == t)
            ),
        },
    )
    | {
        "the cache is not looked at: its keys and values count as much as the new ones": {
            "cached": lambda s, past: s >= past
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield sentence(draw, 2, 3, 4, 2, past=2)
    yield sentence(draw, 3, 2, 6, 3, past=4)
    yield sentence(draw, 2, 4, 6, 2)


@decode_step.aspect(
    "what comes back holds the keys and values of all words, the new ones last",
    1,
    {
        "only the new keys and values come back: the old ones are needed again": {
            "gives": lambda both, past: both[:, :, past:]
        },
        "the cache comes back as it was: the new keys and values belong to it": {
            "gives": lambda both, past: both[:, :, :past] if past else both
        },
        "the new keys and values are put before the old ones": {
            "joins": lambda old, new: torch.cat([new, old], 2)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield sentence(draw, 2, 1, 4, 2, past=3)
    yield sentence(draw, 3, 2, 6, 1, past=2)


@decode_step.refuses(
    "refuses more words than there are positions",
    0.25,
    {
        "words beyond the last position share it: they should raise a ValueError": {
            "fits": lambda end, most: True,
            "places": lambda t, past, most: t.clamp(max=most - 1),
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield sentence(draw, 2, 1, 4, 2, past=9)


decode_step.gradients("params", 0.25)
decode_step.keeps(points=0.25, name="keeps the dtype; the cache that came in stays as it is")
