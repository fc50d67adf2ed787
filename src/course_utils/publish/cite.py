"""MyST's citations as plain text: JupyterLab shows a released notebook, and it knows none.

``{cite}`he2015``` becomes "(He et al., 2015)", or "(2015)" where the sentence names the
authors; a list of what was cited ends the notebook. Any other role or directive of MyST is
refused, for it would be shown as it stands.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.course import CourseError

FILE = Path("book", "references.bib")
NEAR = 80  # characters before a citation in which its authors may stand

_TOKEN = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,}|:{3,})(?P<info>[^\n]*)$.*?(?:^ {0,3}(?P=fence)|\Z)"
    r"|\{(?P<role>[a-z][\w:+.-]*)\}`(?P<content>[^`]+)`"
    r"|(?P<code>`+)[^`].*?(?P=code)"
    r"|^\((?P<label>\S+)\)=$",
    re.MULTILINE | re.DOTALL,
)


def readable(nb: NotebookNode, bibliography: Path | None) -> NotebookNode:
    """``nb`` with its citations in words and a list of references as its last cell.

    Raises:
        CourseError: a source is not in the bibliography, or MyST would be shown raw.
    """
    sources = _Sources(bibliography)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            try:
                cell.source = _TOKEN.sub(sources.replace, cell.source)
            except CourseError as error:
                raise CourseError(f"cell {cell.get('id', '?')}: {error}") from None
    if sources.cited:
        nb.cells.append(new_markdown_cell(sources.listed(), id="references"))
    return nb


def bibliography(source: Path) -> Path | None:
    """The bibliography of the course that the notebook ``source`` lies in."""
    files = (folder / FILE for folder in source.resolve().parents)
    return next((file for file in files if file.is_file()), None)


class _Sources:
    """The bibliography, read when the first citation is met, and what was cited."""

    def __init__(self, bibliography: Path | None) -> None:
        self._file = bibliography
        self._data: Any = None
        self.cited: list[str] = []

    def replace(self, match: re.Match[str]) -> str:
        role, fence, info = match["role"], match["fence"], match["info"] or ""
        directive = fence and (fence[0] == ":" or info.lstrip().startswith("{"))
        if role in ("cite", "cite:p", "cite:t"):
            return self._words(match, in_text=role == "cite:t")
        if role or directive or match["label"]:
            shown = match[0].splitlines()[0]
            raise CourseError(
                f"JupyterLab would show {shown!r} as it stands: write plain Markdown; of "
                "MyST's roles and directives a notebook may use {cite} alone"
            )
        return match[0]

    def _words(self, match: re.Match[str], in_text: bool) -> str:
        before = match.string[max(0, match.start() - NEAR) : match.start()]
        sentence = re.split(r"[.!?]\s", before.replace("et al.", "et al"))[-1]
        parts = []
        for key in match["content"].split(","):
            names, year = self._label(key.strip())
            if in_text:
                parts.append(f"{_together(names)} ({year})")
            elif re.search(rf"\b{re.escape(names[0])}\b", sentence):
                parts.append(year)
            else:
                parts.append(f"{_together(names)}, {year}")
        return "; ".join(parts) if in_text else f"({'; '.join(parts)})"

    def _label(self, key: str) -> tuple[list[str], str]:
        """The authors' last names, "van den" among them, and the year."""
        entry = self._entry(key)
        people = entry.persons.get("author") or entry.persons.get("editor")
        if not people or "year" not in entry.fields:
            raise CourseError(f"source {key!r} lacks its authors or its year")
        names = [
            " ".join(
                part.render_as("text")
                for part in (*person.rich_prelast_names, *person.rich_last_names)
            )
            for person in people
        ]
        return names, entry.fields["year"]

    def _entry(self, key: str) -> Any:
        from pybtex.database import parse_file

        if self._data is None:
            if self._file is None:
                raise CourseError(f"source {key!r}: there is no {FILE.as_posix()}")
            self._data = parse_file(str(self._file))
        if key not in self._data.entries:
            raise CourseError(f"source {key!r} is not in {self._file}")
        if key not in self.cited:
            self.cited.append(key)
        return self._data.entries[key]

    def listed(self) -> str:
        from pybtex.backends.markdown import Backend
        from pybtex.plugin import find_plugin

        style = find_plugin("pybtex.style.formatting", "unsrt")(
            sorting_style="author_year_title"
        )
        entries = style.format_bibliography(self._data, self.cited)
        texts = (entry.text.render(Backend("utf-8")) for entry in entries)
        lines = [re.sub(r"\\([-.()])", r"\1", " ".join(text.split())) for text in texts]
        return "\n".join(["## References\n", *(f"- {line}" for line in lines)])


def _together(names: list[str]) -> str:
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
