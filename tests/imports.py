"""Which module of the project imports which: read from the source, nothing is run."""

from __future__ import annotations

import functools
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from course_utils.publish.imports import modules as every_module
from course_utils.publish.imports import run_with

ROOT = Path(__file__).parents[1]
PACKAGES = {"course_utils": ROOT / "src" / "course_utils", "autograder": ROOT / "autograder"}


def modules() -> dict[str, Path]:
    """Every module of both packages, by its name."""
    theirs = {"sample_class", "grades"}
    return {n: p for n, p in every_module(PACKAGES).items() if not theirs & set(n.split("."))}


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
        run = run_with(name, path, late) & set(known)
        edges[name] = {n for n in run if not f"{name}.".startswith(f"{n}.")}
    return edges


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a ring; empty when there is none."""
    try:
        list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        return error.args[1]
    return []
