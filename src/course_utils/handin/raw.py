"""From bytes that nobody has checked to cells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BYTES = 30 << 20  # of a notebook without its outputs
MAX_SOURCE = 200_000
MAX_CELLS = 50_000
MAX_BRACKETS = 30_000_000  # of outputs: some seconds
_HEAVY = re.compile(rb'(?<!\\)"(?:outputs|attachments|widgets)"\s*:\s*(?=[\[{])')
_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """One cell of the file: what can be used of it."""

    kind: str
    source: str
    grade_id: str | None = None
    id: str | None = None


class Unreadable(Exception):
    """The file is no notebook; the message tells the student why."""


def without_outputs(data: bytes) -> bytes:
    """The text of a notebook with ``null`` for outputs, attachments and states of widgets.

    Only looks for where they begin and end: nothing is decoded, and the memory that is used
    is that of what is kept. A file that is no JSON comes back as something that is none.
    """
    kept, at, left = [], 0, MAX_BRACKETS
    while heavy := _HEAVY.search(data, at):
        kept += [data[at : heavy.end()], b"null"]
        at, left = _end_of_value(data, heavy.end(), left)
    return b"".join((*kept, data[at:])) if kept else data


def _end_of_value(data: bytes, start: int, left: int) -> tuple[int, int]:
    """Where the list or object ends that begins at ``start``."""
    depth = 0
    for token in _BRACKET.finditer(data, start):
        first = data[token.start()]
        if first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
        left -= 1
        if depth == 0:
            return token.end(), left
        if left < 0:
            raise Unreadable(
                "The outputs of the notebook hold too many parts. Clear them, save the "
                "notebook and hand it in again."
            )
    return len(data), left


def cells(data: bytes, notes: list[str]) -> list[Cell]:
    """The cells of a notebook in format 4, or 3 (where they lie in worksheets).

    Raises:
        Unreadable: there are none.
    """
    notebook = _parse(data, notes)
    found = notebook.get("cells")
    if found is None and isinstance(sheets := notebook.get("worksheets"), list):
        lists = [s.get("cells") for s in sheets if isinstance(s, dict)]
        found = [cell for part in lists if isinstance(part, list) for cell in part]
    if not isinstance(found, list) or not found:
        raise Unreadable("The file is a notebook without cells.")
    if len(found) > MAX_CELLS:
        notes.append(f"only the first {MAX_CELLS:,} cells were read")
    return list(_read(found[:MAX_CELLS]))


def _parse(data: bytes, notes: list[str]) -> dict:
    if not data.strip():
        raise Unreadable("The file is empty. Save the notebook and hand it in again.")
    data = without_outputs(data)
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"The file is larger than {MAX_BYTES >> 20} MB without its outputs. Take out what "
            "is not yours, save it and hand it in again."
        )
    try:
        notebook = json.loads(_text(data, notes))
    except (ValueError, RecursionError):
        raise Unreadable(
            "The file is not a Jupyter notebook (its content is not JSON). Save it in Jupyter "
            "as .ipynb and hand that file in."
        ) from None
    if not isinstance(notebook, dict):
        raise Unreadable("The file is JSON, but not a Jupyter notebook.")
    if notebook.get("nbformat") != 4:
        notes.append(f"notebook format {str(notebook.get('nbformat'))[:5]} was read as 4")
    return notebook


def _text(data: bytes, notes: list[str]) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        notes.append("byte order mark removed")
    for encoding in (
        "utf-8-sig",
        "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1",
    ):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":
            notes.append(f"the file is not UTF-8, read as {encoding}")
        return text
    raise ValueError("no text")


def _read(found: list) -> Iterator[Cell]:
    for cell in found:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        meta = cell.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        nbgrader = meta.get("nbgrader")
        yield Cell(
            kind="code" if cell.get("cell_type") == "code" else "markdown",
            source=_printable(source) if isinstance(source, str) else "",
            grade_id=_word(nbgrader.get("grade_id")) if isinstance(nbgrader, dict) else None,
            id=_word(cell.get("id")) or _word(meta.get("id")),  # Colab keeps it in there
        )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _printable(source: str) -> str:
    """What every later program can store: no lone surrogates, no endless cell, one newline,
    no byte order mark, which Python does not read."""
    source = (
        source.removeprefix("\ufeff")[:MAX_SOURCE].replace("\r\n", "\n").replace("\r", "\n")
    )
    return source.encode("utf-8", "replace").decode()
