"""Which module imports which: read from the source, nothing is run."""

from __future__ import annotations

import ast
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import resolve_name
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.utils import is_locked, is_solution


def modules(packages: Mapping[str, Path]) -> dict[str, Path]:
    """Every module of packages in these folders, by its name."""
    found = {}
    for package, folder in packages.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
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


def run_with(name: str, path: Path, late: bool = True) -> set[str]:
    """What may run when the module ``name`` runs."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    tree = _parsed(path, path.stat().st_mtime_ns)
    return {n for node in imports(tree, late) for n in run_by(node, package)}


@functools.lru_cache(maxsize=2000)
def _parsed(path: Path, _changed: int) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def reached(known: Mapping[str, Path], names: Iterable[str]) -> dict[str, Path]:
    """The modules that run when these do, and the packages that they are in."""
    found: dict[str, Path] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name in known and name not in found:
            found[name] = known[name]
            left += [*run_with(name, known[name]), name.rpartition(".")[0]]
    return found


# -- notebooks -----------------------------------------------------------------------------


def used_by_tests(nb: NotebookNode) -> set[str]:
    """What test cells and other locked cells use of what the notebook imports.

    Dotted names, ``course_utils.checks.convolution.conv1d``; some of their beginnings are
    modules.
    """
    code = [c for c in nb.cells if c.cell_type == "code"]
    bound = bound_by(c for c in code if not is_solution(c))
    found = set()
    for cell in code:
        if is_locked(cell) and not is_solution(cell):
            found |= names_in(cell, bound)
    return found


def bound_by(cells: Iterable[NotebookNode]) -> dict[str, str]:
    """What the names mean that cells import: ``hidden`` is ``autograder.hidden.simclr``."""
    found = {}
    for node in (n for cell in cells for n in imports(parsed(cell))):
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            elif alias.asname:
                found[alias.asname] = alias.name
            else:
                found[alias.name.partition(".")[0]] = alias.name.partition(".")[0]
    return found


def names_in(cell: NotebookNode, bound: Mapping[str, str]) -> set[str]:
    """The dotted names in a cell that begin with an imported one, its own imports first."""
    bound = {**bound, **bound_by([cell])}
    tree = parsed(cell)
    found = {n for node in imports(tree) for n in run_by(node, "")}
    for node in ast.walk(tree):
        dotted = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
        first, dot, rest = dotted.partition(".")
        if first in bound:
            found.add(f"{bound[first]}{dot}{rest}")
    return found


def beginnings(names: Collection[str]) -> set[str]:
    """Every beginning of dotted names: a, a.b and a.b.c for a.b.c."""
    return {".".join(n.split(".")[:k]) for n in names for k in range(1, n.count(".") + 2)}


def parsed(cell: NotebookNode) -> ast.Module:
    """The cell's code without IPython's own lines; empty where it is none."""
    lines = cell.source.split("\n")
    plain = ("pass" if line.lstrip()[:1] in ("%", "!") else line for line in lines)
    try:
        return ast.parse("\n".join(plain))
    except SyntaxError:
        return ast.Module([], [])
