"""What ships, what was fetched, and whose it is: for ``course data list`` and the Data page."""

from __future__ import annotations

from collections.abc import Iterator

from course_utils.data.cifar10 import available
from course_utils.data.manifest import manifest, sources


def lines() -> Iterator[str]:
    """A line a set: where it is, its size, licence and title."""
    for row in rows():
        size = f"{row['bytes'] / 1e6:6.2f} MB" if row["bytes"] else " " * 9
        yield f"{row['where']:12s} {size}  {row['licence']:20s} {row['title']}"


def rows() -> Iterator[dict]:
    """Of each set of ``sources.yml``: name, title, where, bytes, licence, authors, changes."""
    for name, facts in sources()["sets"].items():
        size = sum(file["bytes"] for file in manifest().values() if file["set"] == name)
        yield {"name": name, **facts, "bytes": size, "where": _where(name, size)}


def _where(name: str, size: int) -> str:
    if size:
        return "ships"
    if name == "cifar10":
        return "fetched" if available() else "not fetched"
    return "scikit-image"
