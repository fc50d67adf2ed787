"""Grades many submissions at once: in processes of this machine, or on a Dask cluster.

A submission is one task of plain data, and its result is plain data: a cluster needs no
common folder, only the same version of the course. Here as there a thread hands a task to a
grading process (see ``attempt``). Here nothing listens on the network: nobody else on this
machine can reach it.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from autograder.execution.attempt import attempt
from autograder.execution.head_start import head_start
from autograder.execution.processes import Pool
from autograder.gradebook.records import Result, Task
from autograder.gradebook.status import Status
from autograder.intake.refusal import refused
from course_utils.course import CourseError

CONNECT_SECONDS = 30
TWICE = (
    "The grader's process was ended twice by this file, the second time with nothing beside "
    "it: what it hands in or computes needs more memory or time than grading has."
)
Submit = Callable[[Task], "Future[tuple[Result, bool] | None]"]


def run(
    tasks: Iterable[Task], count: int, scheduler: str | None = None
) -> Generator[tuple[Task, Result, bool], None, None]:
    """Grade ``tasks`` in whatever order they end.

    One whose process dies is tried once more after all others, alone.

    Args:
        count: processes on this machine, where no ``scheduler`` is given.
        scheduler: address of a running Dask scheduler, ``tcp://host:8786``.

    Yields:
        The task, its result and whether the result is final: it is not where something else
        than the submission failed.

    Raises:
        CourseError: nobody answers at ``scheduler``, or the sandbox cannot be had here.
    """
    waiting = list(tasks)
    if not waiting:
        return
    if scheduler is None:
        head_start(waiting[0].limits.sandbox)
    where = _cluster(scheduler) if scheduler else _here(min(count, len(waiting)))
    with where as submit:
        known = {submit(task): task for task in waiting}
        again = []
        for future in concurrent.futures.as_completed(list(known)):
            task = known.pop(future)
            if ended := _ended(future):
                yield task, *ended
            else:
                again.append(task)
        for task in again:
            yield task, *(_ended(submit(task)) or (refused(task, Status.CRASHED, TWICE), True))


def _ended(future: Future) -> tuple[Result, bool] | None:
    """What became of an attempt; None also where the machine was lost that made it."""
    return None if future.exception() else future.result()


@contextlib.contextmanager
def _here(count: int) -> Iterator[Submit]:
    executor, pool = ThreadPoolExecutor(count), Pool()
    try:
        yield lambda task: executor.submit(attempt, task, pool)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        pool.close()
        executor.shutdown()


@contextlib.contextmanager
def _cluster(scheduler: str) -> Iterator[Submit]:
    from dask.distributed import Client  # half a second that only a cluster needs

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"no Dask scheduler answers at {scheduler} ({type(error).__name__}): start "
            "one with `dask scheduler`, and workers with `dask worker`"
        ) from None
    with client:
        executor = client.get_executor(pure=False)
        try:
            yield lambda task: executor.submit(attempt, task)
        finally:
            executor.shutdown(wait=False)
