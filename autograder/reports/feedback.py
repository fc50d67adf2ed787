"""The page a student gets back: their answers, and which properties hold.

It is one small file that asks for nothing else: no script, no style, font or picture from
anywhere, formulas as MathML. nbgrader's ``GenerateFeedback`` writes it with this exporter.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback

from autograder.gradebook.converters import STUDENT, run
from autograder.reports import sanitize
from autograder.reports.chapter import chapter
from autograder.reports.marks import marks
from autograder.reports.room import Room
from autograder.reports.sections import sections

NOTES = "intake_notes"  # key in the metadata of an autograded notebook
LOOKS = Path(__file__).with_name("looks")


class Page(Exporter):
    """A graded notebook as the student's page."""

    file_extension = ".html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:
        resources["output_extension"] = self.file_extension
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as book:
            found = marks(
                book.find_submission_notebook(
                    names["notebook"], names["assignment"], names["student"]
                )
            )
        which = chapter(self.config, names["assignment"], names["notebook"], nb)
        room = Room()
        parts = [s for s in sections(nb, which, room) if s.name or s.own]
        page = template("feedback.html.jinja").render(
            title=names["notebook"],
            sections=parts,
            marks=found,
            notes=nb.metadata.get(NOTES, []),
            cut=bool(room.cuts),
        )
        return page, resources


def render(root: Path, assignment: str, gradebook: str) -> str:
    """The page of the one student whose autograded notebook lies in the course at ``root``."""
    run(GenerateFeedback, root, assignment, gradebook)
    page = root / "feedback" / STUDENT / assignment / f"{assignment}.html"
    return page.read_text("utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(LOOKS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["markdown"] = sanitize.markdown
    made.filters["points"] = lambda number: f"{number:.2f}".rstrip("0").rstrip(".")
    made.globals["style"] = lambda name: Markup((LOOKS / name).read_text("utf-8"))
    return made


def template(name: str) -> Any:
    """One of the templates in ``looks``; whatever it prints is escaped."""
    return _environment().get_template(name)
