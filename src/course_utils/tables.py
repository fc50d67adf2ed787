"""Rows as a table: text in a terminal, HTML on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

LONG = 30  # more rows than that are folded away on a page

Row = Mapping[str, Any]


def counted(number: int, noun: str) -> str:
    """``1 round``, ``3 rounds``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Table:
    """Rows with the same keys; the keys are the head."""

    def __init__(self, rows: Iterable[Row], note: str = "") -> None:
        self.rows = [dict(row) for row in rows]
        self.note = note

    def __repr__(self) -> str:
        lines = [
            "  ".join(f"{key}: {_shown(value)}" for key, value in row.items())
            for row in self.rows
        ]
        return "\n".join([*lines, *filter(None, [self.note])])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(str(key))}</th>" for key in self.rows[0])
        body = "".join(f"<tr>{_cells(row.values())}</tr>" for row in self.rows)
        note = f"<p><small>{escape(self.note)}</small></p>" if self.note else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        # A table that scrolls sideways must be reached by keyboard, and say what it is.
        label = escape(self.note.split(".")[0] or f"Table: {', '.join(map(str, self.rows[0]))}")
        region = f'<div class="wide" role="group" tabindex="0" aria-label="{label}">'
        whole = f"{region}{table}</div>"
        if len(self.rows) > LONG:
            whole = f"<details><summary>All {len(self.rows)} rows</summary>{whole}</details>"
        return f"{whole}{note}"


def _cells(values: Iterable[Any]) -> str:
    return "".join(f"<td>{escape(_shown(value))}</td>" for value in values)


def _shown(value: Any) -> str:
    """None is what was not measured."""
    return "–" if value is None else str(value)
