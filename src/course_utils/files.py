"""Writing files so that nobody ever reads half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_dir

from course_utils.course import CourseError


class CannotWrite(CourseError):
    """A file or folder cannot be written: no permission, no room, something in the way."""


def cache_folder() -> Path:
    """Where what was decoded lies: ``COURSE_CACHE``, else the platform's folder for caches."""
    chosen = os.environ.get("COURSE_CACHE")
    return Path(chosen).expanduser() if chosen else Path(user_cache_dir("pixels-to-prompts"))


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace ``path``: a reader, or a run that is killed here, sees the old file or the new.

    Raises:
        CannotWrite: the folder cannot be made or the file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror or error}") from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; the system lets go of it when the process dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
