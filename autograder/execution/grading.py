"""The processes that grade: forked from one that has imported torch once.

    python -m autograder.execution.grading CONTROL

CONTROL is the number of an inherited Unix socket; when its other end is closed, all ends. Each
message on it brings a socket, over which a child answers requests, one at a time. A child
decodes and renders what students made, so it has limits, and may die of them alone. Requests
are pickled, since they come from the trusted side; replies are JSON.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import pickle
import resource
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import course_utils.figures
import course_utils.widgets  # noqa: F401 (as chapters import them: once for all that are forked)
from autograder.boundary.channel import Channel, ChannelClosed
from autograder.execution.task import stages
from autograder.gradebook.records import Task
from autograder.reports import deliver
from autograder.sandbox import warm

MEMORY = 3 << 30  # bytes beyond what the process begins with
RENDERING = 30  # CPU seconds for a page
PR_SET_PDEATHSIG = 1


class Answers:
    """What a grading process can be asked for; each method sends its replies."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def serve(self) -> None:
        """Answer requests until the other side hangs up."""
        while True:
            try:
                request = self._channel.receive()
            except ChannelClosed:
                return
            try:
                name, *arguments = pickle.loads(request)
                getattr(self, name)(*arguments)
            except MemoryError:
                os._exit(1)  # as if the kernel had ended it
            except Exception as error:
                self._tell(failed=f"{type(error).__name__}: {error}")

    def graded(self, task: Task, sandbox: str, seconds: int) -> None:
        """The result without its page, then with it: points outlive a page that kills.

        Args:
            seconds: of CPU time until the page: for right answers, and for decoding.
        """
        _allow(seconds)
        warm.zygote(task.limits.sandbox, sandbox)
        for result in stages(task):
            self._tell(result=result.data())
            _allow(RENDERING)

    def rendered(self, *arguments: Any) -> None:
        """The page with what people entered."""
        _allow(RENDERING)
        self._tell(page=deliver.render_again(*arguments))

    def _tell(self, **facts: Any) -> None:
        self._channel.send(json.dumps(facts).encode())


def _allow(seconds: int) -> None:
    """From now on that much CPU time; the kernel ends who takes more."""
    used = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds, resource.RLIM_INFINITY))


def _child(service: socket.socket, parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    tempfile.tempdir = service.recv(4096).decode()  # whoever ends this process removes it
    handle = os.pidfd_open(os.getpid())
    socket.send_fds(service, [str(os.getpid()).encode()], [handle])
    os.close(handle)
    Answers(Channel(service)).serve()


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that asks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a child
    gc.freeze()  # what was imported need not be looked at in each garbage collection
    while True:
        message, handles, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        service, parent = socket.socket(fileno=handles[0]), os.getpid()
        if os.fork() == 0:
            control.close()
            try:
                _child(service, parent)
            finally:
                os._exit(0)
        service.close()


if __name__ == "__main__":
    main()
