"""One sentence for everybody who asks for a split that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from course_utils.course import CourseError


class UnknownSplit(CourseError, ValueError):
    """The split that was asked for does not exist."""


def require_split(split: str, known: Iterable[str], name: str) -> None:
    """Raise ``UnknownSplit`` unless ``split`` is one of ``known``."""
    known = list(known)
    if split not in known:
        raise UnknownSplit(f"{name} has no split {split!r}; it has {', '.join(known)}")
