"""Watches all processes of a submission together, where no control group does it.

What the main process starts beside itself, processes and threads, gets the CPU time that
nobody else wants; nothing of it can take that back. When all hold more memory than one
submission may, the supervisor ends it. Source: sched(7), proc_pid_smaps_rollup(5).
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import time
from pathlib import Path

PAUSE = 0.1  # seconds between two looks, or
DEAR = 5  # times what the last look has cost, if that is more
_OWN = re.compile(r"^(?:Pss_Anon|Pss_Shmem|SwapPss): *(\d+) kB", re.MULTILINE)


class Watch:
    """Looks at the descendants of this process, a supervisor.

    Args:
        main: the process that answers.
        memory: bytes that all may hold beyond what ``main`` holds now.
        idle: whether to leave to all but ``main`` only what is left of the CPU.
    """

    def __init__(self, main: int, memory: int, idle: bool) -> None:
        self._main, self._idle, self.pause = main, idle, PAUSE
        self._most = memory + _resident(main)

    def exceeded(self) -> bool:
        """Look once; whether the memory is too much."""
        begin = time.thread_time()
        members = _descendants(os.getpid())
        if self._idle:
            for pid in members:
                self._yield_cpu(pid)
        # Shared pages count here as often as they are seen: a bound that costs nothing.
        found = sum(map(_resident, members)) > self._most
        found = found and sum(map(_own, members)) > self._most
        self.pause = max(PAUSE, DEAR * (time.thread_time() - begin))
        return found

    def _yield_cpu(self, pid: int) -> None:
        for thread in _threads(pid):
            if thread != self._main:
                with contextlib.suppress(OSError):  # it is gone
                    os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    left = [pid]
    while left:
        one = left.pop()
        for thread in _threads(one):
            children = _read(f"/proc/{one}/task/{thread}/children").split()
            left += map(int, children)
            found += map(int, children)
    return found


def _threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208
    except OSError:
        return []


def _resident(pid: int) -> int:
    numbers = _read(f"/proc/{pid}/statm").split()
    return int(numbers[1]) * resource.getpagesize() if numbers else 0


def _own(pid: int) -> int:
    """Its part of what it holds and others may hold as well; of all, if it hides that."""
    parts = _OWN.findall(_read(f"/proc/{pid}/smaps_rollup"))
    return sum(map(int, parts)) << 10 if parts else _resident(pid)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
