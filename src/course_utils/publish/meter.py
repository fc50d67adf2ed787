"""What a run of a notebook costs: seconds and memory."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import psutil

INTERVAL = 0.1  # seconds between two looks at memory and CPU


class Meter:
    """Measures a process tree while the body runs: wall time, CPU time, peak memory.

    Args:
        pid: tells the root process; None while it has not started.
    """

    def __init__(self, pid: Callable[[], int | None]) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak_mb = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Meter:
        self._start = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = time.perf_counter() - self._start
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            pid = self._pid()
            if pid is not None:
                self.peak_mb = max(self.peak_mb, tree_mb(pid))
                self.cpu_seconds = max(self.cpu_seconds, tree_cpu(pid))


def tree_mb(pid: int) -> float:
    """Resident memory of a process and all its descendants, in MB of 10^6 bytes.

    Pages that forked workers share count once for each: an upper bound.
    """
    return sum(_of_each(pid, lambda process: process.memory_info().rss)) / 1e6


def tree_cpu(pid: int) -> float:
    """Seconds that the CPUs worked for a process and its descendants, those that ended too."""
    return sum(_of_each(pid, lambda process: sum(process.cpu_times()[:4])))


def _of_each(pid: int, what: Callable[[psutil.Process], float]) -> Iterator[float]:
    """Of every process in the tree that is still there."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return
    for process in processes:
        with contextlib.suppress(psutil.Error):  # it has just ended
            yield what(process)
