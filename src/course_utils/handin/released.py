"""What a released notebook asks for."""

from __future__ import annotations

import builtins
from collections import defaultdict
from enum import Enum
from functools import cached_property

from nbformat import NotebookNode

from course_utils.handin import names

LONG = 40  # characters of a cell that can be found inside a merged one


class Role(Enum):
    GIVEN = "a demonstration or text"
    ANSWER = "holds code that a test looks at"
    TEXT = "holds what a person reads"
    LOCKED = "a test, or another cell that is never the student's"


class Released:
    """The released notebook, its cells by place.

    Attributes:
        asked: for the place of each test the names that it asks for.
        stubs: the definitions that were handed out unsolved, in one way of writing.
    """

    def __init__(self, notebook: NotebookNode) -> None:
        self.cells = notebook.cells
        self.roles = [_role(c) for c in self.cells]
        self.ids = [str(c.get("id", "")) for c in self.cells]
        self.grade_ids = [_nbgrader(c).get("grade_id") for c in self.cells]
        self.texts = [tidy(c.source) for c in self.cells]
        self.by_text: dict[str, list[int]] = defaultdict(list)
        for place, text in enumerate(self.texts):
            self.by_text[text].append(place)
        solutions = [c.source for c in self._of(Role.ANSWER)]
        given = {n for c in self._of(Role.GIVEN, Role.LOCKED) for n in names.bound(c.source)}
        bound = {n for source in solutions for n in names.bound(source)}
        free = given | set(dir(builtins))
        self.asked = {
            place: {n for n in _read_by(c.source) if n in bound or n not in free}
            for place, c in enumerate(self.cells)
            if self.roles[place] is Role.LOCKED and c.cell_type == "code"
        }
        self.stubs = frozenset(
            names.canonical(s) for source in solutions for s in names.parse(source) or ()
        ) - {""}

    def _of(self, *roles: Role) -> list[NotebookNode]:
        code = [c for c, r in zip(self.cells, self.roles, strict=True) if r in roles]
        return [c for c in code if c.cell_type == "code"]

    @cached_property
    def names(self) -> set[str]:
        """Every name that a test asks for."""
        return {n for asked in self.asked.values() for n in asked}

    @cached_property
    def answers(self) -> dict[str, int]:
        """The place of the answer cell of each name: the one that defines it, else the last
        before the test."""
        found: dict[str, int] = {}
        last = None
        for place, role in enumerate(self.roles):
            if role is Role.ANSWER:
                last = place
                found |= dict.fromkeys(
                    names.bound(self.cells[place].source) & self.names, place
                )
            elif last is not None:
                for name in self.asked.get(place, ()):
                    found.setdefault(name, last)
        return found

    @cached_property
    def lines(self) -> set[str]:
        """Every line of released text."""
        text = [c.source for c in self.cells if c.cell_type == "markdown"]
        return {line.strip() for source in text for line in source.splitlines()}

    @cached_property
    def inside(self) -> list[str]:
        """Texts that show where cells were merged, the longest first."""
        found = {
            text
            for place, text in enumerate(self.texts)
            if self.asked.get(place) or len(text) >= LONG
        }
        return sorted(found, key=len, reverse=True)


def tidy(source: str) -> str:
    """A source as it is compared: without spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _read_by(source: str) -> set[str]:
    return names.used(source) - names.bound(source)


def _nbgrader(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def _role(cell: NotebookNode) -> Role:
    meta = _nbgrader(cell)
    if meta.get("solution"):
        return Role.TEXT if meta.get("grade") or cell.cell_type != "code" else Role.ANSWER
    return Role.LOCKED if meta.get("grade") or meta.get("locked") else Role.GIVEN
