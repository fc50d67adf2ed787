"""The page a student gets back: their answers, and which properties hold.

nbgrader's ``GenerateFeedback`` makes it from the autograded notebook; the two preprocessors
here come before and after its own (see ``settings``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution, is_task

from autograder.gradebook.cells import EXTRA, is_test
from autograder.gradebook.converters import STUDENT, run

NOTES = "intake_notes"  # key in the metadata of an autograded notebook
SHOWN = ("text/html", "text/markdown", "text/plain", "text/latex", "image/png", "image/jpeg")

# nbgrader's list of exercises says "Test cell" seven times; it shall name them.
_LISTED = re.compile(
    r'<a href="#(test_)?(\w+)">(?:Test cell|Written response|Coding free-response|Task)</a>'
)

CSS = """
div.output_html table { border-collapse: collapse; margin: .5em 0; }
div.output_html caption { caption-side: top; text-align: left; font-weight: 600; color: #222; }
div.output_html th, div.output_html td {
  border-bottom: 1px solid #ddd; padding: .35em .7em; text-align: left; vertical-align: top; }
div.output_html td strong { color: #8a1f11; font-weight: 600; }
div.output_html td:last-child { white-space: nowrap; }
div.container { max-width: 60em; }
div.nbgrader_cell .panel-heading { height: auto; }
div.output_png img, div.output_jpeg img { max-width: 100%; height: auto; }
div.nbgrader_cell pre { white-space: pre-wrap; }
summary { display: list-item; cursor: pointer; }
div.prompt, a.anchor-link { display: none; }
"""


class ForStudents(ClearHiddenTests):
    """Keeps exercises and the student's own cells, and cuts what students must not see."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple:
        nb, resources = super().preprocess(nb, resources)
        nb.cells = [c for i, c in enumerate(nb.cells) if _belongs(c, nb.cells[i + 1 : i + 2])]
        notes = [*nb.metadata.get(NOTES, []), *_unread(resources["nbgrader"])]
        if notes:
            lines = "\n".join(f"- {note}" for note in notes)
            nb.cells.insert(0, new_markdown_cell(f"**About this page**\n\n{lines}"))
        nb.metadata.pop("widgets", None)  # their state would be most of the page
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple:
        if not is_test(cell):
            # Only test cells hold hidden regions; a student's own text may look like one.
            return _plain_outputs(cell), resources
        cell, resources = super().preprocess_cell(cell, resources, index)
        for output in cell.outputs:
            if output.output_type == "error":  # frames of a test show its source
                output.traceback = [f"{output.ename}: {output.evalue}"]
        return _plain_outputs(cell), resources


class Style(NbGraderPreprocessor):
    """Adds the page's own rules after nbconvert's."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple:
        resources.setdefault("inlining", {}).setdefault("css", []).append(CSS)
        return nb, resources


class Compiled(BytecodeCache):
    """Jinja's templates as compiled in this process: a third of the time of a submission."""

    def __init__(self) -> None:
        self._code: dict[str, Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get(f"{bucket.key}{bucket.checksum}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[f"{bucket.key}{bucket.checksum}"] = bucket.code


class Page(HTMLExporter):
    """nbconvert's exporter, which compiles a dozen templates for each page."""

    compiled = Compiled()

    def _create_environment(self) -> Environment:
        environment = super()._create_environment()
        environment.bytecode_cache = self.compiled
        return environment


def _unread(names: dict[str, str]) -> list[str]:
    """What the page says about answers that nobody has read yet; it shows 0 points there."""
    with Gradebook(names["db_url"]) as book:
        notebook = book.find_submission_notebook(
            names["notebook"], names["assignment"], names["student"]
        )
        unread = [g.name for g in notebook.grades if g.needs_manual_grade]
    return [f"“{name}” is read by a person: its points come later." for name in unread]


def _belongs(cell: NotebookNode, following: list[NotebookNode]) -> bool:
    """Exercises with their headings, and cells that the student added; no lecture."""
    if is_solution(cell) or is_grade(cell) or is_task(cell):
        return True
    if cell.get("id", "").startswith(EXTRA):
        return True
    return cell.cell_type == "markdown" and any(is_solution(c) for c in following)


def _plain_outputs(cell: NotebookNode) -> NotebookNode:
    """Drop what a static page cannot show."""
    for output in cell.get("outputs", []):
        if "data" in output:
            output.data = NotebookNode({k: v for k, v in output.data.items() if k in SHOWN})
    return cell


def render(root: Path, assignment: str, gradebook: str) -> str:
    """The page of the one student whose autograded notebook lies in the course at ``root``."""
    run(
        GenerateFeedback, root, assignment, gradebook, GenerateFeedback={"exporter_class": Page}
    )
    page = root / "feedback" / STUDENT / assignment / f"{assignment}.html"
    return _LISTED.sub(r'<a href="#\1\2">\2</a>', page.read_text("utf-8"))
