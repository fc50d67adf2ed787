"""How many predictions of a chapter were made and right."""

from __future__ import annotations

from pathlib import Path

import traitlets as t

from ..base import BookWidget


class Tally(BookWidget):
    """Counts what the reader's browser keeps of the questions ``names``."""

    _esm = Path(__file__).with_name("widget.js")

    names = t.List(t.Unicode()).tag(sync=True)

    def describe(self) -> str:
        return "Your browser counts here how many of your predictions were right."
