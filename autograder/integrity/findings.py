"""One thing for the instructor to look at, with its evidence in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What was found. The order is that of the page."""

    SIMILAR = "near-identical"
    REFUSED = "refused call"
    REFERENCE = "use of the course's code"
    CHANGED = "changed cells"
    DETOUR = "past the checks"


@dataclass(frozen=True)
class Finding:
    """A row of ``integrity.csv``.

    Attributes:
        exercise: its grade id; empty where the finding is of the whole notebook.
        score: share of this student's own tokens that match, 0 to 1; only of copies.
        other: the other student; only of copies.
        detail: the evidence in words.
    """

    student: str
    assignment: str
    exercise: str
    kind: Kind
    detail: str
    score: float | None = None
    other: str = ""
