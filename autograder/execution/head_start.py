"""Starts beside everything else what takes seconds to start: workers and the sandbox."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator, Mapping
from multiprocessing import forkserver

from autograder.sandbox import warm
from autograder.sandbox.kind import Kind


def head_start(kind: Kind) -> None:
    """The process that workers are forked from, and the one that submissions are forked from.

    Each imports torch once. Does nothing where they run.

    Raises:
        SandboxError: ``kind`` cannot be had here.
    """
    warm.start(kind)
    with _environment(OMP_NUM_THREADS="1", PYTHONSAFEPATH="1", PGPASSWORD=None):
        multiprocessing.set_forkserver_preload(["distributed", "autograder.execution.task"])
        forkserver.ensure_running()


@contextlib.contextmanager
def _environment(**variables: str | None) -> Iterator[None]:
    """What the process sees that is started meanwhile.

    torch reads its number of threads at its import; a course folder may hold an `autograder`
    of its own; no worker needs the password of a gradebook.
    """
    kept = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(kept)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
