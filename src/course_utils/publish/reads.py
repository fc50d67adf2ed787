"""What a run really reads: its kernel writes down each file of ours that it opens.

A kept run is as good as a new one while those files are as they were. Python tells of every
file that it opens, of modules too, and of every folder that it lists; what a library reads in
its own language it does not tell, so the course's checkpoints and data go through Python.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

FILE, FOLDER = "file", "folder"
WRITES = os.O_WRONLY | os.O_RDWR
STANDARD = ("<frozen", str(Path(os.__file__).parent))  # glob, pathlib
NOT_OURS = {"__pycache__", "node_modules", "site-packages", "venv"}


def starting(log: Path) -> str:
    """The expression with which a kernel begins to keep ``log``."""
    return f"__import__({__name__!r}, fromlist=['']).keep({str(log)!r})"


def keep(log: str) -> None:
    """Write down from now on what this process and those that it forks read.

    A line holds the kind, the time of the last change at that moment, and the path.
    """
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    seen: set[tuple[str, str]] = set()

    def note(kind: str, path: Any) -> None:
        known = kind, os.fsdecode(path)  # a number, of what is open already, is refused here
        if known not in seen:
            seen.add(known)
            file = Path(known[1]).absolute()
            os.write(out, os.fsencode(f"{kind} {file.stat().st_mtime_ns} {file}\n"))

    def hear(event: str, args: tuple[Any, ...]) -> None:
        with contextlib.suppress(OSError, ValueError, TypeError):
            if event == "open" and not (args[2] or 0) & WRITES:
                note(FILE, _source(args[0]))
            elif event in ("os.listdir", "os.scandir") and not _by_others():
                note(FOLDER, "." if args[0] is None else args[0])

    for module in list(sys.modules.values()):
        if file := getattr(module, "__file__", None):
            note(FILE, file)
    sys.addaudithook(hear)


def _source(path: Any) -> Any:
    """Of a compiled module what it was compiled from."""
    compiled = isinstance(path, str) and path.endswith(".pyc")
    return importlib.util.source_from_cache(path) if compiled else path


def _by_others() -> bool:
    """Whether the import system lists a folder, or a library looks for its parts."""
    frame = sys._getframe(2)
    if frame.f_code.co_filename.startswith("<frozen importlib"):
        return True
    while frame.f_back and frame.f_code.co_filename.startswith(STANDARD):
        frame = frame.f_back
    return "site-packages" in frame.f_code.co_filename


def read_of(log: Path, roots: Iterable[Path]) -> Iterator[tuple[str, Path, int]]:
    """Kind, path and time of change of what was read below ``roots``, each once."""
    roots = [root.resolve() for root in roots]
    for line in sorted(set(log.read_text("utf-8", "surrogateescape").splitlines())):
        kind, changed, name = line.split(" ", 2)
        path = Path(name).resolve()
        if any(_ours(path, root) for root in roots):
            yield kind, path, int(changed)


def _ours(path: Path, root: Path) -> bool:
    if not path.is_relative_to(root):
        return False
    parts = path.relative_to(root).parts
    return not any(part.startswith(".") or part in NOT_OURS for part in parts)
