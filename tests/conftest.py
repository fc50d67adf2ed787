"""What tests of the whole course share: one execution and one built book a session."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Browser

from course_utils.course import Course
from tests.browser import browser  # noqa: F401 (one for all tests: two cannot run at once)

if TYPE_CHECKING:
    from autograder.sandbox.launch import Zygote
    from tests.visits import Visit

# course_utils.publish is imported where it is needed: it takes seconds, and most tests do
# without it.

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this checkout."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def executed_chapter(course: Course) -> Callable[[str], NotebookNode]:
    """A chapter's notebook, executed with its own solutions."""
    from course_utils.publish.execute import executed

    return functools.cache(lambda chapter: executed(course.source(chapter), course.cache))


@pytest.fixture(scope="session")
def built_site(course: Course) -> Path:
    """The folder of the built book."""
    from course_utils.publish.build import build

    return build(course).parent


@pytest.fixture(scope="session", params=["bubblewrap", "limits-only"])
def zygote(request: pytest.FixtureRequest) -> Iterator[Zygote]:
    """A warmed sandbox of each kind."""
    from autograder.sandbox.kind import Kind, SandboxError, require
    from autograder.sandbox.launch import Zygote

    kind = Kind(request.param)
    try:
        require(kind)
    except SandboxError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    made = Zygote(kind)
    yield made
    made.close()


@pytest.fixture
def jailed(zygote: Zygote) -> Zygote:
    """The one with namespaces."""
    if zygote.kind == "limits-only":
        pytest.skip("without namespaces")
    return zygote


@pytest.fixture(scope="session")
def visits(browser: Browser, built_site: Path) -> dict[str, dict[str, Visit]]:  # noqa: F811
    """What every page did and showed: opened as a file and from a web server."""
    from tests.visits import all_visits

    return {how: all_visits(browser, built_site, how) for how in ("file", "http")}


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the device ``meta``: autograd starts a thread for CUDA, which needs a GPU."""
    from tests import on_device

    monkeypatch.setattr(on_device, "DEVICE", "meta")


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conditions on values are not asked for: ``meta`` has no values."""
    from course_utils.reference import autoencoders

    monkeypatch.setattr(autoencoders, "holds", lambda condition: True)
