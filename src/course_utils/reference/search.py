"""Searches for a sentence: greedy, and with a beam (chapter 6).

A decoder offers ``start(memory)``, ``step(words, state)`` and ``reorder(state, rows)``; both
searches use these alone, so that they serve GRU and transformer alike.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from course_utils.reference.vocabulary import END, PAD, START

__all__ = ["END", "PAD", "START", "Decoder", "beam_search", "greedy"]


class Decoder(Protocol):
    """What a search needs."""

    def start(self, memory: Tensor) -> Any: ...
    def step(self, words: Tensor, state: Any) -> tuple[Tensor, Any]: ...
    def reorder(self, state: Any, rows: Tensor) -> Any: ...


@torch.no_grad()
def greedy(decoder: Decoder, memory: Tensor, length: int) -> Tensor:
    """The likeliest word each time: (B, ≤ length) with the end word, then padding.

    Args:
        memory: (B, S, C), what the decoder looks at.
        length: the most words; a caption that has not ended by then is cut.

    Raises:
        ValueError: memory is empty or of another shape, or there is no room for a word.
    """
    _require(memory, length)
    words = torch.full((len(memory),), START, device=memory.device)
    done = torch.zeros_like(words, dtype=torch.bool)
    state, said = decoder.start(memory), []
    for _ in range(length):
        logits, state = decoder.step(words, state)
        words = logits.argmax(-1).masked_fill(done, PAD)
        said.append(words)
        done = done | (words == END)
        if done.all():
            break
    return torch.stack(said, 1)


@torch.no_grad()
def beam_search(decoder: Decoder, memory: Tensor, width: int, length: int) -> Tensor:
    """The likeliest caption that a beam of ``width`` finds, by the sum of log p: (B, length).

    A finished hypothesis leaves the beam and is kept apart; one that is cut off at ``length``
    counts as it stands. It stops as soon as no running one can pass the best finished one.

    Args:
        memory: (B, S, C). width: how many hypotheses run at once. length: the most words.

    Raises:
        ValueError: as ``greedy``, and where the width is below 1.
    """
    _require(memory, length)
    if width < 1:
        raise ValueError(f"width must be at least 1, not {width}")
    number, device = len(memory), memory.device
    state = decoder.start(memory.repeat_interleave(width, 0))
    words = torch.full((number * width,), START, device=device)
    scores = torch.full((number, width), -torch.inf, device=device)
    scores[:, 0] = 0.0  # all beams are alike at first: one of them counts
    said = torch.full((number * width, length), PAD, device=device)
    best, kept = torch.full((number,), -torch.inf, device=device), said[::width].clone()
    base = torch.arange(number, device=device)[:, None] * width
    for t in range(length):
        logits, state = decoder.step(words, state)
        total = scores[..., None] + logits.float().log_softmax(-1).view(number, width, -1)
        ended, which = total[..., END].max(1)
        within = (
            ended >= total.flatten(1).topk(width).values[:, -1]
        )  # else no beam would end here
        better = within & (ended > best)
        said[:, t] = END
        kept = torch.where(better[:, None], said[base[:, 0] + which], kept)
        best = torch.where(better, ended, best)
        total[..., END] = -torch.inf
        scores, chosen = total.flatten(1).topk(width)
        rows = (base + chosen // total.shape[-1]).flatten()
        words = (chosen % total.shape[-1]).flatten()
        said = said[rows]
        said[:, t] = words
        state = decoder.reorder(state, rows)
        if (best >= scores[:, 0]).all():
            break
    return torch.where((best >= scores[:, 0])[:, None], kept, said[::width])


def _require(memory: Tensor, length: int) -> None:
    if memory.ndim != 3 or 0 in memory.shape:
        raise ValueError(f"memory must be (B, S, C), not empty, not {tuple(memory.shape)}")
    if length < 1:
        raise ValueError(f"length must be at least 1, not {length}")
