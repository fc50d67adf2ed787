"""Give every picture of a page its alternative text.

myst-nb takes one alt text a cell and falls back to the name of the file. Here the text
comes from the output itself (``output.metadata["alt"]``), and a cell with several pictures
becomes several cells. Below each picture its text can be unfolded: the code that says it too
is hidden, and not only those who use a screen reader may want it.
"""

from __future__ import annotations

import copy
import html

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_output

from course_utils.course import CourseError

# What myst-nb shows in place of the picture when an output has both.
BETTER = {"application/vnd.jupyter.widget-view+json", "application/javascript", "text/html"}


def with_alt_text(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells, with at most one picture each and its alt text where myst-nb looks for it.

    Raises:
        CourseError: a picture has no alt text.
    """
    done = []
    for cell in cells:
        for part in _one_picture_each(cell) if cell.cell_type == "code" else [cell]:
            if pictures := [o for o in part.get("outputs", []) if picture_type(o)]:
                text = _set_alt(part, pictures[0])
                part.outputs.insert(part.outputs.index(pictures[0]) + 1, _fold(text))
            done.append(part)
    return done


def picture_type(output: NotebookNode) -> str | None:
    """The MIME type of the picture that a page shows for ``output``."""
    data = output.get("data", {})
    if BETTER & set(data):
        return None
    return next((mime for mime in data if mime.startswith("image/")), None)


def _fold(text: str) -> NotebookNode:
    """The text of a picture, to unfold."""
    summary = "<summary>Description of the figure</summary>"
    page = f'<details class="described">{summary}<p>{html.escape(text)}</p></details>'
    return new_output("display_data", data={"text/html": page})


def _set_alt(cell: NotebookNode, output: NotebookNode) -> str:
    """Set and return the text of the output, or else the one that the cell's author wrote."""
    mime = picture_type(output)
    stored = output.metadata.get("alt") or output.metadata.get(mime, {}).get("alt")
    options = cell.metadata.get("mystnb", {})
    image = options.get("image", {})
    text = " ".join((stored or image.get("alt", "")).split())
    if not text:
        first = cell.source.strip().splitlines()[:1]
        raise CourseError(
            f"cell {cell.get('id', '?')} ({''.join(first)}): a picture has no alt text; "
            "draw it with course_utils.figures, or set it in the metadata of the output"
        )
    cell.metadata["mystnb"] = from_dict({**options, "image": {**image, "alt": text}})
    return text


def _one_picture_each(cell: NotebookNode) -> list[NotebookNode]:
    """Cut a cell before its second picture, its third, …; the later parts show no input."""
    groups: list[list[NotebookNode]] = [[]]
    for output in cell.outputs:
        if picture_type(output) and any(map(picture_type, groups[-1])):
            groups.append([])
        groups[-1].append(output)
    parts = [cell]
    for number, outputs in enumerate(groups[1:], start=2):
        part = new_code_cell("# picture", id=f"{cell.id[:56]}-{number}", outputs=outputs)
        part.metadata = copy.deepcopy(cell.metadata)
        part.metadata["tags"] = ["remove-input"]
        parts.append(part)
    cell.outputs = groups[0]
    return parts
