"""Exercise 7.4, a block of the decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.captioning_transformer.bans import BLOCK_BY_HAND
from course_utils.checks.captioning_transformer.blocks import (
    attend,
    block_params,
    mlp,
    norm,
    silent,
)
from course_utils.checks.captioning_transformer.parts import Params, causal, some
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def block(
    x: Tensor,
    memory: Tensor,
    params: Params,
    heads: int,
    mask: Tensor | None = None,
    *,
    step: Callable = lambda x, f, n: x + f(n(x)),
    norms: tuple[str, str, str] = ("norm1", "norm2", "norm3"),
    normed: Callable = norm,
    order: tuple[int, int, int] = (0, 1, 2),
    masks: Callable = lambda mask: mask,
    seen: Callable = lambda memory, x, n: memory,
    bends: Callable = F.gelu,
) -> Tensor:
    """(B, T, d), (B, S, d) -> (B, T, d)."""
    ns = [lambda h, name=name: normed(h, params, name) for name in norms]
    looks = mask if mask is None else masks(mask)
    fs = [
        lambda h: attend("self_attn.", h, h, params, heads, looks),
        lambda h: attend("multihead_attn.", h, seen(memory, h, ns[1]), params, heads),
        lambda h: mlp(h, params, bends),
    ]
    for i in order:
        x = step(x, fs[i], ns[i])
    return x


decoder_block = Exercise(
    "7.4", "decoder_block", points=7, hidden=1, bans=(BLOCK_BY_HAND,), right=block
)


def ordinary(draw: Draw, b: int, t: int, s: int, d: int) -> tuple[Tensor, Tensor, Params]:
    return 2 * draw.normal(b, t, d) + 1, draw.normal(b, s, d), block_params(draw, d)


@decoder_block.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield *ordinary(draw, 2, 4, 3, 4), 2, causal(4)
    yield *ordinary(draw, 3, 3, 5, 6), 3
    yield *ordinary(draw, 1, 5, 2, 6), 2, causal(5)
    yield *ordinary(draw, 2, 3, 3, 5), 1, some(draw, 3, 3)
    yield *ordinary(draw, 4, 2, 6, 8), 4, None
    x, memory, params = ordinary(draw, 2, 6, 4, 4)
    yield given(mask=causal(6), heads=2, params=params, memory=memory, x=x)


@decoder_block.aspect(
    "pre-norm: x + f(norm(x)), with a norm of its own for each step",
    1,
    exchange(
        "step",
        {
            "post-norm, norm(x + f(x)): here the norm is inside, x + f(norm(x))": (
                lambda x, f, n: n(x + f(x))
            ),
            "the normed x is carried on: add f(norm(x)) to x itself": (
                lambda x, f, n: n(x) + f(n(x))
            ),
            "x is not added: x + f(norm(x))": lambda x, f, n: f(n(x)),
        },
    )
    | {
        "norm2 and norm3 are exchanged: norm2 is for the cross-attention": {
            "norms": ("norm1", "norm3", "norm2")
        },
        "the norm divides by d − 1: layer norm takes the mean of the squares": {
            "normed": lambda h, params, name: norm(h, params, name, 1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *ordinary(draw, 2, 3, 4, 4), 2
    yield *ordinary(draw, 3, 2, 3, 6), 1


@decoder_block.aspect(
    "self-attention with the mask",
    0.5,
    {
        "the mask is ignored: self-attention needs it": {"masks": lambda mask: None},
        "the mask is turned round twice: attend does it": {"masks": lambda mask: ~mask},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for t, heads in ((4, 2), (5, 1)):
        x, memory, params = ordinary(draw, 2, t, 3, 4)
        yield x, memory, silent(params, "multihead_attn", "linear"), heads, causal(t)


@decoder_block.aspect(
    "cross-attention: queries of the words, keys and values of the memory as it came",
    0.75,
    {
        "the memory is normed: it is taken as it is": {"seen": lambda memory, x, n: n(memory)},
        "the second attention looks at the words: it looks at the memory": {
            "seen": lambda memory, x, n: x
        },
        "cross-attention comes first: self-attention does": {"order": (1, 0, 2)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for b, t, s, d in ((2, 3, 4, 4), (3, 2, 5, 6)):
        x, memory, params = ordinary(draw, b, t, s, d)
        yield x, memory, silent(params, "linear"), 2


@decoder_block.aspect(
    "at the end two linear layers with gelu between them",
    0.5,
    exchange(
        "bends",
        {
            "relu: this block has gelu": F.relu,
            "no gelu: two linear layers in a row are one": lambda h: h,
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for b, t in ((2, 3), (3, 2)):
        x, memory, params = ordinary(draw, b, t, 3, 4)
        yield x, memory, silent(params, "self_attn", "multihead_attn"), 2


decoder_block.keeps(points=0.25)
