"""Worker processes that grade: Dask's, here or on a cluster.

A submission is one task of plain data, and its result is plain data: a cluster needs no
common folder, only the same version of the course. The workers of this machine share one
warmed sandbox; one on a cluster has its own. A worker that dies takes its task with it, which
is tried once more.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import dask
from dask.distributed import Client, LocalCluster, as_completed

from autograder.execution.head_start import head_start
from autograder.gradebook.records import Result, Task
from autograder.gradebook.status import Status
from autograder.intake.refusal import refused
from autograder.sandbox import warm
from course_utils.course import CourseError

CONNECT_SECONDS = 30
SETTINGS = {
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.worker.profile.enabled": False,
    "distributed.worker.daemon": False,  # a worker starts processes of its own
    "distributed.worker.memory.terminate": False,  # its own limits are in the sandbox
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.allowed-failures": 1,
    "distributed.admin.large-graph-warning-threshold": "1GB",
    "distributed.logging": {"distributed": "critical"},
}


def run(
    tasks: Iterable[Task], count: int, scheduler: str | None = None
) -> Iterator[tuple[Task, Result, bool]]:
    """Grade ``tasks`` in whatever order they end.

    Args:
        count: processes on this machine, where no ``scheduler`` is given.
        scheduler: address of a running Dask scheduler, ``tcp://host:8786``.

    Yields:
        The task, its result and whether the result is final: it is not when a worker died
        for a reason that may not be the submission's.

    Raises:
        CourseError: nobody answers at ``scheduler``, or the sandbox cannot be had here.
    """
    waiting = list(tasks)
    if not waiting:
        return
    kind = waiting[0].limits.sandbox
    if scheduler is None:
        head_start(kind)
    with _client(min(count, len(waiting)), scheduler) as client:
        address = ""
        if scheduler is None:
            sandbox = warm.start(kind)
            sandbox.wait_until_warm()
            address = sandbox.address
        known = {client.submit(_grade, task, address, pure=False): task for task in waiting}
        for future in as_completed(list(known)):
            task = known[future]
            yield task, *_outcome(future, task)
            future.release()


def _outcome(future: Any, task: Task) -> tuple[Result, bool]:
    if future.status == "finished":
        return future.result()
    error = future.exception()
    sentence = f"The grader's process died while it graded this file ({type(error).__name__})."
    return refused(task, Status.CRASHED, sentence), False


@functools.cache
def _settle() -> None:
    """Once: what was imported need not be looked at in each garbage collection."""
    gc.freeze()


def _grade(task: Task, sandbox: str) -> tuple[Result, bool]:
    """In a worker. Only what is the submission's own fault is final.

    Args:
        sandbox: address of the warmed process of this machine, where there is one.
    """
    from autograder.execution.task import (
        grade,  # with torch: two seconds that only workers need
    )

    _settle()
    try:
        warm.zygote(task.limits.sandbox, sandbox)
        return grade(task), True
    except Exception as error:
        sentence = f"The grader itself failed: {type(error).__name__}: {error}"
        return refused(task, Status.ERROR, sentence), False


@contextlib.contextmanager
def _client(count: int, scheduler: str | None) -> Iterator[Client]:
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(SETTINGS):
        if scheduler:
            try:
                client = Client(scheduler, timeout=CONNECT_SECONDS)
            except (OSError, ValueError) as error:
                raise CourseError(
                    f"no Dask scheduler answers at {scheduler} ({type(error).__name__}): start "
                    "one with `dask scheduler`, and workers with `dask worker`"
                ) from None
            with client:
                yield client
            return
        with (
            tempfile.TemporaryDirectory(prefix="dask-") as folder,
            LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                dashboard_address=":0",
                local_directory=folder,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
