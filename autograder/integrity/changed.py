"""Changed, deleted and renamed tests and cells: what the intake noted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.gradebook.records import Result
from autograder.integrity.findings import Finding, Kind

# Slips with files that say nothing about the work.
_HARMLESS = re.compile(
    r"byte order mark|the file is not UTF-8|notebook format|handed in as", re.IGNORECASE
)
_CELL = re.compile(r"“(?:test_)?(\w+)”")


def changes(result: Result) -> Iterator[Finding]:
    for note in result.notes:
        if not _HARMLESS.match(note):
            cell = _CELL.search(note)
            exercise = cell[1] if cell else ""
            yield Finding(result.student, result.assignment, exercise, Kind.CHANGED, note)
