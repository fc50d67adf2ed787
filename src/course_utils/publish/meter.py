"""What a run of a notebook costs: seconds and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psutil

INTERVAL = 0.1  # seconds between two looks at the memory


class Meter:
    """Measures wall time and the peak memory of a process tree while the body runs.

    Args:
        pid: tells the root process; None while it has not started.
    """

    def __init__(self, pid: Callable[[], int | None]) -> None:
        self.seconds = 0.0
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


def tree_mb(pid: int) -> float:
    """Resident memory of a process and all its descendants, in MB of 10^6 bytes.

    Pages that forked workers share count once for each: an upper bound.
    """
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return total / 1e6
