"""Starts beside everything else what takes seconds to start: workers and the sandbox.

Each imports torch once; submissions are graded in processes that are forked from them.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import autograder
import course_utils
from autograder.sandbox import warm
from autograder.sandbox.kind import Kind
from course_utils.course import CourseError

PACKAGES = [str(Path(p).parents[1]) for p in (autograder.__file__, course_utils.__file__) if p]
_started: list[Origin] = []


class Origin:
    """The process that grading processes are forked from (see ``grading``).

    It ends with this one.
    """

    def __init__(self) -> None:
        self._control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # -P: the folder of the command may hold an `autograder` of its own.
        program = [sys.executable, "-P", "-m", "autograder.execution.grading"]
        with far:
            self._process = subprocess.Popen(
                [*program, str(far.fileno())],
                pass_fds=[far.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for this process
            )

    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, service: socket.socket) -> None:
        """Let a grading process answer at ``service``."""
        with service:
            socket.send_fds(self._control, [b"1"], [service.fileno()])

    def failed(self) -> CourseError:
        """End it; the error says its last words."""
        self._process.kill()
        said = self._process.communicate()[1].decode(errors="replace").strip()
        last = said.splitlines()[-1] if said else "no word from it"
        return CourseError(f"no grading process can be started ({last})")


def head_start(kind: Kind) -> None:
    """The process that graders are forked from, and the one that submissions are forked from.

    Does nothing where they run.

    Raises:
        SandboxError: ``kind`` cannot be had here.
    """
    warm.start(kind)
    origin()


def origin() -> Origin:
    """The one of this process; one that has died is replaced."""
    if not _started or not _started[-1].alive():
        _started[:] = [Origin()]
    return _started[-1]


def _environment() -> dict[str, str]:
    """Torch reads its number of threads when imported; nobody needs a gradebook's password.

    Texts of a student get hashes that nobody knows.
    """
    kept = {k: v for k, v in os.environ.items() if k not in ("PGPASSWORD", "PYTHONHASHSEED")}
    paths = [*PACKAGES, *kept.get("PYTHONPATH", "").split(os.pathsep)]
    path = os.pathsep.join(dict.fromkeys(filter(None, paths)))
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
