"""Measured results with their provenance: the book's numbers come from here.

They lie under ``results/`` in a checkout and travel inside the package to students.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from course_utils.course import CourseError

PLACES = (Path(__file__).parent / "measured", Path(__file__).parents[2] / "results")


class Table:
    """A measurement as a table, with hardware, date and command below it."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.rows: list[dict[str, Any]] = record["rows"]

    @property
    def provenance(self) -> str:
        keys = ("hardware", "software", "date", "commit")
        facts = ", ".join(self.record[key] for key in keys)
        return f"{self.record['caption']}. {facts}, seed {self.record['seed']}."

    def __repr__(self) -> str:
        lines = [
            "  ".join(f"{key}: {value}" for key, value in row.items()) for row in self.rows
        ]
        return "\n".join([*lines, self.provenance])

    def _repr_html_(self) -> str:
        def cells(values: Any, tag: str) -> str:
            return "".join(f"<{tag}>{escape(str(v))}</{tag}>" for v in values)

        body = "".join(f"<tr>{cells(row.values(), 'td')}</tr>" for row in self.rows)
        return (
            f"<table><thead><tr>{cells(self.rows[0], 'th')}</tr></thead>"
            f"<tbody>{body}</tbody></table><p><small>{escape(self.provenance)}</small></p>"
        )


def table(name: str) -> Table:
    """The measurement ``results/<name>.json``.

    Raises:
        CourseError: there is none of that name.
    """
    for place in PLACES:
        path = place / f"{name}.json"
        if path.is_file():
            return Table(json.loads(path.read_text()))
    raise CourseError(f"no result {name!r}: run python -m benchmarks.{name} to measure it")
