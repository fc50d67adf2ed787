"""The folder in which a process grades one submission after the other.

Its place stays the same, so that what SQLAlchemy has worked out for its gradebook can be kept
(see ``swift``).
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.gradebook import swift


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty folder, always the same in this process."""
    root = Path(_place(os.getpid()).name).resolve() / "course"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


@functools.cache
def _place(pid: int) -> tempfile.TemporaryDirectory[str]:
    """Of one process, also where it was forked from another; removed when it ends."""
    return tempfile.TemporaryDirectory(prefix="grade-")


def gradebook(root: Path) -> str:
    """The address of the gradebook in ``root``."""
    return swift.keep_engine(f"sqlite:///{root}/gradebook.db")
