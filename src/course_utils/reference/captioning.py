"""Captions from images: encoder, decoders with and without attention (chapter 6).

The lecture's names: z the features of the image, h₀ = f_W(z), y_t = g_V(y_{t−1}, h_{t−1}, c).
Words become numbers in ``vocabulary``; what a decoder says is looked for in ``search``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference.search import Decoder, beam_search, greedy
from course_utils.reference.vocabulary import END, PAD, START, Vocabulary, require_words

__all__ = ["END", "PAD", "PLACES", "START", "AdditiveAttention", "Captioner", "Decoder",
           "GRUCell", "GRUDecoder", "ImageEncoder", "Residual", "Vocabulary", "beam_search",
           "greedy"]  # fmt: skip

Hidden = tuple[Tensor, ...]  # h and what the words look at
PLACES = 64  # cells of the 8 × 8 grid


def _require_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, not {size}")


class Residual(nn.Module):
    """Two 3 × 3 convolutions and a shortcut, (B, C, H, W) to (B, out, H / 2, W / 2)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        _require_sizes(channels=channels, out=out)
        self.conv1 = nn.Conv2d(channels, out, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = nn.Sequential(
            nn.Conv2d(channels, out, 1, 2, bias=False), nn.BatchNorm2d(out)
        )

    def forward(self, x: Tensor) -> Tensor:
        channels = self.conv1.in_channels
        if x.ndim != 4 or x.shape[1] != channels or 0 in x.shape:
            asked = f"(B, {channels}, H, W), not empty"
            raise ValueError(f"x must be {asked}, not {tuple(x.shape)}")
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class ImageEncoder(nn.Module):
    """Images (B, 3, 64, 64), uint8 or 0 to 1, to z (B, 64, C): the 8 × 8 grid, row by row."""

    def __init__(self, channels: tuple[int, int, int] = (24, 40, 80)) -> None:
        super().__init__()
        if len(channels) != 3 or min(channels) < 1:
            raise ValueError(f"channels must be three numbers of at least 1, not {channels}")
        a, b, c = channels
        self.size = c
        self.conv1 = nn.Conv2d(3, a, 5, 2, 2, bias=False)
        self.bn1 = nn.BatchNorm2d(a)
        self.layer1 = Residual(a, b)
        self.layer2 = Residual(b, c)

    def forward(self, images: Tensor) -> Tensor:
        if images.ndim != 4 or images.shape[1:] != (3, 64, 64) or len(images) == 0:
            raise ValueError(f"images must be (B, 3, 64, 64), B ≥ 1, not {tuple(images.shape)}")
        if images.dtype != torch.uint8 and not images.is_floating_point():
            raise ValueError(f"images must be uint8 or of floats, not {images.dtype}")
        x = images.float() / 255 if images.dtype == torch.uint8 else images
        x = (2 * x - 1).contiguous(memory_format=torch.channels_last)
        x = self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))  # (B, C, 8, 8)
        return x.flatten(2).transpose(1, 2)


class GRUCell(nn.Module):
    """h_t from x_t and h_{t−1}; the gates and names of ``nn.GRUCell``.

    r = σ(W_ir x + b_ir + W_hr h + b_hr), u likewise,
    n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn)),
    h_t = (1 − u) ⊙ n + u ⊙ h (Cho et al., 2014, in the form of cuDNN).
    """

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        _require_sizes(inputs=inputs, hidden=hidden)
        bound = hidden**-0.5
        shapes = {"weight_ih": (3 * hidden, inputs), "weight_hh": (3 * hidden, hidden),
                  "bias_ih": (3 * hidden,), "bias_hh": (3 * hidden,)}  # fmt: skip
        for name, shape in shapes.items():
            weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
            self.register_parameter(name, weight)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        for name, given, size in (("x", x, self.weight_ih.shape[1]),
                                  ("h", h, self.weight_hh.shape[1])):  # fmt: skip
            if given.ndim != 2 or given.shape[1] != size or not 0 < len(given) == len(x):
                asked = f"(B, {size}), B ≥ 1 alike in x and h"
                raise ValueError(f"{name} must be {asked}, not {tuple(given.shape)}")
        xr, xu, xn = F.linear(x, self.weight_ih, self.bias_ih).chunk(3, -1)
        hr, hu, hn = F.linear(h, self.weight_hh, self.bias_hh).chunk(3, -1)
        u = torch.sigmoid(xu + hu)
        n = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        return n + u * (h - n)


class AdditiveAttention(nn.Module):
    """softmax(vᵀ tanh(W_m m + W_h h)) over the memory (Bahdanau et al., 2015)."""

    def __init__(self, memory: int, query: int, size: int) -> None:
        super().__init__()
        _require_sizes(memory=memory, query=query, size=size)
        self.memory = nn.Linear(memory, size)
        self.query = nn.Linear(query, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, h: Tensor, memory: Tensor, keys: Tensor | None = None,
                mask: Tensor | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Context (B, C) and weights (B, S) from h (B, H) and memory (B, S, C).

        Args:
            keys: ``self.memory(memory)`` where it is at hand already.
            mask: bool (B, S), True: may look.

        Raises:
            ValueError: shapes that do not fit, or an image of which no place may be seen.
        """
        if h.ndim != 2 or h.shape[1] != self.query.in_features:
            raise ValueError(f"h must be (B, {self.query.in_features}), not {tuple(h.shape)}")
        asked = (len(h), self.memory.in_features)
        if memory.ndim != 3 or memory.shape[::2] != asked or 0 in memory.shape:
            raise ValueError(
                f"memory must be (B, S, C), B, C = {asked}, not {tuple(memory.shape)}"
            )
        keys = self.memory(memory) if keys is None else keys
        scores = self.score(torch.tanh(keys + self.query(h)[:, None])).squeeze(-1)
        if mask is not None:
            if mask.dtype != torch.bool or mask.shape != memory.shape[:2]:
                size = tuple(memory.shape[:2])
                given = f"{mask.dtype} {tuple(mask.shape)}"
                raise ValueError(f"mask must be bool (B, S) = {size}, not {given}")
            if not mask.any(-1).all():
                raise ValueError("mask must hold at least one True in each row")
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = scores.softmax(-1)
        return (weights[:, None] @ memory).squeeze(1), weights


class GRUDecoder(nn.Module):
    """y_t = g_V(y_{t−1}, h_{t−1}, c_t): c_t by attention, or c = h₀ at each word.

    Args:
        vocabulary: V. features: channels of the memory (B, places, features).
        summed: channels that f_W makes of each place and sums over them; of the sum comes
            h₀ = f_W(z).

    Raises:
        ValueError: a size below 1, or fewer than four words: three stand for none.
    """

    def __init__(self, vocabulary: int, features: int, *, attention: bool = True,
                 hidden: int = 92, embedding: int = 48, summed: int = 64,
                 places: int = PLACES) -> None:  # fmt: skip
        super().__init__()
        _require_sizes(features=features, hidden=hidden, embedding=embedding, summed=summed,
                       places=places)  # fmt: skip
        if vocabulary < 4:
            raise ValueError(f"vocabulary must be at least 4, not {vocabulary}")
        self.norm = nn.LayerNorm(features)
        self.words = nn.Embedding(vocabulary, embedding)
        self.places = nn.Parameter(torch.randn(places, features) * 0.3)
        self.what = nn.Linear(features, summed)
        self.sum_norm = nn.LayerNorm(summed)  # 64 terms would drive the tanh to its ends
        self.first = nn.Linear(summed, hidden)
        context = features if attention else hidden
        self.attention = AdditiveAttention(features, hidden, 48) if attention else None
        self.cell = GRUCell(embedding + context, hidden)
        self.mix = nn.Linear(hidden + (features if attention else 0), embedding)
        self.output = nn.Linear(embedding, vocabulary)

    def start(self, memory: Tensor) -> Hidden:
        """h₀ with what the words look at: (h, memory, keys), or (h, c)."""
        asked = tuple(self.places.shape)
        if memory.ndim != 3 or memory.shape[1:] != asked or len(memory) == 0:
            raise ValueError(f"memory must be (B, *{asked}), B ≥ 1, not {tuple(memory.shape)}")
        z = self.norm(memory) + self.places
        h = torch.tanh(self.first(self.sum_norm(F.relu(self.what(z)).sum(1))))
        return (h, h) if self.attention is None else (h, z, self.attention.memory(z))

    def step(
        self, words: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One more word (B,) to the logits of the next (B, V)."""
        h, *rest = state
        require_words(words, 1, self.output.out_features, len(h))
        c = rest[0] if self.attention is None else self.attention(h, *rest)[0]
        h = self.cell(torch.cat([self.words(words), c], -1), h)
        told = h if self.attention is None else torch.cat([h, c], -1)
        return self.output(torch.tanh(self.mix(told))), (h, *rest)

    def reorder(self, state: Hidden, rows: Tensor) -> Hidden:
        """Row i goes on from row ``rows[i]``, of the same image: the memory need not move."""
        h, *rest = state
        return (h[rows], *rest)

    def forward(self, memory: Tensor, words: Tensor) -> Tensor:
        """Teacher forcing: logits (B, T, V) after each of the words (B, T)."""
        require_words(words, 2, self.output.out_features, len(memory))
        state, logits = self.start(memory), []
        for t in range(words.shape[1]):
            next_word, state = self.step(words[:, t], state)
            logits.append(next_word)
        return torch.stack(logits, 1)


class Captioner(nn.Module):
    """Images and words (B, T) to logits (B, T, V)."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, images: Tensor, words: Tensor) -> Tensor:
        return self.decoder(self.encoder(images), words)
