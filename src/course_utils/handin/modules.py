"""Which Python files beside a notebook come along with it: the same for grader and student."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

MAX_FILES = 20
MAX_BYTES = 1 << 20
# Python looks for these by itself; the others are ours, or would be taken for the notebook's.
_NEVER = ("__init__", "__main__", "sitecustomize", "usercustomize", "conftest", "setup")

Read = Callable[..., bytes]  # with ``limit``: at most so many bytes


def choose(beside: Iterable[tuple[str, Read]]) -> tuple[dict[str, bytes], list[str]]:
    """The files of small modules by name, and notes on those that are left out."""
    files: dict[str, bytes] = {}
    notes: list[str] = []
    for name, read in beside:
        if not name.endswith(".py"):
            continue
        room = MAX_BYTES - sum(len(data) for data in files.values())
        try:
            data = read(limit=room + 1)
            why = _unfit(name.removesuffix(".py"), len(files), len(data) > room)
        except OSError as error:
            why = f"it cannot be read: {error.strerror or error}"
        if why:
            printed = name.encode(errors="backslashreplace").decode()[:100]
            notes.append(f"the module “{printed}” was left out: {why}")
        else:
            files[name] = data
    return files, notes[:MAX_FILES]


def _unfit(name: str, count: int, full: bool) -> str:
    """Why a module of this name does not come along."""
    if not (name.isascii() and name.isidentifier()):
        return "its name is no plain name of a module"
    if name in _NEVER or name in sys.stdlib_module_names or _installed(name):
        return "a module of this name is there already"
    if count == MAX_FILES or full:
        return f"more than {MAX_FILES} files or {MAX_BYTES >> 20} MB"
    return ""


def _installed(name: str) -> bool:
    """Whether there is such a module; one in the current folder may be the student's own."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return True
    return spec is not None and Path(spec.origin or "").parent != Path.cwd()
