"""What a cell shows, within bounds: too much is cut, and a mark stands where.

The bounds are on characters and on the number of outputs, so that whatever a cell prints or
displays can cross to the trusted side, and on the work for what is not kept.
"""

from __future__ import annotations

from typing import Any

MAX_OUTPUT = 1_000_000  # characters of a cell
MAX_ITEMS = 400  # outputs of a cell, and
MAX_ERRORS = 10  # among them
MAX_TURNS = 50  # changes between stdout and stderr that are kept as they came
NODE, MAX_DEPTH = 10, 30  # characters that a value inside JSON counts for at least; nesting
MAX_TRACEBACK, MAX_LINE = 100_000, 10_000
CUT = "\n… output cut here: there was more than is kept …\n"


class Outputs:
    """The outputs of the running cell."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._items: list[dict[str, Any]] = []  # a stream's text in parts, to be joined
        self._left = MAX_OUTPUT
        self._turns = self._errors = 0

    @property
    def items(self) -> list[dict[str, Any]]:
        """In nbformat's words."""
        return [
            {**item, "text": "".join(item["text"])} if "text" in item else item
            for item in self._items
        ]

    @property
    def full(self) -> bool:
        """Whether nothing more is kept but errors."""
        return self._left <= 0 or len(self._items) >= MAX_ITEMS

    def stream(self, name: str, text: str) -> None:
        if self.full or not text:
            return
        self._of(name)["text"].append(text[: self._left])
        self._left -= len(text)
        self._mark_end()

    def data(self, kind: str, data: dict) -> None:
        if self.full:
            return
        size = _size(data)
        if size > self._left:
            self._mark()
        else:
            self._items.append({"output_type": kind, "data": data})
            self._left -= size
        self._mark_end()

    def error(self, name: str, text: str, lines: list[str]) -> None:
        """The last one is always kept: it says what became of the cell."""
        kept: list[str] = []
        left = MAX_TRACEBACK
        for line in reversed(lines[-200:]):
            kept.append(line[: min(left, MAX_LINE)])
            left -= len(kept[-1])
        short = {"ename": name[:200], "evalue": text[:MAX_LINE], "traceback": kept[::-1]}
        if self._errors == MAX_ERRORS:
            last = [item["output_type"] for item in self._items][::-1].index("error")
            del self._items[-1 - last]
        else:
            self._errors += 1
        self._items.append({"output_type": "error", **short})

    def _of(self, name: str) -> dict[str, Any]:
        """The item that takes the next text. Two streams that alternate for ever are two."""
        last = self._items[-1] if self._items else {}
        if last.get("name") == name:
            return last
        if last.get("output_type") == "stream":
            self._turns += 1
            before = self._items[-2] if len(self._items) > 1 else {}
            if self._turns > MAX_TURNS and before.get("name") == name:
                return before
        item = {"output_type": "stream", "name": name, "text": []}
        self._items.append(item)
        return item

    def _mark_end(self) -> None:
        if self.full:
            self._mark()

    def _mark(self) -> None:
        if not (self._items and self._items[-1].get("text") == [CUT]):
            self._items.append({"output_type": "stream", "name": "stderr", "text": [CUT]})


def _size(value: Any, depth: int = 0) -> int:
    if depth > MAX_DEPTH:
        return MAX_OUTPUT + 1
    if isinstance(value, dict):
        return sum(len(str(k)) + NODE + _size(v, depth + 1) for k, v in value.items())
    if isinstance(value, list | tuple):
        return sum(NODE + _size(v, depth + 1) for v in value)
    return len(value if isinstance(value, str | bytes) else str(value))
