"""Exercise 7.5, decoding with a cache of keys and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import twins
from course_utils.checks.captioning_transformer.parts import (
    LAYERS,
    Params,
    cache_of,
    causal,
    looked,
    merged,
    sentence_params,
    split,
    word_by_word,
)
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
    places: Callable = lambda past, n, most: torch.arange(past, past + n),
    joins: Callable = lambda old, new: torch.cat([old, new], 2),
    mask: Callable = lambda past, n: causal(n, past + n),
    sees: Callable = lambda both, past: both,
    gives: Callable = lambda both, past: both,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Logits of the new words' successors, (B, n, V), and the longer cache."""
    past, n, most = cache[0].shape[2] if cache else 0, words.shape[1], len(params["places"])
    if not fits(past + n, most):
        raise ValueError("words: more than there are places")
    x = params["words"][words] + params["places"][places(past, n, most)]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"]).chunk(3, -1)
    q, k, v = (split(y, heads) for y in three)
    if cache:
        k, v = joins(cache[0], k), joins(cache[1], v)
    seen = sees(mask(past, n), past)
    y = merged(looked(q, sees(k, past), sees(v, past), seen, q.shape[-1] ** -0.5))
    h = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return h @ params["words"].T, (gives(k, past), gives(v, past))


BY_HAND = twins.ban("put the step together yourself", LAYERS)
decode_step = Exercise("7.5", "decode_step", points=8, hidden=1, bans=(BY_HAND,), right=stepped)


def ordinary(draw: Draw, b: int, n: int, d: int, heads: int, past: int = 0) -> tuple:
    first = draw.integers(0, 7, b, n), sentence_params(draw, d), heads
    return (*first, cache_of(draw, b, heads, past, d)) if past else first


@decode_step.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield ordinary(draw, 2, 4, 6, 2)
    yield ordinary(draw, 3, 1, 6, 3, past=4)
    yield ordinary(draw, 2, 3, 4, 2, past=2)
    yield ordinary(draw, 1, 2, 8, 4, past=5)
    yield ordinary(draw, 4, 5, 5, 1)
    yield ordinary(draw, 2, 1, 4, 2, past=1)
    words, params, heads, cache = ordinary(draw, 3, 2, 4, 4, past=3)
    yield given(cache=cache, heads=heads, params=params, words=words)
    about = "a sentence of 6 words, one word a call"
    yield experiment(word_by_word, *ordinary(draw, 2, 6, 6, 2), about=about)


@decode_step.aspect(
    "positions go on counting where the cache ends",
    1,
    exchange(
        "places",
        {
            "positions start at 0 in each call: the first new word is at the cache's length": (
                lambda past, n, most: torch.arange(n)
            ),
            "all new words get the same position: they stand one after the other": (
                lambda past, n, most: torch.full((n,), past)
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 2, 1, 4, 1, past=3)
    yield ordinary(draw, 3, 3, 4, 2, past=4)


@decode_step.aspect(
    "a new word sees the cache, the new words before it, and itself",
    1,
    exchange(
        "mask",
        {
            "new word i sees keys 0 to i only, as is_causal=True does: it sees the cache too": (
                lambda past, n: torch.ones(n, past + n, dtype=torch.bool).tril()
            ),
            "no mask: the first of several new words sees the later ones": (
                lambda past, n: torch.ones(n, past + n, dtype=torch.bool)
            ),
            "new words do not see each other: one sees itself and those before it": (
                lambda past, n: (
                    (torch.arange(past + n) < past)
                    | (torch.arange(past + n) == past + torch.arange(n)[:, None])
                )
            ),
        },
    )
    | {
        "the cache is not looked at: its keys and values count as much as the new ones": {
            "sees": lambda both, past: (
                both[..., past:] if both.dtype is torch.bool else both[:, :, past:]
            )
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 2, 3, 4, 2, past=2)
    yield ordinary(draw, 3, 2, 6, 3, past=4)
    yield ordinary(draw, 2, 4, 6, 2)


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
    yield ordinary(draw, 2, 1, 4, 2, past=3)
    yield ordinary(draw, 3, 2, 6, 1, past=2)


@decode_step.refuses(
    "refuses more words than there are positions",
    0.25,
    {
        "words beyond the last position share it: they should raise a ValueError": {
            "fits": lambda end, most: True,
            "places": lambda past, n, most: torch.arange(past, past + n).clamp(max=most - 1),
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 2, 1, 4, 2, past=9)


decode_step.keeps(points=0.5, name="keeps the dtype; the cache that came in stays as it is")
