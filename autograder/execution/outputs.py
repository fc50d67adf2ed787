"""Outputs of cells as the sandbox tells them, in nbformat's own shape and within bounds.

What is too much is cut here, before anything reads, stores or draws it.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

MAX_OUTPUTS = 500  # of one cell
MAX_CELL = 2_000_000  # characters of one cell's outputs
MAX_NOTEBOOK = 20_000_000
MAX_LINES, MAX_LINE = 200, 10_000  # of a traceback
CUT = "\n… cut here: there was more output than is kept"


class Outputs:
    """Takes what cells of one notebook show."""

    def __init__(self) -> None:
        self._left = MAX_NOTEBOOK

    def of_cell(self, told: list) -> list[NotebookNode]:
        """The outputs of a cell; the last one says where they are cut."""
        room, kept = min(self._left, MAX_CELL), []
        made = [_output(o) for o in told[:MAX_OUTPUTS] if isinstance(o, dict)]
        cut = len(told) > MAX_OUTPUTS
        for output in made:
            size = _size(output)
            if size <= room:
                kept.append(output)
                room, self._left = room - size, self._left - size
                continue
            cut = True
            if output.output_type == "stream":
                output.text = output.text[:room]
                kept.append(output)
                self._left -= room
            break
        if cut:
            kept.append(new_output("stream", name="stderr", text=CUT))
        return kept


def _output(told: dict) -> NotebookNode:
    kind = told.get("output_type")
    if kind == "stream":
        name = "stderr" if told.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=str(told.get("text", "")))
    if kind == "error":
        lines = told.get("traceback")
        lines = lines[:MAX_LINES] if isinstance(lines, list) else []
        return new_output(
            "error",
            ename=str(told.get("ename", ""))[:MAX_LINE],
            evalue=str(told.get("evalue", ""))[:MAX_LINE],
            traceback=[str(line)[:MAX_LINE] for line in lines],
        )
    data = told.get("data")
    shown = data.items() if isinstance(data, dict) else ()
    texts = {str(k): v for k, v in shown if isinstance(v, str) or _may_be_json(k, v)}
    if kind == "execute_result":
        return new_output("execute_result", data=texts, execution_count=None)
    return new_output("display_data", data=texts)


def _may_be_json(kind: Any, value: Any) -> bool:
    return str(kind).endswith(("/json", "+json")) and _is_plain(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)


def _size(output: NotebookNode) -> int:
    if output.output_type == "stream":
        return len(output.text)
    if output.output_type == "error":
        return len(output.evalue) + sum(map(len, output.traceback))
    return sum(len(v) if isinstance(v, str) else len(str(v)) for v in output.data.values())
