"""Captions from images: vocabulary, encoder, decoders with and without attention (chapter 6).

The lecture's names: z the features of the image, h₀ = f_W(z), y_t = g_V(y_{t−1}, h_{t−1}, c).
What a decoder says is searched for in ``search``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference.search import END, PAD, START, Decoder, beam_search, greedy

__all__ = ["END", "PAD", "PLACES", "START", "AdditiveAttention", "Captioner", "Decoder",
           "GRUCell", "GRUDecoder", "ImageEncoder", "Residual", "Vocabulary", "beam_search",
           "greedy"]  # fmt: skip

Hidden = tuple[Tensor, ...]  # h and what the words look at
PLACES = 64  # cells of the 8 × 8 grid


class Vocabulary:
    """Words and their numbers: 0 ``<pad>``, 1 ``<start>``, 2 ``<end>``, then the words."""

    def __init__(self, words: Sequence[str]) -> None:
        if not words or len(set(words)) != len(words):
            raise ValueError("words must hold at least one word, each once")
        self.words = ["<pad>", "<start>", "<end>", *words]
        self.numbers = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, captions: Sequence[str]) -> Tensor:
        """Captions to numbers (B, L): start, words, end, padding. A comma is a word.

        Raises:
            ValueError: there is no caption, or a word that the vocabulary lacks.
        """
        if isinstance(captions, str) or not captions:
            raise ValueError("captions must be a list of at least one caption")
        split = [caption.replace(",", " , ").split() for caption in captions]
        unknown = sorted({w for words in split for w in words} - set(self.words[3:]))
        if unknown:
            raise ValueError(f"captions hold words that the vocabulary lacks: {unknown}")
        ids = [[START, *(self.numbers[w] for w in words), END] for words in split]
        length = max(map(len, ids))
        return torch.tensor([row + [PAD] * (length - len(row)) for row in ids])

    def decode(self, ids: Sequence[int] | Tensor) -> str:
        """Numbers (L,) to a caption: up to the end word, without start and padding."""
        said = []
        for i in ids.tolist() if isinstance(ids, Tensor) else ids:
            if not 0 <= i < len(self):
                raise ValueError(f"ids must be from 0 to {len(self) - 1}, not {i}")
            if i == END:
                break
            if i > END:
                said.append(self.words[i])
        return " ".join(said).replace(" ,", ",")


class Residual(nn.Module):
    """Two 3 × 3 convolutions and a shortcut; halves the grid."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = nn.Sequential(
            nn.Conv2d(channels, out, 1, 2, bias=False), nn.BatchNorm2d(out)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class ImageEncoder(nn.Module):
    """Images (B, 3, 64, 64), uint8 or 0 to 1, to z (B, 64, C): the 8 × 8 grid, row by row."""

    def __init__(self, channels: tuple[int, int, int] = (24, 40, 80)) -> None:
        super().__init__()
        a, b, c = channels
        self.size = c
        self.conv1 = nn.Conv2d(3, a, 5, 2, 2, bias=False)
        self.bn1 = nn.BatchNorm2d(a)
        self.layer1 = Residual(a, b)
        self.layer2 = Residual(b, c)

    def forward(self, images: Tensor) -> Tensor:
        if images.ndim != 4 or images.shape[1:] != (3, 64, 64) or len(images) == 0:
            raise ValueError(f"images must be (B, 3, 64, 64), B ≥ 1, not {tuple(images.shape)}")
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
        bound = hidden**-0.5
        shapes = {"weight_ih": (3 * hidden, inputs), "weight_hh": (3 * hidden, hidden),
                  "bias_ih": (3 * hidden,), "bias_hh": (3 * hidden,)}  # fmt: skip
        for name, shape in shapes.items():
            weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
            self.register_parameter(name, weight)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        xr, xu, xn = F.linear(x, self.weight_ih, self.bias_ih).chunk(3, -1)
        hr, hu, hn = F.linear(h, self.weight_hh, self.bias_hh).chunk(3, -1)
        u = torch.sigmoid(xu + hu)
        n = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        return n + u * (h - n)


class AdditiveAttention(nn.Module):
    """softmax(vᵀ tanh(W_m m + W_h h)) over the memory (Bahdanau et al., 2015)."""

    def __init__(self, memory: int, query: int, size: int) -> None:
        super().__init__()
        self.memory = nn.Linear(memory, size)
        self.query = nn.Linear(query, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, h: Tensor, memory: Tensor, keys: Tensor | None = None,
                mask: Tensor | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Context (B, C) and weights (B, S) from h (B, H) and memory (B, S, C).

        Args:
            keys: ``self.memory(memory)`` where it is at hand already.
            mask: bool (B, S), True: may look.
        """
        if memory.ndim != 3 or len(memory) != len(h) or 0 in memory.shape:
            raise ValueError(f"memory must be (B, S, C), B as in h, not {tuple(memory.shape)}")
        keys = self.memory(memory) if keys is None else keys
        scores = self.score(torch.tanh(keys + self.query(h)[:, None])).squeeze(-1)
        if mask is not None:
            if mask.dtype != torch.bool or not mask.any(-1).all():
                raise ValueError("mask must be bool with at least one True in each row")
            scores = scores.masked_fill(~mask, -torch.inf)
        weights = scores.softmax(-1)
        return (weights[:, None] @ memory).squeeze(1), weights


class GRUDecoder(nn.Module):
    """y_t = g_V(y_{t−1}, h_{t−1}, c_t): c_t by attention, or c = h₀ at each word.

    Args:
        vocabulary: V. features: channels of the memory (B, places, features).
        reduced: channels of each place from which h₀ = f_W(z) is made.
    """

    def __init__(self, vocabulary: int, features: int, *, attention: bool = True,
                 hidden: int = 92, embedding: int = 48, reduced: int = 2,
                 places: int = PLACES) -> None:  # fmt: skip
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.words = nn.Embedding(vocabulary, embedding)
        self.reduce = nn.Linear(features, reduced)
        self.first = nn.Linear(reduced * places, hidden)
        context = features if attention else hidden
        self.attention = AdditiveAttention(features, hidden, 48) if attention else None
        if attention:
            self.places = nn.Parameter(torch.randn(places, features) * 0.3)
        self.cell = GRUCell(embedding + context, hidden)
        self.mix = nn.Linear(hidden + (features if attention else 0), embedding)
        self.output = nn.Linear(embedding, vocabulary)

    def start(self, memory: Tensor) -> Hidden:
        """h₀ with what the words look at: (h, memory, keys), or (h, c)."""
        asked = (self.first.in_features // self.reduce.out_features, self.reduce.in_features)
        if memory.ndim != 3 or memory.shape[1:] != asked or len(memory) == 0:
            raise ValueError(f"memory must be (B, *{asked}), B ≥ 1, not {tuple(memory.shape)}")
        z = self.norm(memory)
        z = z if self.attention is None else z + self.places
        h = torch.tanh(self.first(F.relu(self.reduce(z)).flatten(1)))
        return (h, h) if self.attention is None else (h, z, self.attention.memory(z))

    def step(
        self, words: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One more word (B,) to the logits of the next (B, V)."""
        h, *rest = state
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
        if words.ndim != 2 or 0 in words.shape or len(words) != len(memory):
            raise ValueError(f"words must be (B, T), B as in memory, not {tuple(words.shape)}")
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
