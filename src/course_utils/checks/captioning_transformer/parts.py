"""Attention and its weights, which several exercises of this chapter share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks import twins
from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.probe import Subject

Params = dict[str, Tensor]

FINISHED = (
    "torch._C._nn:scaled_dot_product_attention",
    "torch.nn.functional:multi_head_attention_forward",
    "torch.nn.modules.transformer",
    "torch.nn.attention",
)
ATTENTION = twins.Family("attention|_transformer_encoder", FINISHED)
HEADS = twins.Family("multi_head_attention|_transformer_encoder", FINISHED[1:3])
LAYERS = twins.Family("", ("torch.nn.modules.transformer", "torchvision", "timm"))


def looked(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scale: float) -> Tensor:
    """Attention of (..., T, d) to (..., S, d); where the mask is True, one may look."""
    scores = q @ k.transpose(-1, -2) * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(-1) @ v


def split(x: Tensor, heads: int) -> Tensor:
    """(B, T, d) -> (B, heads, T, d / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merged(x: Tensor) -> Tensor:
    """(B, heads, T, d / heads) -> (B, T, d)."""
    return x.transpose(1, 2).flatten(2)


def per_head(mask: Tensor | None) -> Tensor | None:
    """The same mask for all heads: (T, S) stays, (B, T, S) -> (B, 1, T, S)."""
    return mask.unsqueeze(-3) if mask is not None and mask.ndim == 3 else mask


def attend(
    name: str, x: Tensor, memory: Tensor, p: Params, heads: int, mask: Tensor | None = None
) -> Tensor:
    """Multi-head attention of x to memory with the weights called ``name``."""
    wq, wk, wv = p[f"{name}.in_proj_weight"].chunk(3)
    bq, bk, bv = p[f"{name}.in_proj_bias"].chunk(3)
    q, k, v = F.linear(x, wq, bq), F.linear(memory, wk, bk), F.linear(memory, wv, bv)
    q, k, v = (split(t, heads) for t in (q, k, v))
    y = merged(looked(q, k, v, per_head(mask), q.shape[-1] ** -0.5))
    return F.linear(y, p[f"{name}.out_proj.weight"], p[f"{name}.out_proj.bias"])


def attention_params(draw: Draw, d: int, name: str = "") -> Params:
    """The four tensors of ``nn.MultiheadAttention(d, heads)``, with scores that differ."""
    return {
        f"{name}in_proj_weight": 1.5 * draw.normal(3 * d, d) / d**0.5,
        f"{name}in_proj_bias": draw.normal(3 * d) / 2,
        f"{name}out_proj.weight": draw.normal(d, d) / d**0.5,
        f"{name}out_proj.bias": draw.normal(d) / 2,
    }


def norm(x: Tensor, params: Params, name: str) -> Tensor:
    return F.layer_norm(
        x, x.shape[-1:], params[f"{name}.weight"], params[f"{name}.bias"], eps=1e-5
    )


def block_params(draw: Draw, d: int) -> Params:
    """Of ``nn.TransformerDecoderLayer(d, heads, 2 d)``."""
    params = {
        "linear1.weight": 1.5 * draw.normal(2 * d, d) / d**0.5,
        "linear1.bias": draw.normal(2 * d) / 2,
        "linear2.weight": draw.normal(d, 2 * d) / d**0.5,
        "linear2.bias": draw.normal(d) / 2,
    }
    for name in ("norm1", "norm2", "norm3"):
        params |= {f"{name}.weight": 0.5 + draw.uniform(d), f"{name}.bias": draw.normal(d) / 2}
    for name in ("self_attn.", "multihead_attn."):
        params |= attention_params(draw, d, name)
    return params


def silent(params: Params, *names: str) -> Params:
    """These parts of the block add nothing."""
    return params | {n: 0 * t for n, t in params.items() if n.startswith(names)}


def sentence_params(draw: Draw, d: int, vocabulary: int = 7, most: int = 9) -> Params:
    """Of a decoder of one attention: vectors of the words and of their positions."""
    return attention_params(draw, d) | {
        "words": 1.5 * draw.normal(vocabulary, d),
        "places": 1.5 * draw.normal(most, d),
    }


def cache_of(draw: Draw, b: int, heads: int, past: int, d: int) -> tuple[Tensor, Tensor]:
    """Keys and values of ``past`` words."""
    size = b, heads, past, d // heads
    return draw.normal(*size), draw.normal(*size)


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


def causal(queries: int, keys: int) -> Tensor:
    """(queries, keys): the last query sees all keys."""
    past = keys - queries
    return torch.arange(keys) <= past + torch.arange(queries)[:, None]


def some(draw: Draw, *shape: int) -> Tensor:
    """A mask in no order that leaves each row something, and not everything."""
    mask = draw.uniform(*shape) < 0.5
    one, other = draw.normal(*shape).argsort(-1).unbind(-1)[:2]
    shown, hidden = (F.one_hot(i, shape[-1]).bool() for i in (one, other))
    return mask & ~hidden | shown
