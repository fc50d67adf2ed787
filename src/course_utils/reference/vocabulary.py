"""Words and their numbers (chapter 6)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

PAD, START, END = 0, 1, 2  # the numbers that stand for no word


class Vocabulary:
    """Words and their numbers: 0 ``<pad>``, 1 ``<start>``, 2 ``<end>``, then the words."""

    def __init__(self, words: Sequence[str]) -> None:
        if isinstance(words, str) or not words:
            raise ValueError("words must be a list of at least one word")
        self.words = ["<pad>", "<start>", "<end>", *words]
        if len(set(self.words)) != len(self.words) or any(w.split() != [w] for w in words):
            raise ValueError("words must hold each word once, none with white space or special")
        self.numbers = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, captions: Sequence[str]) -> Tensor:
        """Captions to numbers (B, L): start, words, end, padding. A comma is a word.

        A caption without words becomes start and end alone.

        Raises:
            ValueError: there is no caption, or a word that the vocabulary lacks.
        """
        if isinstance(captions, str) or not captions or not all(map(_is_text, captions)):
            raise ValueError("captions must be a list of at least one caption, each a str")
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
            if not isinstance(i, int):
                raise ValueError("ids must be whole numbers (L,), those of one caption")
            if not 0 <= i < len(self):
                raise ValueError(f"ids must be from 0 to {len(self) - 1}, not {i}")
            if i == END:
                break
            if i > END:
                said.append(self.words[i])
        return " ".join(said).replace(" ,", ",")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def require_words(words: Tensor, dimensions: int, vocabulary: int, rows: int) -> None:
    """Refuse what are no numbers of words: int64 (B,) or (B, T), B = rows, from 0 to V − 1.

    On a GPU their values are not looked at: that would wait for it at each word.
    """
    shape = tuple(words.shape)
    if len(shape) != dimensions or 0 in shape or words.dtype != torch.int64:
        asked = "(B,)" if dimensions == 1 else "(B, T)"
        raise ValueError(f"words must be int64 {asked}, not empty, not {words.dtype} {shape}")
    if len(words) != rows:
        raise ValueError(f"words must have as many rows as the memory, {rows}, not {shape[0]}")
    if words.device.type == "cpu" and not 0 <= words.min() <= words.max() < vocabulary:
        raise ValueError(f"words must be numbers from 0 to {vocabulary - 1}")
