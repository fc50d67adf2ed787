"""How much may cross the boundary in one message, counted before anything is made of it.

A tree of JSON is cheap to send and may be dear to build: each bound here is one way of making
it dear. What they leave takes a few seconds and some hundred megabytes at most, measured in
``tests/attacks/replies.py``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

MAX_TREE = 16 << 20  # bytes of JSON; parsed, each may take forty
MAX_HEAD = 2 * MAX_TREE + (4 << 20)  # with the tree quoted in it, and a line a tensor
MAX_NODES = 200_000
MAX_DEPTH = 60
MAX_TEXT = 4_000_000
MAX_DIGITS = 4_000  # of an int; Python itself refuses to print longer ones
MAX_TENSORS = 20_000
MAX_DIMS = 32
MAX_ELEMENTS = 1 << 28  # that a shape stands for, its zeros counted as ones
# Keys of sets and dicts that are no text: anybody can choose numbers that all have the same
# hash, and n of them take n² steps.
MAX_KEYS = 5_000


class WireError(ValueError):
    """A value that cannot cross, or bytes that are no value."""


class Tally:
    """Counts what a message holds; what is too much is a ``WireError``."""

    def __init__(self) -> None:
        self._nodes = self._tensors = self._keys = 0

    def node(self, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise WireError("a value too large or too deeply nested to cross")

    def count(self, tensors: int) -> None:
        self._tensors += tensors
        if self._tensors > MAX_TENSORS:
            raise WireError(f"a value of more than {MAX_TENSORS} tensors is too large to cross")

    def shape(self, shape: Sequence[int]) -> None:
        """Also of an empty tensor: its sum along the dimension of size 0 is none."""
        if len(shape) > MAX_DIMS or math.prod(max(1, n) for n in shape) > MAX_ELEMENTS:
            raise WireError(f"a shape of {len(shape)} dimensions is too large to cross")

    def keys(self, keys: Iterable[Any]) -> None:
        """Of a set or dict that will be made."""
        self._keys += sum(map(_steps, keys))
        if self._keys > MAX_KEYS:
            raise WireError(f"more than {MAX_KEYS} keys that are no texts cannot cross")


def _steps(key: Any) -> int:
    """How long it takes to compare ``key`` with another one. Texts have hashes of their own."""
    if isinstance(key, str | bytes):
        return 0
    if isinstance(key, int):
        return 1 + key.bit_length() // 64
    if isinstance(key, tuple | frozenset):
        return 1 + sum(map(_steps, key))
    return 1


def tree_of(tree: Any) -> str:
    """The JSON of ``tree``."""
    text = json.dumps(tree)
    if len(text) > MAX_TREE:
        raise WireError(f"a value of {len(text) >> 20} MB beside its tensors cannot cross")
    return text


def head_of(blob: bytes) -> dict:
    """The head of a safetensors file: of each tensor its type, shape and place.

    Raises:
        ValueError: there is none.
    """
    size = int.from_bytes(blob[:8], "little")
    if size > MAX_HEAD:
        raise WireError(f"{size} bytes in front of the tensors are too many")
    return dict(json.loads(blob[8 : 8 + size]))
