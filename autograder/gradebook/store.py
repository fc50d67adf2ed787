"""Files of a grades folder: each written whole or not at all, by one grader at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.gradebook.records import Result
from course_utils.course import CourseError

PART = ".part-"


def write(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` in one step: a reader sees the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=PART)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sweep(out: Path) -> None:
    """Remove what a grader that was killed left half-written. Needs the lock."""
    for folder in ("autograded", "feedback", ".results"):
        for part in (out / folder).rglob(f"{PART}*"):
            part.unlink(missing_ok=True)
    for part in out.glob(f"{PART}*"):
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(out: Path) -> Iterator[None]:
    """Make ``out`` and keep other graders off it. A killed grader's lock is gone with it.

    Raises:
        CourseError: the folder cannot be written, or someone else is grading into it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        stream = (out / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise CourseError(f"cannot write to {out}: {error.strerror}") from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise CourseError(
                f"{out} is being graded into by process {stream.read().strip() or '?'}: "
                "wait for it, or give another --out"
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


class Results:
    """Finished results under ``.results``, each with the key of what it was made from."""

    def __init__(self, out: Path) -> None:
        self._folder = out / ".results"

    def _path(self, student: str, assignment: str) -> Path:
        return self._folder / assignment / f"{student}.json"

    def save(self, key: str, result: Result) -> None:
        record = {"key": key, "result": result.data()}
        write(self._path(result.student, result.assignment), json.dumps(record))

    def load(self, student: str, assignment: str, key: str) -> Result | None:
        """The result made from ``key``; None when there is none."""
        found = self._read(self._path(student, assignment))
        return found[1] if found and found[0] == key else None

    def all(self) -> list[Result]:
        """Every result in the folder, of this run and of runs before."""
        found = (self._read(path) for path in sorted(self._folder.glob("*/*.json")))
        return [record[1] for record in found if record]

    def _read(self, path: Path) -> tuple[str, Result] | None:
        try:
            record = json.loads(path.read_text("utf-8"))
            return record["key"], Result.from_data(record["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not there, or of an older grader

    # -- what of a result has reached the gradebook and the pages ----------------

    def merged(self, result: Result) -> dict[str, Any]:
        path = self._path(result.student, result.assignment).with_suffix(".merged")
        try:
            state = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def set_merged(self, result: Result, state: Mapping[str, Any]) -> None:
        path = self._path(result.student, result.assignment).with_suffix(".merged")
        write(path, json.dumps(state))
