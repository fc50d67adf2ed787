"""What everybody was given in a chapter: none of it is a finding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat

import course_utils
from autograder.integrity import reference_use
from autograder.integrity.fingerprints import boilerplate
from course_utils.course import Course
from course_utils.publish.release import released_text


@dataclass(frozen=True)
class Given:
    """The released notebook and the reference, which is public.

    Attributes:
        hashes: of all of it, see ``fingerprints``.
        names, statements: see ``reference_use.given``.
    """

    hashes: set[int]
    names: reference_use.Names
    statements: frozenset[str]

    @classmethod
    def of(cls, course: Course, chapter: str) -> Given:
        code, prose = handed_out(course, chapter)
        sources = [(text, False) for text in code] + [(text, True) for text in prose]
        return cls(boilerplate(sources), *reference_use.given(code))


def handed_out(course: Course, chapter: str) -> tuple[list[str], list[str]]:
    """Code and prose."""
    nb = nbformat.reads(released_text(course.source(chapter)), as_version=4)
    code = [c.source for c in nb.cells if c.cell_type == "code"]
    prose = [c.source for c in nb.cells if c.cell_type != "code"]
    reference = sorted(Path(course_utils.__path__[0], "reference").glob("*.py"))
    return [*code, *(file.read_text("utf-8") for file in reference)], prose
