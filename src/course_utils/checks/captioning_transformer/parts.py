"""Attention in heads, and masks for it, which several exercises of this chapter share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw

Params = dict[str, Tensor]


def looked(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, scale: float | None = None
) -> Tensor:
    """Attention of (..., T, d) to (..., S, d); where the mask is True, one may look."""
    scores = q @ k.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(-1) @ v


def split(x: Tensor, heads: int) -> Tensor:
    """(B, T, d) -> (B, heads, T, d / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merged(x: Tensor) -> Tensor:
    """(B, heads, T, d / heads) -> (B, T, d)."""
    return x.transpose(1, 2).flatten(2)


def projected(
    x: Tensor, memory: Tensor, params: Params, heads: int, name: str = ""
) -> list[Tensor]:
    """Queries of x, keys and values of memory: (B, heads, T or S, d / heads)."""
    w, b = (params[f"{name}in_proj_{kind}"].chunk(3) for kind in ("weight", "bias"))
    sources = x, memory, memory
    return [split(F.linear(y, w[i], b[i]), heads) for i, y in enumerate(sources)]


def mixed(y: Tensor, params: Params, name: str = "") -> Tensor:
    """What the heads found, (B, heads, T, d / heads), through the last layer: (B, T, d)."""
    w, b = params[f"{name}out_proj.weight"], params[f"{name}out_proj.bias"]
    return F.linear(merged(y), w, b)


def attention_params(draw: Draw, d: int, name: str = "") -> Params:
    """The four tensors of ``nn.MultiheadAttention(d, heads)``, with scores that differ."""
    return {
        f"{name}in_proj_weight": 1.5 * draw.normal(3 * d, d) / d**0.5,
        f"{name}in_proj_bias": draw.normal(3 * d) / 2,
        f"{name}out_proj.weight": draw.normal(d, d) / d**0.5,
        f"{name}out_proj.bias": draw.normal(d) / 2,
    }


def causal(n: int) -> Tensor:
    """(n, n): each sees those before it, and itself."""
    return torch.ones(n, n, dtype=torch.bool).tril()


def some(draw: Draw, *shape: int) -> Tensor:
    """A mask in no order that leaves each row something, and not everything."""
    mask = draw.uniform(*shape) < 0.5
    one, other = draw.normal(*shape).argsort(-1).unbind(-1)[:2]
    shown, hidden = (F.one_hot(i, shape[-1]).bool() for i in (one, other))
    return mask & ~hidden | shown
