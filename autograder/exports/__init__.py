"""Grades and graders in the forms that other systems take, one module a format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        notes: what to know before it is used.
        problems: what should be in it and is not.
    """

    path: Path
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        return 1 if self.problems else 0
