"""Published numbers with their source: ``book/facts.yml``, which travels in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from course_utils.course import CourseError

PLACES = (
    Path(__file__).parent / "measured" / "facts.yml",
    Path(__file__).parents[2] / "book" / "facts.yml",
)


def facts(group: str) -> dict[str, dict[str, Any]]:
    """The facts of a group: name -> value, what it is, source (a key of references.bib), where.

    Raises:
        CourseError: there is no such group.
    """
    known = _known()
    if group not in known:
        raise CourseError(f"no facts {group!r} in facts.yml; there are {', '.join(known)}")
    return known[group]


def cited(fact: dict[str, Any]) -> str:
    """Where a fact is from, for people: ``He 2016, table 4``."""
    author, year = fact["source"][:-4], fact["source"][-4:]
    return f"{author.capitalize()} {year}, {fact['where']}"


def groups() -> list[str]:
    """The names of all groups."""
    return list(_known())


def _known() -> dict[str, dict[str, dict[str, Any]]]:
    for path in PLACES:
        if path.is_file():
            return yaml.safe_load(path.read_text(encoding="utf-8"))
    raise CourseError("facts.yml is missing: install course-utils again")
