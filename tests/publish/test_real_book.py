"""The promises that the whole book makes about its notebooks."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course_utils.course import Course
from course_utils.publish.leaks import find_leaks, secrets_of
from course_utils.publish.marks import is_test
from course_utils.publish.normalise import normalised
from course_utils.publish.release import release

ROOT = Path(__file__).parents[2]
CHAPTERS = Course(ROOT).chapters()

SECONDS = 90
MEGABYTES = 3000


def test_nothing_secret_is_in_the_site(built_site, course):
    hidden = sorted((ROOT / "autograder" / "hidden").glob("*.py"))
    sources = [*map(course.source, CHAPTERS), *hidden]
    lines, words = secrets_of(sources)
    assert len(lines) > 10 * len(CHAPTERS)
    assert words
    leaks = find_leaks(built_site, sources, public=sorted((ROOT / "book").rglob("*.md")))
    assert not leaks, "\n".join(map(str, leaks))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_quick_and_small(chapter, executed_chapters):
    took = executed_chapters[chapter].metadata.course
    assert took.seconds <= SECONDS
    assert took.peak_mb <= MEGABYTES


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_an_unsolved_chapter_runs_to_its_end(chapter, course, tmp_path):
    """Demos never use the student's answer: graded cells alone raise, and say why."""
    (path,) = release(course, [chapter], tmp_path)
    nb = nbformat.read(path, as_version=4)
    NotebookClient(nb, resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in nb.cells:
        errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        assert not errors or "nbgrader" in cell.metadata, f"{cell.id}: {errors[0].evalue}"
        if errors or is_test(cell):
            assert [o.ename for o in errors] == ["NotImplementedError"], cell.id


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_in_its_one_form(chapter, course):
    text = course.source(chapter).read_text()
    assert normalised(text, chapter) == text, "run `make format`"
