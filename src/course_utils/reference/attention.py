"""Attention: scaled dot products, masks, several heads (Vaswani et al., 2017; chapter 7).

A mask is bool, True where a query may look. ``MultiHeadAttention`` carries the names of
``nn.MultiheadAttention``, so that its weights load.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention: softmax(q kᵀ / √d) v, and the weights.

    Args:
        q: (..., T, d). k: (..., S, d). v: (..., S, e).
        mask: bool, broadcasts to (..., T, S); True: may look.

    Returns:
        y (..., T, e) and the weights (..., T, S); each row of them sums to 1.

    Raises:
        ValueError: shapes that do not fit, or a row of the mask without any True.
    """
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q and k must end in the same d: {tuple(q.shape)}, {tuple(k.shape)}")
    if k.shape[-2] != v.shape[-2] or k.shape[-2] == 0:
        raise ValueError(f"k and v must share S ≥ 1: {tuple(k.shape)}, {tuple(v.shape)}")
    if 0 in q.shape or _broadcast(q.shape[:-2], k.shape[:-2], v.shape[:-2]) is None:
        shapes = f"{tuple(q.shape)}, {tuple(k.shape)}, {tuple(v.shape)}"
        raise ValueError(f"q, k and v must share what stands before T and S: {shapes}")
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        _require_mask(mask, scores.shape)
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(-1)
    return weights @ v, weights


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape to which all broadcast; None: there is none."""
    try:
        return tuple(torch.broadcast_shapes(*shapes))
    except RuntimeError:
        return None


def _require_mask(mask: Tensor, scores: tuple[int, ...]) -> None:
    if mask.dtype != torch.bool:
        raise ValueError(f"mask must be bool, True where it may look, not {mask.dtype}")
    if _broadcast(mask.shape, scores) != tuple(scores):
        asked = f"(..., T, S) = {tuple(scores)}"
        raise ValueError(f"mask must broadcast to {asked}, not {tuple(mask.shape)}")
    if not mask.any(-1).all():
        raise ValueError("mask has a row without any True: let each query look somewhere")


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """(T, T): word t may look at itself and at those before it."""
    if length < 1:
        raise ValueError(f"length must be at least 1, not {length}")
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def padding_mask(lengths: Tensor, size: int) -> Tensor:
    """(B, size): True at the first ``lengths`` places of each row, False at the padding."""
    if lengths.ndim != 1 or len(lengths) == 0:
        raise ValueError(f"lengths must be (B,), B ≥ 1, not {tuple(lengths.shape)}")
    if lengths.is_floating_point() or lengths.min() < 1 or lengths.max() > size:
        raise ValueError(f"lengths must be whole numbers from 1 to size = {size}")
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def require_tokens(x: Tensor, d: int, name: str, batch: int | None = None) -> None:
    """Refuse what is not (B, T, d) with B, T ≥ 1, and B = batch where that is asked."""
    if x.ndim != 3 or x.shape[-1] != d or 0 in x.shape or batch not in (None, len(x)):
        rows = "B, T ≥ 1" if batch is None else f"B = {batch}, T ≥ 1"
        raise ValueError(f"{name} must be (B, T, {d}), {rows}, not {tuple(x.shape)}")


class MultiHeadAttention(nn.Module):
    """Attention in ``heads`` parts of d / heads channels; torch's names."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or d < 1 or d % heads:
            raise ValueError(f"d = {d} must be a multiple of heads = {heads}, both ≥ 1")
        self.d, self.heads = d, heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * d, d))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * d))
        self.out_proj = nn.Linear(d, d)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor, memory: Tensor | None = None, mask: Tensor | None = None,
                *, causal: bool = False) -> Tensor:  # fmt: skip
        """x (B, T, d) looks at ``memory`` (B, S, d), or at itself; mask as in ``attention``."""
        if memory is not None:
            require_tokens(memory, self.d, "memory", len(x))
        if mask is not None:
            size = x.shape[1] if memory is None else memory.shape[1]
            _require_mask(mask, (len(x), self.heads, x.shape[1], size))
            if causal:
                raise ValueError(
                    "mask and causal exclude each other: put causal_mask into mask"
                )
        q, k, v = self.qkv(x) if memory is None else (self.query(x), *self.keys(memory))
        return self.join(F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal))

    def weights(
        self, x: Tensor, memory: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Where each head looks: (B, heads, T, S)."""
        k, v = self.keys(x if memory is None else memory)
        return attention(self.query(x), k, v, mask)[1]

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys, values of x, each (B, heads, T, d / heads), by one product."""
        require_tokens(x, self.d, "x")
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        return self._split(q), self._split(k), self._split(v)

    def query(self, x: Tensor) -> Tensor:
        """(B, T, d) to (B, heads, T, d / heads)."""
        require_tokens(x, self.d, "x")
        return self._split(
            F.linear(x, self.in_proj_weight[: self.d], self.in_proj_bias[: self.d])
        )

    def keys(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the memory (B, S, d)."""
        require_tokens(memory, self.d, "memory")
        both = F.linear(memory, self.in_proj_weight[self.d :], self.in_proj_bias[self.d :])
        k, v = both.chunk(2, -1)
        return self._split(k), self._split(v)

    def join(self, y: Tensor) -> Tensor:
        """The heads side by side, and the last product."""
        return self.out_proj(y.transpose(-3, -2).flatten(-2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
