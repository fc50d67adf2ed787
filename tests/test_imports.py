"""Imports point one way: no circles, and the course never needs its grader.

Read from the source, wherever an import stands: one that is made late, inside a function,
would only hide a circle. What ``TYPE_CHECKING`` guards is never imported and does not count.
"""

from __future__ import annotations

import pytest

from tests.imports import PACKAGES, ROOT, circle, graph, modules, sources


def test_no_module_imports_itself_by_a_detour():
    found = circle(graph(modules()))
    assert not found, " → ".join(found)


@pytest.mark.parametrize("package", PACKAGES)
def test_both_packages_are_looked_through(package):
    found = [name for name in graph(modules()) if name.startswith(f"{package}.")]
    assert len(found) > 40


def test_the_course_does_not_need_its_grader():
    """The ``course`` command imports what only instructors have when they ask for it."""
    edges = graph(modules(), late=False)
    needy = {
        name: needs
        for name, needed in edges.items()
        if name.startswith("course_utils")
        and (needs := {n for n in needed if n.split(".")[0] == "autograder"})
    }
    assert not needy


# From the bottom up: a room may import what stands before it.
ROOMS = ("boundary", "sandbox", "gradebook", "intake", "reports", "execution", "pipeline")


def test_no_room_of_the_grader_imports_one_above_it():
    def room(module):
        parts = module.split(".")
        return parts[1] if parts[0] == "autograder" and len(parts) > 1 else ""

    upward = [
        f"{name} → {needed}"
        for name, found in graph(modules()).items()
        for needed in found
        if room(name) in ROOMS
        and room(needed) in ROOMS
        and ROOMS.index(room(needed)) > ROOMS.index(room(name))
    ]
    assert not upward


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("from p import b", "import p.a", True),
        ("from . import b", "from .a import x", True),
        ("def f():\n    from p import b", "from p.a import x", True),
        ("if TYPE_CHECKING:\n    from p import b", "from p.a import x", False),
        ("from p import b", "from p import c", False),
    ],
)
def test_a_planted_circle_is_found(tmp_path, one, other, found):
    texts = {"p": "from p import a", "p.a": one, "p.b": other, "p.c": ""}
    known = {name: tmp_path / f"{name}.py" for name in texts}
    known["p"] = tmp_path / "p" / "__init__.py"
    known["p"].parent.mkdir()
    for name, text in texts.items():
        known[name].write_text(text)
    assert bool(circle(graph(known))) is found


def test_the_sources_of_a_module_are_what_it_imports():
    files = {str(path.relative_to(ROOT)) for path in sources("autograder.answers.bank")}
    assert {"autograder/answers/bank.py", "src/course_utils/checks/report.py"} <= files
    assert not any("widgets" in file or "gradebook" in file for file in files)
