"""Calls that an exercise bans and that its check refused when the answer ran."""

from __future__ import annotations

import re

from nbformat import NotebookNode

from course_utils.checks.report import MIME, Report

_REFUSED = re.compile(r"(.+?) is not allowed here: (.+?)(?: \[seed \d+\])?$", re.S)


def refusals(test: NotebookNode) -> list[str]:
    """Each refused call in words, from the report that the test cell shows."""
    found: dict[str, list[str]] = {}
    for output in test.get("outputs", []):
        for name, message in _failed(output):
            if refused := _REFUSED.match(message):
                said = f"{refused[1]} was called and refused: {refused[2]}"
                found.setdefault(said, []).append(name)
    return [f"{said} (in {', '.join(dict.fromkeys(names))})" for said, names in found.items()]


def _failed(output: NotebookNode) -> list[tuple[str, str]]:
    try:
        report = Report.from_data(output["data"][MIME])
    except (KeyError, TypeError, ValueError):
        return []
    return [(v.name, v.message) for v in report.verdicts if not v.passed]
