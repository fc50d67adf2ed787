"""How much of a submission fits on a page; the notebook that was handed in stays as it is."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from autograder.reports import sanitize
from autograder.reports.pictures import is_sound

TEXT = 20_000  # characters of one cell or output
OUTPUTS = 20  # of one cell


class Room:
    """What is left of a page for a student's cells and outputs.

    Attributes:
        cuts: sentences that say what did not fit.
    """

    def __init__(self, rich: int = 60_000, plain: int = 200_000, pictures: int = 3_000_000):
        self._rich, self._plain, self._pictures = rich, plain, pictures
        self.cuts: list[str] = []

    def text(self, text: str, make: Callable[[str], Markup]) -> Markup:
        """``text`` as ``make`` shows it; plain, or its beginning, where it is too long."""
        if len(text) <= min(self._rich, sanitize.MAX_RICH):
            self._rich -= len(text)
            return make(text)
        size = min(len(text), TEXT, self._plain)
        self._plain -= size
        if size == len(text):
            return sanitize.plain(text)
        self._cut(f"the first {size:,} of {len(text):,} characters are shown")
        return sanitize.plain(text[:size] + "\n…") + self._note()

    def picture(self, kind: str, content: str) -> Markup:
        """A picture as part of the page, if it is small and sound."""
        if len(content) > self._pictures or not is_sound(kind, content):
            self._cut("a picture that is too large or broken is left out")
            return self._note()
        self._pictures -= len(content)
        return Markup('<img alt="" src="data:{};base64,{}">').format(kind, content)

    def first(self, outputs: list) -> tuple[list, Markup]:
        """The first outputs of a cell, and a line about the others."""
        if len(outputs) <= OUTPUTS:
            return outputs, Markup()
        self._cut(f"{len(outputs) - OUTPUTS:,} more outputs are left out")
        return outputs[:OUTPUTS], self._note()

    def _cut(self, sentence: str) -> None:
        self.cuts.append(sentence)

    def _note(self) -> Markup:
        return Markup('<p class="cut">Cut here: {}.</p>').format(self.cuts[-1])
