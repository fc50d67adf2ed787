"""Exercise 7.3, multi-head attention with torch's weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.captioning_transformer.bans import HEADS_BY_HAND
from course_utils.checks.captioning_transformer.parts import (
    Params,
    attention_params,
    causal,
    looked,
    merged,
    some,
    split,
)
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def per_head(mask: Tensor) -> Tensor:
    """The same mask for all heads: (T, S) stays, (B, T, S) -> (B, 1, T, S)."""
    return mask.unsqueeze(-3) if mask.ndim == 3 else mask


def headed(
    x: Tensor,
    memory: Tensor,
    params: Params,
    heads: int,
    mask: Tensor | None = None,
    *,
    source: Callable = lambda x, memory: memory,
    order: tuple[int, int, int] = (0, 1, 2),
    linear: Callable = F.linear,
    into: Callable = split,
    scale: Callable = lambda d, heads: (d // heads) ** -0.5,
    masks: Callable = per_head,
    back: Callable = merged,
    out: Callable = F.linear,
) -> Tensor:
    """(B, T, d), (B, S, d) -> (B, T, d)."""
    d = x.shape[-1]
    if d % heads:
        raise ValueError("heads must divide d")
    w, b = (params[f"in_proj_{name}"].chunk(3) for name in ("weight", "bias"))
    inputs = x, source(x, memory), source(x, memory)
    q, k, v = (into(linear(y, w[i], b[i]), heads) for y, i in zip(inputs, order, strict=True))
    y = looked(q, k, v, None if mask is None else masks(mask), scale(d, heads))
    return out(back(y), params["out_proj.weight"], params["out_proj.bias"])


multi_head = Exercise(
    "7.3", "multi_head", points=8, hidden=1, bans=(HEADS_BY_HAND,), right=headed
)


def ordinary(draw: Draw, b: int, t: int, s: int, d: int) -> tuple[Tensor, Tensor, Params]:
    return draw.normal(b, t, d), draw.normal(b, s, d), attention_params(draw, d)


@multi_head.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield *ordinary(draw, 2, 3, 5, 6), 2
    yield *ordinary(draw, 3, 4, 4, 6), 3, causal(4)
    yield *ordinary(draw, 2, 4, 3, 4), 2, some(draw, 2, 4, 3)
    yield *ordinary(draw, 4, 2, 6, 8), 4, some(draw, 4, 2, 6)
    yield *ordinary(draw, 1, 5, 2, 9), 3, some(draw, 5, 2)
    yield *ordinary(draw, 3, 2, 3, 6), 1, some(draw, 3, 2, 3)
    yield *ordinary(draw, 5, 3, 4, 6), 2, some(draw, 5, 1, 4)
    yield *ordinary(draw, 2, 3, 3, 5), 5
    x, memory, params = ordinary(draw, 2, 3, 4, 8)
    yield given(mask=None, heads=4, params=params, memory=memory, x=x)


@multi_head.aspect(
    "heads: d / heads neighbouring numbers each, side by side again at the end",
    1,
    {
        "split by view(B, heads, T, d / heads), which mixes words: view(B, T, heads, …), then "
        "transpose": {"into": lambda x, heads: x.reshape(len(x), heads, x.shape[1], -1)},
        "merged without transposing back: words are mixed": {
            "back": lambda y: y.reshape(len(y), y.shape[2], -1)
        },
        "head h takes the numbers h, h + heads, …: it takes d / heads neighbours": {
            "into": lambda x, heads: x.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)
        },
        "scaled by the root of d: a head's keys have d / heads numbers": {
            "scale": lambda d, heads: d**-0.5
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *ordinary(draw, 2, 3, 5, 6), 2
    yield *ordinary(draw, 3, 4, 2, 8), 4


@multi_head.aspect(
    "torch's weights: queries, keys, values in rows; out_proj at the end",
    1,
    {
        "keys come first in in_proj: the rows are queries, keys, values": {"order": (1, 0, 2)},
        "x @ W: torch's layout is x @ W.T + b": {"linear": lambda x, w, b: x @ w + b},
        "out_proj is missing": {"out": lambda y, w, b: y},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *ordinary(draw, 2, 3, 5, 4), 1
    yield *ordinary(draw, 3, 2, 3, 5), 1


@multi_head.aspect(
    "queries of x, keys and values of memory",
    0.5,
    {"keys and values are made of x: they are made of memory": {"source": lambda x, memory: x}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *ordinary(draw, 2, 3, 3, 4), 1
    yield *ordinary(draw, 3, 1, 4, 5), 1


@multi_head.aspect(
    "one mask for all heads",
    0.5,
    exchange(
        "masks",
        {
            "the mask is inverted: where it is True, one may look": lambda m: ~per_head(m),
            "a (B, T, S) mask is laid along the heads: make it (B, 1, T, S)": lambda m: m,
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *ordinary(draw, 2, 3, 4, 4), 2, some(draw, 2, 3, 4)
    yield *ordinary(draw, 3, 2, 5, 6), 3, some(draw, 3, 2, 5)
    yield *ordinary(draw, 3, 4, 4, 6), 2, causal(4)


@multi_head.refuses("refuses heads that do not divide d", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield *ordinary(draw, 2, 3, 4, 6), 4


multi_head.gradients("x, memory, params", 0.25)
multi_head.keeps(points=0.25)
