"""Words of the glossary in a chapter: what an author sets in italics or bold gets its meaning.

A notebook stays plain Markdown that JupyterLab can show; only the page of the book gets the
roles of MyST.
"""

from __future__ import annotations

import re
from pathlib import Path

from nbformat import NotebookNode

_BLOCK = re.compile(r"```\{glossary\}\n(.*?)```", re.DOTALL)
_STRESSED = re.compile(r"(?<![*\w])(\*{1,2})([\w][\w \-]*?)\1(?![*\w])")


def words(glossary: Path) -> dict[str, str]:
    """The words of the glossary as they stand there, by their small letters."""
    if not glossary.is_file():
        return {}
    blocks = _BLOCK.findall(glossary.read_text("utf-8"))
    lines = [line for block in blocks for line in block.splitlines()]
    return {line.lower(): line for line in lines if line.strip() and not line.startswith(" ")}


def linked(nb: NotebookNode, known: dict[str, str]) -> NotebookNode:
    """``nb`` with the first stressed mention of each word as a link to the glossary."""
    seen: set[str] = set()

    def link(match: re.Match[str]) -> str:
        word = known.get(match[2].lower())
        if word is None or word in seen:
            return match[0]
        seen.add(word)
        return f"{{term}}`{match[2]} <{word}>`"

    for cell in nb.cells:
        if cell.cell_type == "markdown" and not cell.source.startswith("# "):
            cell.source = _STRESSED.sub(link, cell.source)
    return nb
