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

PAUSE = 0.1  # seconds between two looks, or
DEAR = 5  # times what the last look has cost, if that is more
_OWN = re.compile(r"^(?:Pss_Anon|Pss_Shmem|SwapPss): *(\d+) kB", re.MULTILINE)


class Watch:
    """Looks at the descendants of this process, a supervisor.

    Args:
        proc: /proc as this process sees it, opened: the submission mounts its own over it.
        main: the process that answers.
        memory: bytes that all may hold beyond what ``main`` holds now.
        idle: whether to leave to all but ``main`` only what is left of the CPU.
    """

    def __init__(self, proc: int, main: int, memory: int, idle: bool) -> None:
        self._proc, self._main, self._idle, self.pause = proc, main, idle, PAUSE
        self._most = memory + self._resident(main)

    def exceeded(self) -> bool:
        """Look once; whether the memory is too much."""
        begin = time.thread_time()
        members = self._descendants(os.getpid())
        if self._idle:
            for pid in members:
                self._yield_cpu(pid)
        # Shared pages count here as often as they are seen: a bound that costs nothing.
        found = sum(map(self._resident, members)) > self._most
        found = found and sum(map(self._own, members)) > self._most
        self.pause = max(PAUSE, DEAR * (time.thread_time() - begin))
        return found

    def _yield_cpu(self, pid: int) -> None:
        for thread in self._threads(pid):
            if thread != self._main:
                with contextlib.suppress(OSError):  # it is gone
                    os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))

    def _descendants(self, pid: int) -> list[int]:
        found: list[int] = []
        left = [pid]
        while left:
            one = left.pop()
            for thread in self._threads(one):
                children = self._read(f"{one}/task/{thread}/children").split()
                left += map(int, children)
                found += map(int, children)
        return found

    def _threads(self, pid: int) -> list[int]:
        with contextlib.suppress(OSError):
            folder = os.open(f"{pid}/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
            try:
                return [int(name) for name in os.listdir(folder)]  # noqa: PTH208
            finally:
                os.close(folder)
        return []

    def _resident(self, pid: int) -> int:
        numbers = self._read(f"{pid}/statm").split()
        return int(numbers[1]) * resource.getpagesize() if numbers else 0

    def _own(self, pid: int) -> int:
        """Its part of what it holds and others may hold as well; of all, if it hides that."""
        parts = _OWN.findall(self._read(f"{pid}/smaps_rollup"))
        return sum(map(int, parts)) << 10 if parts else self._resident(pid)

    def _read(self, path: str) -> str:
        try:
            handle = os.open(path, os.O_RDONLY, dir_fd=self._proc)
            with open(handle) as file:  # noqa: PTH123
                return file.read()
        except OSError:
            return ""
