"""Imports point one way: no circles, and the course never needs its grader.

Read from the source, wherever an import stands: one that is made late, inside a function,
would only hide a circle. What ``TYPE_CHECKING`` guards is never imported and does not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = {"course_utils": ROOT / "src" / "course_utils", "autograder": ROOT / "autograder"}


def modules() -> dict[str, Path]:
    """Every module of both packages, by its name."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            if not {"sample_class", "grades"} & set(parts):
                parts = parts[:-1] if parts[-1] == "__init__" else parts
                found[".".join((package, *parts))] = path
    return found


def imports(tree: ast.AST, late: bool = True) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports below a node; without ``late`` those only that run with the module."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from imports(ast.Module([other], []), late)
        elif late or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node, late)


def run_by(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    """What an import may run: ``from a.b import c`` names a, a.b, and a.b.c if it is there."""
    for alias in node.names:
        name = alias.name
        if isinstance(node, ast.ImportFrom):
            place = resolve_name("." * node.level + (node.module or ""), package)
            name = f"{place}.{name}"
        while name:
            yield name
            name = name.rpartition(".")[0]


def graph(known: dict[str, Path], late: bool = True) -> dict[str, set[str]]:
    """Which module runs which. A package may gather its own modules: these run it anyway."""
    edges = {}
    for name, path in known.items():
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        tree = ast.parse(path.read_text("utf-8"))
        run = {n for node in imports(tree, late) for n in run_by(node, package)}
        edges[name] = {n for n in run & set(known) if not f"{name}.".startswith(f"{n}.")}
    return edges


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a ring; empty when there is none."""
    try:
        list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        return error.args[1]
    return []


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
