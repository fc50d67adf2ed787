"""Changed, deleted and renamed tests and cells: what the intake noted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.gradebook.records import Result
from autograder.integrity.findings import Finding, Kind

# Other notes are slips with files, or say where an answer was found.
_CHANGED = re.compile(r"the (locked|answer) cell “|\d+ of \d+ added cells")
_CELL = re.compile(r"“(?:test_)?(\w+)”")


def changes(result: Result) -> Iterator[Finding]:
    for note in result.notes:
        if _CHANGED.match(note):
            cell = _CELL.search(note)
            exercise = cell[1] if cell else ""
            yield Finding(result.student, result.assignment, exercise, Kind.CHANGED, note)
