"""Worker processes that grade: warm, and each can be lost without losing the class."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait

import psutil

from autograder.status import Status
from autograder.task import Result, Task, grade, refused

GRACE = 60  # seconds beyond a task's own limits: start of Python and torch, feedback
_SPAWN = multiprocessing.get_context("spawn")  # a fork would share nbclient's event loop


def run(tasks: Iterable[Task], count: int) -> Iterator[tuple[Task, Result, bool]]:
    """Grade ``tasks`` in ``count`` processes, in whatever order they end.

    Yields the task, its result and whether the result is final: it is not when a worker died
    for a reason that may not be the submission's.
    """
    queue = deque(tasks)
    count = min(count, len(queue))
    workers = [_Worker(count) for _ in range(count)]
    try:
        while queue or any(w.task for w in workers):
            for i, worker in enumerate(workers):
                if worker.task is None and queue:
                    if not worker.process.is_alive():
                        worker = workers[i] = _Worker(count)
                    worker.give(queue.popleft())
            busy = [w for w in workers if w.task]
            wait([w.connection for w in busy] + [w.process.sentinel for w in busy], timeout=1)
            for worker in busy:
                task = worker.task
                outcome = worker.outcome()
                if task and outcome:
                    yield task, *outcome
    finally:
        for worker in workers:
            worker.kill()


class _Worker:
    """A process with at most one task."""

    def __init__(self, count: int) -> None:
        self.task: Task | None = None
        self.connection, far = _SPAWN.Pipe()
        threads = max(1, (os.cpu_count() or 1) // count)
        self.process = _SPAWN.Process(target=_serve, args=(far, threads), daemon=False)
        self.process.start()
        far.close()

    def give(self, task: Task) -> None:
        self.task = task
        self._overdue = time.monotonic() + task.limits.wall + GRACE
        with contextlib.suppress(OSError):  # a worker that died is found out by outcome()
            self.connection.send(task)

    def outcome(self) -> tuple[Result, bool] | None:
        """Result and whether it is final, or None while the worker is at it."""
        assert self.task
        found: tuple[Result, bool] | None = None
        if self.connection.poll():
            try:
                found = self.connection.recv()
            except (EOFError, OSError):
                self.kill()
        if not found and time.monotonic() > self._overdue:
            self.kill()
            sentence = f"Not finished after {self.task.limits.wall} seconds and stopped."
            found = refused(self.task, Status.TIMEOUT, sentence), True
        elif not found and not self.process.is_alive():
            sentence = "The grader's process died while it graded this file."
            found = refused(self.task, Status.CRASHED, sentence), False
        if found:
            self.task = None
        return found

    def kill(self) -> None:
        """End the process and the kernels it started."""
        _kill_tree(self.process.pid)
        self.process.join()
        self.connection.close()


def _serve(connection: Connection, threads: int) -> None:
    """A worker's life: grade what comes until nothing comes any more."""
    os.environ["OMP_NUM_THREADS"] = str(threads)  # torch of every kernel would take all cores
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which kills us
    _mute()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            task = connection.recv()
            try:
                answer = grade(task), True
            except Exception as error:
                sentence = f"The grader itself failed: {type(error).__name__}: {error}"
                answer = refused(task, Status.ERROR, sentence), False
            connection.send(answer)


def _mute() -> None:
    """Kernels inherit these streams; what a dying one prints is not for the terminal."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _end_with_parent() -> None:
    """A grader killed by ``kill -9`` cannot end its workers: they end themselves."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    _kill_tree(os.getpid())


def _kill_tree(pid: int | None) -> None:
    if pid is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for victim in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
