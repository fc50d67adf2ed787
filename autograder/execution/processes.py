"""The trusted side's grading processes: asked, watched, and ended when they must be.

What a student's values, outputs and files make a process do can end that process. Then that
submission alone is affected (see ``workers``).
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.boundary.channel import Channel, ChannelClosed, ChannelTimeout
from autograder.execution.head_start import origin

START_SECONDS = 120
SLACK = 512 << 20  # bytes by which a process may have grown to serve the next submission


class Died(Exception):
    """A grading process is gone, was ended or talks nonsense."""


class GradingProcess:
    """A process that answers requests, one at a time, and may be ended at any time."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="grade-")  # for this user alone
        server = origin()
        near, service = socket.socketpair()
        near.settimeout(START_SECONDS)
        try:
            server.fork(service)
            near.sendall(self._folder.name.encode())
            told, (self._handle,), _, _ = socket.recv_fds(near, 64, 1)
        except (OSError, ValueError):
            raise server.failed() from None
        self._statm = Path("/proc", told.decode(), "statm")
        self._size = self._bytes()
        self._channel = Channel(near)

    def ask(self, name: str, *arguments: Any) -> None:
        """Send a request.

        Raises:
            Died: nobody takes it.
        """
        with _deaths():
            self._channel.send(pickle.dumps((name, *arguments)), START_SECONDS)

    def told(self, seconds: float) -> dict:
        """The next part of the reply.

        Raises:
            Died: there is none in time.
        """
        with _deaths():
            reply = json.loads(self._channel.receive(seconds))
        if not isinstance(reply, dict):
            raise Died
        return reply

    def fresh(self) -> bool:
        """Whether it lives and holds little of the submissions so far."""
        return 0 < self._bytes() < self._size + SLACK

    def kill(self) -> None:
        """The sandbox then ends what it had there."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def end(self) -> None:
        self.kill()
        self._channel.close()
        os.close(self._handle)
        self._folder.cleanup()

    def _bytes(self) -> int:
        try:
            return int(self._statm.read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
        except (OSError, IndexError):
            return 0


@contextlib.contextmanager
def _deaths() -> Iterator[None]:
    try:
        yield
    except (ChannelClosed, ChannelTimeout, ValueError, RecursionError):
        raise Died from None


class Pool:
    """Grading processes that wait for the next request, and those at work."""

    def __init__(self) -> None:
        self._idle: list[GradingProcess] = []
        self._busy: set[GradingProcess] = set()
        self._lock = threading.Lock()  # several threads take and give back
        self._open = True

    @contextlib.contextmanager
    def process(self) -> Iterator[GradingProcess]:
        """One for the body alone; it is ended where the body raises anything.

        Raises:
            CourseError: none can be started. Died: the pool is closed.
        """
        with self._lock:
            if not self._open:
                raise Died
            process = self._idle.pop() if self._idle else GradingProcess()
            self._busy.add(process)
        kept = False
        try:
            yield process
            kept = process.fresh()
        finally:
            with self._lock:
                self._busy.remove(process)
                if kept and self._open:
                    self._idle.append(process)
                else:
                    process.end()

    def close(self) -> None:
        """End all; who waits for one that works gets ``Died``."""
        with self._lock:
            self._open = False
            for process in self._busy:
                process.kill()
            for process in self._idle:
                process.end()
            self._idle.clear()
