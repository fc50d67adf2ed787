"""Measured results with their provenance: the book's numbers come from here.

They lie under ``results/`` in a checkout and travel inside the package to students.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course_utils.course import CourseError
from course_utils.tables import Table

PLACES = (Path(__file__).parent / "measured", Path(__file__).parents[2] / "results")


class Measurement(Table):
    """A measurement as a table, with hardware, date and seed below it."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        facts = ", ".join(record[key] for key in ("hardware", "software", "date", "commit"))
        super().__init__(
            record["rows"], f"{record['caption']}. {facts}, seed {record['seed']}."
        )


def table(name: str) -> Measurement:
    """The measurement ``results/<name>.json``.

    Raises:
        CourseError: there is none of that name.
    """
    for place in PLACES:
        path = place / f"{name}.json"
        if path.is_file():
            return Measurement(json.loads(path.read_text()))
    raise CourseError(f"no result {name!r}: run python -m benchmarks.{name} to measure it")
