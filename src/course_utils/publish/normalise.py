"""One form for every source notebook, so that a diff shows what its author changed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_utils.course import CourseError
from course_utils.files import write_atomically
from course_utils.publish.execute import executed

CHECKED = "nbval-check-output"  # the tag of cells whose text output nbval compares
COUNT = 1  # of every checked cell: nbval takes a cell without a count for one never run

CELL_METADATA = ("mystnb", "nbgrader", "tags")
FOLDED = {"hide-input", "remove-input"}  # tags of cells whose code JupyterLab folds away too
NBGRADER_METADATA = (
    "grade", "grade_id", "locked", "points", "schema_version", "solution", "task",
)  # fmt: skip
NOTEBOOK_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def normalise(path: Path, done: NotebookNode | None = None) -> bool:
    """Rewrite a source notebook in its one form: stable ids, no outputs but the checked ones.

    Args:
        done: an executed copy whose outputs the checked cells take over.

    Returns:
        Whether the file changed.
    """
    before = _text(path)
    after = normalised(before, path.name, done)
    if after == before:
        return False
    write_atomically(path, after)
    return True


def update_outputs(path: Path, cache: Path) -> bool:
    """Store what the checked cells print today; the same as ``normalise`` otherwise."""
    return normalise(path, executed(path, cache))


def normalised(text: str, name: str, done: NotebookNode | None = None) -> str:
    """The text of a notebook file in its one form."""
    try:
        raw = json.loads(text)
        _give_ids(raw["cells"])
        raw["nbformat_minor"] = max(raw.get("nbformat_minor", 0), 5)  # the first with ids
        nb = nbformat.reads(json.dumps(raw), as_version=4)
    except (ValueError, KeyError, TypeError, nbformat.ValidationError) as error:
        raise CourseError(f"{name} is not a notebook: {error}") from error
    nb.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    if done is not None:
        _take_outputs(nb, done)
    for cell in nb.cells:
        _normalise_cell(cell)
    return nbformat.writes(nb) + "\n"


def text_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """What is compared of a cell's outputs: printed text and the text of its last value."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
            else:
                kept.append(new_output("stream", name="stdout", text=output.text))
        elif output.output_type == "execute_result" and "text/plain" in output.data:
            data = {"text/plain": output.data["text/plain"]}
            kept.append(new_output("execute_result", data=data, execution_count=COUNT))
    return kept


def is_checked(cell: NotebookNode) -> bool:
    return CHECKED in cell.metadata.get("tags", [])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"cannot read {path}: {error}") from error


def _normalise_cell(cell: NotebookNode) -> None:
    cell.source = cell.source.strip("\n")
    metadata = {k: cell.metadata[k] for k in CELL_METADATA if cell.metadata.get(k)}
    if "nbgrader" in metadata:
        grading = metadata["nbgrader"]
        metadata["nbgrader"] = {k: grading[k] for k in NBGRADER_METADATA if k in grading}
    if FOLDED & set(metadata.get("tags", [])):
        metadata["jupyter"] = {"source_hidden": True}
    cell.metadata = nbformat.from_dict(metadata)
    if cell.cell_type == "code":
        checked = is_checked(cell)
        cell.execution_count = COUNT if checked else None
        cell.outputs = text_outputs(cell.outputs) if checked else []


def _take_outputs(nb: NotebookNode, done: NotebookNode) -> None:
    ours = [cell for cell in nb.cells if cell.cell_type == "code"]
    theirs = [cell for cell in done.cells if cell.cell_type == "code"]
    if [cell.source.strip("\n") for cell in ours] != [c.source.strip("\n") for c in theirs]:
        raise CourseError("the executed copy is of other code: execute the notebook again")
    for cell, run in zip(ours, theirs, strict=True):
        cell.outputs = run.outputs


# -- ids ------------------------------------------------------------------------------------


def _give_ids(cells: list[dict[str, Any]]) -> None:
    """Graded cells are called as nbgrader calls them, others keep their id, new ones get one.

    An id never depends on chance or on the cell's place.
    """
    taken: set[str] = set()
    graded = [cell for cell in cells if _grade_id(cell)]
    for cell in graded + [cell for cell in cells if not _grade_id(cell)]:
        wanted = _grade_id(cell) or cell.get("id") or _hashed(cell)
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        cell["id"] = name
        taken.add(name)


def _grade_id(cell: dict[str, Any]) -> str:
    grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
    return re.sub(r"[^a-zA-Z0-9_-]+", "-", grade_id)[:60]


def _hashed(cell: dict[str, Any]) -> str:
    text = f"{cell['cell_type']} {''.join(cell['source'])}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]
