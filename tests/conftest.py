"""What tests of the whole course share: one execution and one built book a session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbformat import NotebookNode

from course_utils.course import Course
from tests.browser import browser  # noqa: F401 (one for all tests: two cannot run at once)

# course_utils.publish is imported where it is needed: it takes seconds, and most tests do
# without it.

ROOT = Path(__file__).parents[1]


def pytest_configure() -> None:
    """Of two workers (``pytest -n 2``) each has one core: more threads would only wait."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers take whole files, and one of them all that looks at the class that was graded."""
    for item in items:
        graded = "graded" in getattr(item, "fixturenames", ())
        group = "graded" if graded else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this checkout."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def executed_chapters(course: Course) -> dict[str, NotebookNode]:
    """Every chapter's notebook, executed with its own solutions."""
    from course_utils.publish.execute import executed

    return {
        chapter: executed(course.source(chapter), course.cache) for chapter in course.chapters()
    }


@pytest.fixture(scope="session")
def built_site(course: Course) -> Path:
    """The folder of the built book."""
    from course_utils.publish.build import build

    return build(course).parent
