"""Exercise 6.4, where the next word looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.captioning_rnn.parts import Params
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def attended(
    h: Tensor,
    memory: Tensor,
    params: Params,
    mask: Tensor | None = None,
    *,
    looks: Callable = lambda mask: bool(mask.any(-1).all()),
    asks: Callable = lambda q: q,
    bends: Callable = torch.tanh,
    scale: Callable = lambda size: 1.0,
    hides: Callable = lambda e, mask: e.masked_fill(~mask, -torch.inf),
    shares: Callable = lambda e: e.softmax(-1),
    after: Callable = lambda w, mask: w,
    values: Callable = lambda memory, keys: memory,
    gives: Callable = lambda c, w: (c, w),
) -> tuple[Tensor, Tensor]:
    """Context (B, C) and weights (B, S)."""
    if mask is not None and not looks(mask):
        raise ValueError("mask: a row has no True")
    keys, query = memory @ params["W_m"].T, h @ params["W_h"].T
    e = bends(keys + asks(query)[:, None]) @ params["v"] * scale(len(params["v"]))
    w = shares(e) if mask is None else after(shares(hides(e, mask)), mask)
    return gives((w[..., None] * values(memory, keys)).sum(1), w)


additive_attention = Exercise("6.4", "additive_attention", points=7, hidden=2, right=attended)


def ordinary(
    draw: Draw, b: int, s: int, c: int, n: int, a: int
) -> tuple[Tensor, Tensor, Params]:
    """h (b, n) and memory (b, s, c), with scores of several units."""
    params = {
        "W_m": 1.5 * draw.normal(a, c) / c**0.5,
        "W_h": 1.5 * draw.normal(a, n) / n**0.5,
        "v": 2 * draw.normal(a),
    }
    return draw.normal(b, n), draw.normal(b, s, c), params


def some(draw: Draw, b: int, s: int) -> Tensor:
    """A mask in no order that leaves each row something, and not everything."""
    order = draw.normal(b, s).argsort(-1)
    return (order < 1 + draw.integers(0, s - 1, b, 1)) & (order < s - 1)


@additive_attention.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield ordinary(draw, 2, 5, 3, 4, 6)
    yield *ordinary(draw, 3, 4, 5, 2, 3), some(draw, 3, 4)
    yield *ordinary(draw, 4, 6, 2, 3, 5), None
    yield *ordinary(draw, 1, 4, 6, 5, 4), some(draw, 1, 4)
    yield *ordinary(draw, 5, 3, 4, 6, 2), some(draw, 5, 3)
    yield ordinary(draw, 1, 7, 3, 3, 4)
    yield *ordinary(draw, 2, 6, 4, 4, 4), some(draw, 2, 6)
    h, memory, params = ordinary(draw, 3, 3, 3, 3, 3)
    yield given(mask=some(draw, 3, 3), params=params, memory=memory, h=h)


@additive_attention.aspect(
    "scores: vᵀ tanh(W_m m + W_h h)",
    0.75,
    {
        "the tanh is missing: without it h changes no weight": {"bends": lambda x: x},
        "h is not used: where to look depends on what was said": {"asks": lambda q: 0 * q},
        "divided by a root: additive scores are not scaled": {"scale": lambda n: n**-0.5},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 2, 4, 3, 2, 5)
    yield ordinary(draw, 3, 5, 4, 3, 4)


@additive_attention.aspect(
    "softmax over the places; the context is their weighted sum",
    0.75,
    {
        "the softmax is over the batch: each image shares out 1 among its places": {
            "shares": lambda e: e.softmax(0)
        },
        "no softmax: the weights are positive and sum to 1": {
            "shares": lambda e: e.nan_to_num(neginf=0.0)
        },
        "the context is made of W_m m: sum the memory itself": {
            "values": lambda memory, keys: keys
        },
        "the weights come first: expected context, weights": {"gives": lambda c, w: (w, c)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((2, 5, 3, 2, 1), (3, 4, 2, 2, 1)):
        h, memory, params = ordinary(draw, *size)
        yield 0 * h, memory, params


@additive_attention.aspect(
    "True: may look; other places have the weight 0",
    0.75,
    exchange(
        "hides",
        {
            "the mask is not used: where it is False, the weight is 0": lambda e, mask: e,
            "the mask is inverted: where it is True, one may look": (
                lambda e, mask: e.masked_fill(mask, -torch.inf)
            ),
            "hidden scores are set to 0, and e⁰ = 1 is a share: set them to −inf": (
                lambda e, mask: e.masked_fill(~mask, 0.0)
            ),
        },
    )
    | {
        "hidden weights are set to 0 after the softmax: the others no longer sum to 1": {
            "hides": lambda e, mask: e,
            "after": lambda w, mask: w * mask,
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for b, s in ((2, 5), (3, 4)):
        h, memory, params = ordinary(draw, b, s, 3, 2, 4)
        yield h, memory, params | {"W_m": 0 * params["W_m"]}, some(draw, b, s)


@additive_attention.refuses(
    "refuses a mask that leaves nothing to look at",
    0.25,
    {"a row without any True has no softmax: raise a ValueError": {"looks": lambda mask: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *ordinary(draw, 2, 3, 2, 3, 4), torch.zeros(2, 3, dtype=torch.bool)


additive_attention.gradients("h, memory, params", 0.25)
additive_attention.keeps(points=0.25)
