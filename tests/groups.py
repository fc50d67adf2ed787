"""pytest plugin: with ``pytest -n 2`` what shares something costly is one worker's work.

That is a chapter, whose notebook runs; then the pages, which are made of them; then the class
that was graded; all else goes file by file. The costliest comes first.

xdist has marks for groups, ``--dist loadgroup``, and says nothing when they do not arrive,
as with pytest 9.2 (pytest-xdist #1386): each worker then computes everything. So the workers
write down which test belongs where, and a scheduler of our own reads it.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from course_utils.course import Course
from course_utils.files import write_atomically
from course_utils.startup import without_iri_grammar

without_iri_grammar()  # two seconds of each worker: here, before anything reads notebooks

CHAPTERS = Course(Path(__file__).parents[1]).chapters()
PAGES, GRADED = "pages", "graded"
FILE = "groups"  # its path, handed to the workers


@pytest.hookimpl(trylast=True)  # after all that chooses or sorts
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    groups = {item.nodeid: group(item) for item in items}
    first = [*CHAPTERS, PAGES]
    items.sort(key=lambda item: (*first, groups[item.nodeid]).index(groups[item.nodeid]))
    if worker := getattr(config, "workerinput", None):
        write_atomically(Path(worker[FILE]), json.dumps(groups))


def group(item: pytest.Item) -> str:
    """The name of what a test is done together with."""
    fixtures = getattr(item, "fixturenames", ())
    if "built_site" in fixtures and "browser" in fixtures:
        return PAGES
    return GRADED if GRADED in fixtures else _chapter(item) or item.nodeid.split("::")[0]


def _chapter(item: pytest.Item) -> str | None:
    """The chapter that a test is about: its parameter, or the folder of a notebook."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    names = {item.path.parent.name, *(p for p in parameters if isinstance(p, str))}
    return next((c for c in CHAPTERS if {c, c.split("_", 1)[1]} & names), None)


def pytest_configure(config: pytest.Config) -> None:
    """Of two workers each has one core: more threads would only wait."""
    if hasattr(config, "workerinput"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waits asleep, see Makefile
    elif config.getoption("dist", "no") != "no":
        folder = tempfile.TemporaryDirectory(prefix="groups-")
        config.add_cleanup(folder.cleanup)
        setattr(config, FILE, Path(folder.name, "groups.json"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[FILE] = str(getattr(node.config, FILE))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    config.option.loadscopereorder = False  # the order is that of the tests
    return Scheduler(config, log)


class Scheduler(LoadScopeScheduling):
    """Sends whole groups to the workers."""

    def _split_scope(self, nodeid: str) -> str:
        return self._groups[nodeid]

    @functools.cached_property
    def _groups(self) -> dict[str, str]:
        return json.loads(getattr(self.config, FILE).read_text())
