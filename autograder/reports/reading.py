"""Formgrader's page: each answer that a person reads, with question and rubric beside it."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.reports import sanitize
from autograder.reports.chapter import Chapter, chapter, mark_scheme
from autograder.reports.feedback import NOTES, template
from autograder.reports.marks import Marks, marks
from autograder.reports.room import Room
from autograder.reports.sections import Section, sections

NAMES = ("student", "first_name", "last_name", "notebook_path", "assignment_id", "notebook_id")


class ForReading(NbGraderPreprocessor):
    """Lays out a graded notebook for the person who reads it (``looks/reading.html.jinja``).

    nbgrader's own page shows the whole notebook, and nothing of the mark scheme.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        if "submission_id" not in resources:  # not called by formgrader
            return nb, resources
        with Gradebook(self.config.CourseDirectory.db_url) as book:
            found = marks(book.find_submission_notebook_by_id(resources["submission_id"]))
        which = chapter(self.config, resources["assignment_id"], resources["notebook_id"], nb)
        parts = [s for s in sections(nb, which, Room(), lecture=True) if s.name or s.own]
        resources["reading"] = Markup(
            template("reading.html.jinja").render(
                sections=parts,
                open=[s.name for s in parts if _is_open(s, found)],
                schemes={s.name: _scheme(which, s) for s in parts if s.by_hand},
                marks=found,
                notes=nb.metadata.get(NOTES, []),
                has_source=which.source is not None,
            )
        )
        for name in NAMES:  # nbgrader's macros print them as they are
            if resources.get(name):
                resources[name] = str(escape(resources[name]))
        return nb, resources


def _is_open(section: Section, found: Marks) -> bool:
    """Whether a person has something to do there."""
    mark = found.by_name.get(section.name)
    return section.by_hand or (mark is not None and mark.unread)


def _scheme(which: Chapter, section: Section) -> Markup:
    return sanitize.markdown(mark_scheme(which, section.name))
