"""A student's own modules, which come along with the notebook into the sandbox."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from autograder.intake import folder
from autograder.intake.folder import Parts, Seen

MAX_FILES = 20
MAX_BYTES = 1 << 20
# Python looks for these by itself; the others are ours, or would be taken for the notebook's.
_NEVER = ("__init__", "__main__", "sitecustomize", "usercustomize", "conftest", "setup")


def beside(
    root: Path, student: str, notebook: Parts, seen: Seen
) -> tuple[dict[str, bytes], list[str]]:
    """The Python files in the notebook's folder, and notes on those that are left out."""
    files: dict[str, bytes] = {}
    notes: list[str] = []
    for path in seen.files:
        *folders, name = path
        if tuple(folders) != notebook[:-1] or not name.endswith(".py"):
            continue
        room = MAX_BYTES - sum(len(data) for data in files.values())
        try:
            data = folder.read(root, student, *path, limit=room + 1)
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
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return True
