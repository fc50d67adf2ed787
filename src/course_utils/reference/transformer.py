"""The transformer's blocks and its decoder (Vaswani et al., "Attention is all you need", 2017).

The blocks normalise before each part ("pre-norm") and carry torch's names, so that weights of
``nn.TransformerEncoderLayer`` and ``nn.TransformerDecoderLayer`` (``norm_first=True``) load.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference.attention import (
    MultiHeadAttention,
    attention,
    causal_mask,
    padding_mask,
    require_tokens,
)
from course_utils.reference.vocabulary import require_words

__all__ = ["DecoderBlock", "EncoderBlock", "MultiHeadAttention", "TransformerDecoder",
           "attention", "causal_mask", "padding_mask"]  # fmt: skip

State = tuple[int, list[list[Tensor]], "Tensor | None"]


class EncoderBlock(nn.Module):
    """x + attention(norm(x)), then x + MLP(norm(x)); (B, T, d) to the same."""

    def __init__(self, d: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = MultiHeadAttention(d, heads)
        self.linear1, self.linear2 = nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, *, first: int | None = None
    ) -> Tensor:
        """``first``: only so many tokens come out, which look at all; None: all of them."""
        require_tokens(x, self.linear1.in_features, "x")
        z = self.norm1(x)
        if first is None:
            x = x + self.self_attn(z, mask=mask)
        else:
            x = x[:, :first] + self.self_attn(z[:, :first], z, mask)
        return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))


class DecoderBlock(nn.Module):
    """Causal attention, attention to the memory, MLP; (B, T, d) to the same."""

    def __init__(self, d: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = MultiHeadAttention(d, heads)
        self.multihead_attn = MultiHeadAttention(d, heads)
        self.linear1, self.linear2 = nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d) for _ in range(3))

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        require_tokens(x, self.linear1.in_features, "x")
        x = x + self.self_attn(self.norm1(x), causal=True)
        x = x + self.multihead_attn(self.norm2(x), memory)
        return x + self.linear2(F.gelu(self.linear1(self.norm3(x))))

    def step(self, x: Tensor, cache: list[Tensor], t: int) -> Tensor:
        """Word t alone, x (B, 1, d); its key and value are written into the cache."""
        q, k, v = self.self_attn.qkv(self.norm1(x))
        keys, values, memory_keys, memory_values = cache
        keys[:, :, t : t + 1], values[:, :, t : t + 1] = k, v
        y = F.scaled_dot_product_attention(q, keys[:, :, : t + 1], values[:, :, : t + 1])
        x = x + self.self_attn.join(y)
        q = self.multihead_attn.query(self.norm2(x))
        y = F.scaled_dot_product_attention(q, memory_keys, memory_values)
        x = x + self.multihead_attn.join(y)
        return x + self.linear2(F.gelu(self.linear1(self.norm3(x))))


class TransformerDecoder(nn.Module):
    """y_t = T_D(y_{0:t−1}, c): words (B, T) and a memory to logits (B, T, V).

    Args:
        vocabulary: V. length: the most words there can be, the start word included.
        features: channels of the memory (B, S, features), which is then normalised, brought to
            d channels and given codes of its ``places``; None: the memory is (B, S, d) as is.
        summed: so many channels are summed over the memory and added to each word: a softmax
            averages what it sees and cannot count it. 0: none; needs ``features``.

    Raises:
        ValueError: a size below 1, ``d`` is no multiple of ``heads``, ``summed`` alone.
    """

    def __init__(self, vocabulary: int, d: int, layers: int, heads: int, hidden: int,
                 length: int, *, features: int | None = None, places: int = 64,
                 summed: int = 0) -> None:  # fmt: skip
        super().__init__()
        if vocabulary < 4 or min(layers, hidden, length, places) < 1 or summed < 0:
            raise ValueError("vocabulary must be at least 4, each other size at least 1")
        if summed and features is None:
            raise ValueError("summed needs features: say how many channels the memory has")
        self.words = nn.Embedding(vocabulary, d)
        nn.init.normal_(self.words.weight, 0, 0.05)
        self.places = nn.Parameter(torch.randn(length, d) * 0.02)
        self.layers = nn.ModuleList(DecoderBlock(d, heads, hidden) for _ in range(layers))
        self.norm, self.output = nn.LayerNorm(d), nn.Linear(d, vocabulary)
        self.features, self.summed = features, summed
        if features is not None:
            self.memory_norm, self.memory = nn.LayerNorm(features), nn.Linear(features, d)
            self.memory_places = nn.Parameter(torch.randn(places, d) * 0.02)
        if summed and features is not None:
            self.what, self.count = nn.Linear(features, summed), nn.Linear(summed, d)

    def prepare(self, memory: Tensor) -> tuple[Tensor, Tensor | None]:
        """What the blocks look at (B, S, d), and the sum vector (B, 1, d) if there is one."""
        if memory.ndim != 3 or 0 in memory.shape:
            raise ValueError(f"memory must be (B, S, C), not empty: {tuple(memory.shape)}")
        if self.features is None:
            require_tokens(memory, self.output.in_features, "memory")
            return memory, None
        if memory.shape[1:] != (len(self.memory_places), self.features):
            asked = (len(self.memory_places), self.features)
            raise ValueError(f"memory must be (B, *{asked}), not {tuple(memory.shape)}")
        z = self.memory_norm(memory)
        seen = self.memory(z) + self.memory_places
        if not self.summed:
            return seen, None
        return seen, self.count(F.relu(self.what(z)).sum(1, keepdim=True) / 4)

    def forward(self, memory: Tensor, words: Tensor) -> Tensor:
        require_words(words, 2, self.output.out_features, len(memory))
        if words.shape[1] > len(self.places):
            raise ValueError(f"words must be at most {len(self.places)}, not {words.shape[1]}")
        seen, more = self.prepare(memory)
        x = self.words(words) + self.places[: words.shape[1]]
        x = x if more is None else x + more
        for layer in self.layers:
            x = layer(x, seen)
        return self.output(self.norm(x))

    def start(self, memory: Tensor) -> State:
        """The state before the first word: empty caches, the memory's keys and values."""
        seen, more = self.prepare(memory)
        cache = []
        layer: Any
        for layer in self.layers:
            k, v = layer.multihead_attn.keys(seen)
            room = (len(k), k.shape[1], len(self.places), k.shape[-1])
            cache.append([k.new_empty(room), k.new_empty(room), k, v])
        return 0, cache, more

    def step(self, words: Tensor, state: State) -> tuple[Tensor, State]:
        """One more word (B,) to the logits of the next (B, V); without gradients."""
        t, cache, more = state
        require_words(words, 1, self.output.out_features, len(cache[0][0]))
        if t >= len(self.places):
            raise ValueError(f"words: there is no place after {len(self.places)} words")
        x = (self.words(words) + self.places[t])[:, None]
        x = x if more is None else x + more
        layer: Any
        for layer, kept in zip(self.layers, cache, strict=True):
            x = layer.step(x, kept, t)
        return self.output(self.norm(x))[:, 0], (t + 1, cache, more)

    def reorder(self, state: State, rows: Tensor) -> State:
        """Row i goes on from row ``rows[i]``, of the same image: the memory need not move."""
        t, cache, more = state
        moved = [[k.index_select(0, rows), v.index_select(0, rows), *rest]
                 for k, v, *rest in cache]  # fmt: skip
        return t, moved, more
