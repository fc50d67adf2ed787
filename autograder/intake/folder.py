"""Looks into a folder that somebody else has filled, and follows no link in it.

Every name is opened relative to the folder that holds it, and never through a link: what was
exchanged for one between the look and the opening is refused as well.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

MAX_DEPTH = 6
MAX_ENTRIES = 5000
IGNORED = ("__MACOSX", "__pycache__")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC

Parts = tuple[str, ...]  # a path below the folder


@dataclass(frozen=True)
class Seen:
    """What lies in a folder: plain files, folders, and why the rest is not looked at."""

    files: tuple[Parts, ...]
    folders: tuple[Parts, ...]
    refused: dict[Parts, str]


def walk(root: Path, *below: str, depth: int = MAX_DEPTH) -> Seen:
    """Everything in the folder ``below`` of ``root``, hidden names apart.

    Raises:
        OSError: it cannot be read, or is a link.
    """
    files: list[Parts] = []
    folders: list[Parts] = []
    refused: dict[Parts, str] = {}
    left: list[Parts] = [()]
    while left:
        here = left.pop()
        try:
            names = _names(root, (*below, *here))
        except OSError as error:
            if not here:
                raise
            refused[here] = f"cannot be read: {error.strerror}"
            continue
        for name, mode in names:
            path = (*here, name)
            if stat.S_ISREG(mode):
                files.append(path)
            elif not stat.S_ISDIR(mode):
                refused[path] = "is a link" if stat.S_ISLNK(mode) else "is no plain file"
            elif name not in IGNORED:
                folders.append(path)
                if len(path) < depth:
                    left.append(path)
                elif depth == MAX_DEPTH:
                    refused[path] = f"lies too deep: no folder below {depth} others is opened"
        if len(files) + len(folders) + len(refused) > MAX_ENTRIES:
            refused[here] = f"holds more than {MAX_ENTRIES} files: not all were looked at"
            break
    return Seen(tuple(sorted(files)), tuple(sorted(folders)), refused)


def read(root: Path, *path: str, limit: int) -> bytes:
    """The first ``limit`` bytes of a plain file.

    Raises:
        OSError: there is none, it is a link or another kind of file, or cannot be read.
    """
    with _opened(root, path[:-1]) as folder:
        file = os.open(path[-1], _FILE, dir_fd=folder)
    with os.fdopen(file, "rb") as stream:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(0, "it is no plain file")
        return stream.read(limit)


def _names(root: Path, path: Parts) -> list[tuple[str, int]]:
    with _opened(root, path) as folder, os.scandir(folder) as entries:
        return [
            (entry.name, entry.stat(follow_symlinks=False).st_mode)
            for entry in islice(entries, MAX_ENTRIES + 1)
            if not entry.name.startswith(".")
        ]


@contextlib.contextmanager
def _opened(root: Path, path: Parts) -> Iterator[int]:
    """The folder ``path`` below ``root``; ``root`` itself may be a link."""
    folder = os.open(root, _FOLDER)
    try:
        for name in path:
            inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)
