"""One small course, executed and built once for all tests of publishing."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode

from course_utils.course import Course
from course_utils.publish.build import build
from course_utils.publish.execute import executed
from tests.publish import courses


@pytest.fixture(scope="session")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A book of one chapter; tests that change a course write their own."""
    return courses.write_book(tmp_path_factory.mktemp("small") / "course")


@pytest.fixture(scope="session")
def small_done(small_book: Course) -> NotebookNode:
    """Its chapter, executed."""
    return executed(small_book.source(courses.CHAPTER), small_book.cache)


@pytest.fixture(scope="session")
def small_site(small_book: Course, small_done: NotebookNode) -> Path:
    """Its built pages."""
    return build(small_book).parent
