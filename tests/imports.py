"""Which module of the project imports which: read from the source, nothing is run."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

ROOT = Path(__file__).parents[1]
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


@functools.cache
def _project(late: bool) -> dict[str, set[str]]:
    return graph(modules(), late)


def sources(*names: str) -> list[Path]:
    """The files that make these modules what they are: their own, and what they import.

    With the JSON beside each, which names the data by their hashes.
    """
    known, edges = modules(), _project(late=True)
    wanted, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name in known and name not in wanted:
            wanted.add(name)
            left += [*edges[name], name.rpartition(".")[0]]
    files = {known[name] for name in wanted}
    return sorted(files | {json for file in files for json in file.parent.glob("*.json")})


def graph(known: dict[str, Path], late: bool = True) -> dict[str, set[str]]:
    """Which module runs which. A package may gather its own modules: these run it anyway."""
    edges = {}
    for name, path in known.items():
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        tree = ast.parse(path.read_text("utf-8"))
        run = {n for node in imports(tree, late) for n in run_by(node, package)}
        edges[name] = {n for n in run & set(known) if not f"{name}.".startswith(f"{n}.")}
    return edges


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


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a ring; empty when there is none."""
    try:
        list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        return error.args[1]
    return []
