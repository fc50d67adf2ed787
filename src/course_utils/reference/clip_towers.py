"""CLIP's two towers, small enough for a web page: one reads images, one reads texts.

Sources: A. Radford et al., "Learning transferable visual models from natural language
supervision", ICML 2021, section 2.4 (both end in one linear layer; the text's features are
those of its last token, the end of the text). The image tower's blocks are ResNet's.

Both give rows (B, 64) of any length; the loss and the classifier make them 1 long.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference.clip import LogitScale
from course_utils.reference.resnet import BasicBlock
from course_utils.reference.transformer import EncoderBlock

D = 64  # numbers that images and texts share
PAD = 0  # the number of no word
# Two tones that would else be told apart by "light" and "dark" alone.
WORD = re.compile(r"medium-light|medium-dark|[^\W_]+")


def split_words(text: str) -> list[str]:
    """The words of a text in small letters, without signs between them."""
    return WORD.findall(text.lower())


class Words:
    """A vocabulary: 0 is padding, then the words, and the largest number ends a text.

    Attributes:
        words: in the order of their numbers, which begin at 1. ``end``: the number of the end.
        length: words of the longest text.
    """

    def __init__(self, words: Sequence[str], length: int = 32) -> None:
        if isinstance(words, str) or not words or any(split_words(w) != [w] for w in words):
            raise ValueError("words must be a list of single words in small letters, not empty")
        require_different("words", words)
        if length < 1:
            raise ValueError(f"length must be at least 1, not {length}")
        self.words, self.length = tuple(words), length
        self.numbers = {word: n for n, word in enumerate(words, 1)}
        self.end = len(words) + 1

    @classmethod
    def of(cls, meanings: Sequence[Sequence[str]], least: int = 1, length: int = 32) -> Words:
        """Those of all names, and of keywords those that ``least`` meanings have, sorted.

        Args:
            meanings: for each its name, then its keywords.
        """
        names = {word for texts in meanings for word in split_words(texts[0])}
        uses = Counter(w for texts in meanings for w in set(split_words(" ".join(texts))))
        return cls(sorted(names | {word for word, n in uses.items() if n >= least}), length)

    def __len__(self) -> int:
        """How many numbers there are, padding and end included."""
        return len(self.words) + 2

    def unknown(self, text: str) -> list[str]:
        """The words of a text that have no number."""
        return [word for word in split_words(text) if word not in self.numbers]

    def encode(self, texts: Sequence[str], *, end: bool = False, skip: bool = False) -> Tensor:
        """Numbers (B, L) int64, padded with 0; L is that of the longest text, at least 1.

        Args:
            texts: one or more.
            end: whether each text closes with ``self.end``.
            skip: leave unknown words out; of a text without known words nothing remains.

        Raises:
            ValueError: there is no text, a text is longer than ``length``, or it has words
                that nobody knows and ``skip`` is False; the words are named.
        """
        if isinstance(texts, str) or not texts or not all(isinstance(t, str) for t in texts):
            raise ValueError("texts must be a list of one text or more, each a str")
        unknown = sorted({word for text in texts for word in self.unknown(text)})
        if unknown and not skip:
            raise ValueError(f"texts hold unknown words: {unknown}; skip=True leaves them out")
        rows = [[self.numbers[w] for w in split_words(t) if w in self.numbers] for t in texts]
        longest = max(map(len, rows))
        if longest > self.length:
            text = texts[[len(row) for row in rows].index(longest)]
            raise ValueError(
                f"texts must have at most {self.length} words, and {text!r} has {longest}"
            )
        rows = [[*row, self.end] for row in rows] if end else rows
        size = max(1, longest + end)
        return torch.tensor([row + [PAD] * (size - len(row)) for row in rows])


def require_different(name: str, texts: Sequence[str]) -> None:
    """Refuse texts that are given twice: each would be called wrong for the other's image.

    For the captions of a batch, and for the labels of a classifier.

    Args:
        name: of the argument, for the sentence.

    Raises:
        ValueError: names the texts; small letters and spaces do not tell two apart.
    """
    uses = Counter(" ".join(text.lower().split()) for text in texts)
    if twice := [text for text, n in uses.items() if n > 1]:
        raise ValueError(f"{name} must differ, and these are given twice or more: {twice}")


def label_prompts(labels: Sequence[str], templates: Sequence[str]) -> list[list[str]]:
    """Each label in each template, such as ``"a photo of a {}"``: K lists of P texts.

    Raises:
        ValueError: there is no label or template, a label is given twice, or a template has
            no place for it.
    """
    if isinstance(labels, str) or isinstance(templates, str) or not labels or not templates:
        raise ValueError("labels and templates must be lists of one text or more")
    if lacking := [template for template in templates if "{}" not in template]:
        raise ValueError(f"templates must hold {{}} where the label goes, not {lacking[0]!r}")
    require_different("labels", labels)
    return [[template.replace("{}", label) for template in templates] for label in labels]


class ImageTower(nn.Module):
    """Images (B, 3, 32, 32) in 0 to 1 to features (B, d): 76 k weights.

    Strides halve 32 × 32 to 16, 8 and 4 pixels; the mean over 2 × 2 of these leaves four
    places, so that left and right, top and bottom are still told apart.
    """

    def __init__(self, d: int = D, widths: tuple[int, int, int] = (16, 28, 44)) -> None:
        super().__init__()
        a, b, c = widths
        self.layers = nn.Sequential(
            *_halving(3, a), *_halving(a, b), BasicBlock(b, b),
            *_halving(b, c), BasicBlock(c, c), nn.AvgPool2d(2), nn.Flatten(),
        )  # fmt: skip
        self.projection = nn.Linear(4 * c, d)

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != (3, 32, 32) or not images.is_floating_point() or not len(images):
            found = f"{images.dtype} {tuple(images.shape)}"
            raise ValueError(f"images must be floats (B, 3, 32, 32) in 0 to 1, not {found}")
        return self.projection(self.layers((images - 0.7) * 2))  # emoji stand on white


def _halving(c_in: int, c_out: int) -> list[nn.Module]:
    """Half as many pixels each way."""
    return [nn.Conv2d(c_in, c_out, 3, 2, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(True)]


class WordMean(nn.Module):
    """Texts (B, L) of numbers to features (B, d): the mean of the words' vectors, one layer.

    It does not see the order of the words. A text without known words has the bias alone.

    Args:
        words: how many numbers there are; the end of a text need not be among them.
    """

    def __init__(self, words: int, d: int = D, width: int = 64) -> None:
        super().__init__()
        self.vectors = _vectors(words, width)
        self.projection = nn.Linear(width, d)

    def forward(self, words: Tensor) -> Tensor:
        _require_numbers(words, len(self.vectors.weight))
        there = (words != PAD)[..., None].to(self.vectors.weight)  # (B, L, 1)
        total = (self.vectors(words) * there).sum(1)
        return self.projection(total / there.sum(1).clamp(min=1))


def _vectors(words: int, width: int) -> nn.Embedding:
    vectors = nn.Embedding(words, width, padding_idx=PAD)
    nn.init.normal_(vectors.weight, std=0.3)
    with torch.no_grad():
        vectors.weight[PAD] = 0
    return vectors


def _require_numbers(words: Tensor, size: int) -> None:
    """Refuse what are no texts. A GPU's values are not looked at: that would wait for it."""
    if words.ndim != 2 or 0 in words.shape or words.dtype != torch.int64:
        raise ValueError(f"words must be int64 (B, L), not {words.dtype} {tuple(words.shape)}")
    if words.device.type == "cpu" and not 0 <= words.min() <= words.max() < size:
        raise ValueError(f"words must be numbers from 0 to {size - 1}")


def end_of_text(states: Tensor, words: Tensor, end: int) -> Tensor:
    """The state at each text's end, which under a causal mask alone has seen the whole text.

    Args:
        states: (B, L, d). words: (B, L), each row with ``end`` once, padding after it.

    Returns:
        (B, d). The last place of a row is another one wherever a text is padded.

    Raises:
        ValueError: the shapes do not fit, or a row has no end or several.
    """
    if states.ndim != 3 or states.shape[:2] != words.shape:
        shapes = f"{tuple(states.shape)} and {tuple(words.shape)}"
        raise ValueError(f"states must be (B, L, d) and words (B, L), not {shapes}")
    is_end = words == end
    if words.device.type == "cpu" and not (is_end.sum(1) == 1).all():
        raise ValueError(
            f"words must have the end, {end}, once in each row: encode(…, end=True)"
        )
    places = is_end.int().argmax(1)
    return states[torch.arange(len(states), device=states.device), places]


class TextTransformer(nn.Module):
    """CLIP's own kind of text tower: texts (B, L) with their ends to features (B, d).

    A word sees itself and those before it (a causal mask), so the padding is never seen.

    Args:
        words: how many numbers there are, the largest is the end of a text.
        length: of the longest text, its end included.
    """

    def __init__(self, words: int, d: int = D, layers: int = 2, heads: int = 4,
                 length: int = 33) -> None:  # fmt: skip
        super().__init__()
        self.end = words - 1
        self.vectors = _vectors(words, d)
        self.places = nn.Parameter(torch.randn(length, d) * 0.05)
        self.layers = nn.ModuleList(EncoderBlock(d, heads, 2 * d) for _ in range(layers))
        self.norm, self.projection = nn.LayerNorm(d), nn.Linear(d, d, bias=False)

    def forward(self, words: Tensor) -> Tensor:
        _require_numbers(words, self.end + 1)
        length = words.shape[1]
        if length > len(self.places):
            raise ValueError(f"words must be at most {len(self.places)} a text, not {length}")
        x = self.vectors(words) + self.places[:length]
        for layer in self.layers:
            x = _causal(layer, x)
        return self.projection(self.norm(end_of_text(x, words, self.end)))


def _causal(layer: Any, x: Tensor) -> Tensor:
    """An ``EncoderBlock`` whose words see no later ones."""
    x = x + layer.self_attn(layer.norm1(x), causal=True)
    return x + layer.linear2(F.gelu(layer.linear1(layer.norm2(x))))


class CLIP(nn.Module):
    """Two towers and the logit scale; ``model(images, words)`` is what the loss takes."""

    def __init__(self, image: nn.Module, text: nn.Module) -> None:
        super().__init__()
        self.image, self.text, self.scale = image, text, LogitScale()

    def forward(self, images: Tensor, words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 3, 32, 32) and (B, L) -> features (B, d) twice, and s."""
        return self.image(images), self.text(words), self.scale()
