"""From whatever bytes a student handed in to the notebook that is graded.

A student's notebook is never graded as it is: the released notebook is, with the sources of
the student's solution cells put in by nbgrader's ``grade_id``, and the student's own cells
between them. So no broken metadata, deleted test or renamed cell reaches nbgrader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import is_grade, is_solution

from autograder.gradebook.cells import EXTRA
from autograder.gradebook.records import Handin
from autograder.gradebook.status import Status

MAX_BYTES = 30 << 20
MAX_EXTRA_CELLS = 300
MAX_SOURCE = 200_000


@dataclass(frozen=True)
class Submission:
    """A notebook to grade, or a status and the reason for the student why there is none."""

    notebook: NotebookNode | None
    status: Status = Status.GRADED
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class _Cell:
    """One cell of a file that nobody has checked."""

    kind: str
    source: str
    grade_id: str | None
    id: str | None


class _Unreadable(Exception):
    """The file is no notebook; the message tells the student why."""


def pick(folder: Path, assignment: str) -> Handin:
    """The file in ``folder`` that is meant to be the notebook ``assignment``."""
    wanted = f"{assignment}.ipynb"
    files = {
        f.name: f
        for f in (sorted(folder.iterdir()) if folder.is_dir() else [])
        if f.is_file() and not f.is_symlink() and not f.name.startswith(".")
    }
    if wanted in files:
        return _load(files[wanted])
    # "02_convolution (1).ipynb", "02_convolution.ipynb.txt"; or the only notebook there is
    close = [n for n in files if n.startswith(assignment) and ".ipynb" in n]
    notebooks = [n for n in files if n.endswith(".ipynb")]
    for candidates in (close, notebooks):
        if len(candidates) == 1:
            note = f"handed in as “{candidates[0]}” instead of “{wanted}”"
            return _load(files[candidates[0]], note)
    if not files:
        return Handin(None, f"No notebook {wanted} was handed in.")
    names = ", ".join(f"“{n}”" for n in files)
    return Handin(None, f"No notebook {wanted} was handed in; there is only {names}.")


def _load(file: Path, *notes: str) -> Handin:
    with file.open("rb") as stream:
        return Handin(stream.read(MAX_BYTES + 1), notes=notes)


def read(data: bytes, release: NotebookNode) -> Submission:
    """``data`` as a notebook to grade. Never raises, whatever the bytes."""
    notes: list[str] = []
    try:
        cells = list(_cells(_parse(data, notes)))
    except _Unreadable as problem:
        return Submission(None, Status.UNREADABLE, str(problem))
    answers = {c.metadata.nbgrader.grade_id for c in release.cells if is_solution(c)}
    if not answers & {c.grade_id for c in cells}:
        return Submission(
            None,
            Status.WRONG_NOTEBOOK,
            "None of this chapter's exercises is in the file: it is another notebook, or its "
            "cells were copied into a new one. Hand in the notebook that you downloaded.",
        )
    notebook = _transplant(cells, deepcopy(release), notes)
    return Submission(notebook, notes=tuple(dict.fromkeys(notes)))


def _parse(data: bytes, notes: list[str]) -> dict:
    if not data.strip():
        raise _Unreadable("The file is empty. Save the notebook and hand it in again.")
    if len(data) > MAX_BYTES:
        raise _Unreadable(
            f"The file is larger than {MAX_BYTES >> 20} MB. Clear the outputs of the notebook, "
            "save it and hand it in again."
        )
    try:
        notebook = json.loads(_text(data, notes))
    except (ValueError, RecursionError):
        raise _Unreadable(
            "The file is not a Jupyter notebook (its content is not JSON). Save it in Jupyter "
            "as .ipynb and hand that file in."
        ) from None
    if not isinstance(notebook, dict):
        raise _Unreadable("The file is JSON, but not a Jupyter notebook.")
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


def _cells(notebook: dict) -> Iterator[_Cell]:
    """The cells of a notebook in format 4, or 3 (where they lie in worksheets)."""
    cells = notebook.get("cells")
    if cells is None and isinstance(sheets := notebook.get("worksheets"), list):
        lists = [s.get("cells") for s in sheets if isinstance(s, dict)]
        cells = [cell for part in lists if isinstance(part, list) for cell in part]
    if not isinstance(cells, list) or not cells:
        raise _Unreadable("The file is a notebook without cells.")
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", cell.get("input", ""))
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        meta = cell.get("metadata")
        nbgrader = meta.get("nbgrader") if isinstance(meta, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        yield _Cell(
            kind="code" if cell.get("cell_type") == "code" else "markdown",
            source=_printable(source) if isinstance(source, str) else "",
            grade_id=grade_id if isinstance(grade_id, str) else None,
            id=cell["id"] if isinstance(cell.get("id"), str) else None,
        )


def _printable(source: str) -> str:
    """What every later program can store: no lone surrogates, no endless line."""
    return source[:MAX_SOURCE].encode("utf-8", "replace").decode()


def _transplant(cells: list[_Cell], nb: NotebookNode, notes: list[str]) -> NotebookNode:
    """The student's answers and own cells in the released notebook ``nb``."""
    places = _Places(nb)
    extras: dict[int, list[_Cell]] = {}
    seen: set[int] = set()
    here = -1
    for cell in cells:
        place = places.of(cell)
        if place is None:
            extras.setdefault(here, []).append(cell)
            continue
        here = place
        released = nb.cells[place]
        if place in seen and is_solution(released):  # a copied cell: run it where it stands
            extras.setdefault(here, []).append(cell)
        elif is_solution(released):
            released.source = cell.source
        elif cell.source.rstrip() != released.source.rstrip() and cell.kind == "code":
            if cell.grade_id:
                notes.append(f"the locked cell “{cell.grade_id}” was changed and is restored")
            else:
                extras.setdefault(here, []).append(cell)
        seen.add(place)
    _mark_deleted(nb, seen, cells, notes)
    return _weave(nb, extras, notes)


class _Places:
    """Where cells belong in the released notebook: by grade_id, else by id, else by source."""

    def __init__(self, nb: NotebookNode) -> None:
        self._by_grade_id: dict[str, int] = {}
        self._by_id: dict[str, int] = {}
        self._by_source: dict[str, int] = {}
        for place, cell in enumerate(nb.cells):
            if "nbgrader" in cell.metadata:
                self._by_grade_id[cell.metadata.nbgrader.grade_id] = place
            else:
                self._by_id[cell.get("id", "")] = place
                self._by_source[cell.source.strip()] = place

    def of(self, cell: _Cell) -> int | None:
        if cell.grade_id in self._by_grade_id:
            return self._by_grade_id[cell.grade_id]
        if cell.id in self._by_id:
            return self._by_id[cell.id]
        return self._by_source.get(cell.source.strip())


def _mark_deleted(
    nb: NotebookNode, seen: set[int], cells: list[_Cell], notes: list[str]
) -> None:
    """Note what is gone, and clear the stub where another cell holds the answer."""
    for place, released in enumerate(nb.cells):
        if place in seen or not (is_solution(released) or is_grade(released)):
            continue
        name = released.metadata.nbgrader.grade_id
        if not is_solution(released):
            notes.append(f"the locked cell “{name}” was deleted or renamed and is restored")
            continue
        notes.append(f"the answer cell “{name}” was deleted")
        if any(
            re.search(rf"^(def|class)\s+{re.escape(name)}\b", c.source, re.M) for c in cells
        ):
            released.source = ""


def _weave(nb: NotebookNode, extras: dict[int, list[_Cell]], notes: list[str]) -> NotebookNode:
    """``nb`` with the student's own cells at their places."""
    count = sum(len([c for c in group if c.source.strip()]) for group in extras.values())
    if count > MAX_EXTRA_CELLS:
        notes.append(f"{count} added cells were left out: more than {MAX_EXTRA_CELLS}")
        return nb
    numbers = iter(range(count))
    released, nb.cells = nb.cells, []
    for place in range(-1, len(released)):
        if place >= 0:
            nb.cells.append(released[place])
        for cell in extras.get(place, []):
            if cell.source.strip():
                make = new_code_cell if cell.kind == "code" else new_markdown_cell
                nb.cells.append(make(cell.source, id=f"{EXTRA}{next(numbers)}"))
    return nb
