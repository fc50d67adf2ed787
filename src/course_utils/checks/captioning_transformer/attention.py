"""Exercise 7.1, scaled dot-product attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.captioning_transformer.bans import ATTENTION_BY_HAND
from course_utils.checks.captioning_transformer.parts import causal, some
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def attended(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    scale: Callable = lambda d: d**-0.5,
    hides: Callable = lambda s, mask: s.masked_fill(~mask, -torch.inf),
    shares: Callable = lambda s: s.softmax(-1),
    after: Callable = lambda w, mask: w,
    looks: Callable = lambda mask: bool(mask.any(-1).all()),
    gives: Callable = lambda y, w: (y, w),
) -> tuple[Tensor, Tensor]:
    """softmax(q kᵀ / √d) v, and the softmax."""
    if mask is not None and not looks(mask):
        raise ValueError("mask: a row has no True")
    scores = q @ k.transpose(-1, -2) * scale(q.shape[-1])
    w = shares(scores) if mask is None else after(shares(hides(scores, mask)), mask)
    return gives(w @ v, w)


attention = Exercise(
    "7.1", "attention", points=7, hidden=2, bans=(ATTENTION_BY_HAND,), right=attended
)


def three(draw: Draw, *batch: int, t: int, s: int, d: int, e: int) -> tuple[Tensor, ...]:
    """q (..., t, d), k (..., s, d) and v (..., s, e) with scores of several units."""
    q, k = 1.5 * draw.normal(*batch, t, d), 1.5 * draw.normal(*batch, s, d)
    return q, k, draw.normal(*batch, s, e)


@attention.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield three(draw, 2, t=3, s=5, d=4, e=3)
    yield *three(draw, 3, t=4, s=4, d=3, e=2), causal(4)
    yield *three(draw, 2, t=5, s=3, d=2, e=4), some(draw, 2, 5, 3)
    yield *three(draw, 4, t=2, s=6, d=5, e=5), some(draw, 4, 1, 6)
    yield *three(draw, 2, 3, t=3, s=4, d=6, e=2), some(draw, 2, 1, 3, 4)
    yield *three(draw, 3, 2, t=2, s=7, d=3, e=3), some(draw, 3, 1, 1, 7)
    yield *three(draw, t=4, s=5, d=7, e=3), some(draw, 4, 5)
    yield *three(draw, 1, t=2, s=3, d=4, e=1), None
    q, k, v = three(draw, 2, t=4, s=5, d=3, e=6)
    yield given(mask=some(draw, 2, 4, 5), v=v, k=k, q=q)


@attention.aspect(
    "scores: the products of queries and keys, divided by √d",
    0.75,
    exchange(
        "scale",
        {
            "not scaled: divide the scores by √d": lambda d: 1.0,
            "multiplied by √d: divide by it": lambda d: d**0.5,
            "divided by d: by its root": lambda d: 1 / d,
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield three(draw, 2, t=3, s=5, d=4, e=3)
    yield three(draw, 3, t=2, s=4, d=7, e=2)


@attention.aspect(
    "softmax over the keys; the weights come second",
    0.5,
    {
        "the softmax is over the queries: each query shares out 1 among the keys, dim=-1": {
            "shares": lambda s: s.softmax(-2)
        },
        "no softmax: the weights of a query are positive and sum to 1": {
            "shares": lambda s: s.nan_to_num(neginf=0.0)
        },
        "the weights come first: expected y, weights": {"gives": lambda y, w: (w, y)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield three(draw, 2, t=3, s=5, d=1, e=3)
    yield three(draw, 3, t=4, s=2, d=1, e=2)


@attention.aspect(
    "True: may look; what may not be seen gets the weight 0",
    0.75,
    {
        "the mask is inverted: where it is True, one may look": {
            "hides": lambda s, mask: s.masked_fill(mask, -torch.inf)
        },
        "the mask is added to the scores as 0 and 1: set hidden scores to −inf": {
            "hides": lambda s, mask: s + mask.to(s)
        },
        "hidden scores are set to 0, and e⁰ = 1 is a share: set them to −inf": {
            "hides": lambda s, mask: s.masked_fill(~mask, 0.0)
        },
        "hidden weights are set to 0 after the softmax: the others no longer sum to 1": {
            "hides": lambda s, mask: s,
            "after": lambda w, mask: w * mask,
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for mask in (some(draw, 3, 5), some(draw, 2, 1, 5), some(draw, 2, 3, 5)):
        q, k, v = three(draw, 2, t=3, s=5, d=4, e=3)
        yield 0 * q, k, v, mask


@attention.refuses(
    "refuses a mask that leaves a query nothing to look at",
    0.25,
    {
        "a row without any True has no softmax: it should raise a ValueError": {
            "looks": lambda mask: True
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    q, k, v = three(draw, 2, t=3, s=4, d=2, e=3)
    mask = some(draw, 3, 4)
    mask[1] = False
    yield q, k, v, mask


attention.gradients("q, k, v", 0.25)
attention.keeps(points=0.25)
