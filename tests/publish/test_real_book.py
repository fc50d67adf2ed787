"""The real book: nothing leaks, and its sources are in their one form."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.course import Course
from course_utils.publish.leaks import find_leaks, secrets_of
from course_utils.publish.normalise import normalised

ROOT = Path(__file__).parents[2]
CHAPTERS = Course(ROOT).chapters()


def test_nothing_secret_is_in_the_site(built_site, course):
    hidden = sorted((ROOT / "autograder" / "hidden").glob("*.py"))
    sources = [*map(course.source, CHAPTERS), *hidden]
    lines, words = secrets_of(sources)
    assert len(lines) > 10 * len(CHAPTERS)
    assert words
    leaks = find_leaks(built_site, sources, public=sorted((ROOT / "book").rglob("*.md")))
    assert not leaks, "\n".join(map(str, leaks))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_in_its_one_form(chapter, course):
    text = course.source(chapter).read_text()
    assert normalised(text, chapter) == text, "run `make format`"
