"""The trusted side of the sandbox: starts the warmed process and asks it for children."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import course_utils
from autograder.boundary.channel import Channel
from autograder.sandbox import groups, template
from autograder.sandbox.groups import Group, Parent
from autograder.sandbox.jail import JailLimits
from autograder.sandbox.kind import Kind, SandboxError, advice, require
from autograder.sandbox.view import (
    CHECKS,
    bubblewrap,
    copy_checks,
    copy_shared,
    environment,
    let_read,
)
from course_utils.files import cache_folder

WARM_UP_SECONDS = 120
END_SECONDS = 10
OUT_OF_MEMORY = ": it ran out of memory"


class Session:
    """A locked-in process that serves one submission."""

    def __init__(self, service: socket.socket, life: socket.socket) -> None:
        self._life, self._pid, self._used = life, 0, 0.0
        self._facts: dict = {}
        self._group: Group | None = None
        self.channel = Channel(service, self.cpu, self.why, self.queues)

    def cpu(self) -> float:
        """CPU seconds that its main process has used, by the kernel's word and not its own."""
        if self._pid:
            with contextlib.suppress(OSError):  # it is gone
                self._used = time.clock_gettime(_cpu_clock(self._pid))
        return self._used

    def queues(self) -> bool:
        """Whether its main thread runs or would run, so that it waits for the CPU alone."""
        with contextlib.suppress(OSError):
            told = Path(f"/proc/{self._pid}/stat").read_bytes()
            return told.rpartition(b") ")[2].startswith(b"R")
        return False

    def begun(self, seconds: float) -> dict:
        """The first word of the process: whether it serves."""
        self._life.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        facts, ancillary = self._told(seconds)
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                self._pid = struct.unpack("3i", data)[0]  # as it is known in our namespace
        return facts

    def confine(self, limits: JailLimits, parents: tuple[Parent, ...]) -> None:
        """Put it into groups of its own, before it runs anything of a student."""
        with contextlib.suppress(OSError):  # the other limits stay
            self._group = Group(self._pid, limits, parents)

    def why(self) -> str:
        """Why it is gone, where that is known; who asks has given it up."""
        self._end()
        greedy = self._group is not None and self._group.ran_out_of_memory()
        return OUT_OF_MEMORY if greedy or self._facts.get("greedy") else ""

    def end(self) -> dict:
        """Kill it and all it started; ``status`` and ``peak_mb`` of its main process."""
        self.channel.close()
        self._end()
        self._life.close()
        if self._group:
            self._group.close()
        return self._facts

    def _end(self) -> None:
        if not self._facts:
            with contextlib.suppress(OSError):
                self._life.shutdown(socket.SHUT_WR)  # tells the supervisor, whose word we await
            self._facts, _ = self._told(END_SECONDS)

    def _told(self, seconds: float) -> tuple[dict, list]:
        """The next word of the other side; empty when there is none in time."""
        with contextlib.suppress(OSError, ValueError):
            self._life.settimeout(seconds)
            said, ancillary, _, _ = self._life.recvmsg(4096, socket.CMSG_SPACE(64))
            facts = json.loads(said or b"{}")
            return (facts, ancillary) if isinstance(facts, dict) else ({}, [])
        return {}, []


def _cpu_clock(pid: int) -> int:
    """The clock of a process, as clock_getcpuclockid(3) makes it on Linux."""
    return (~pid << 3) | 2


class Sessions:
    """Asks a warmed process for children that serve submissions.

    Attributes:
        address: where other processes of this machine reach it as a ``Guest``.
    """

    address: str
    _control: socket.socket
    _patience: float = WARM_UP_SECONDS

    def session(self, limits: JailLimits) -> Session:
        """A fresh child.

        Raises:
            SandboxError: the warmed process is gone, or the machine refuses a namespace.
        """
        near, service = socket.socketpair()
        life, far_life = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        session = Session(near, life)
        with service, far_life:
            handles = [service.fileno(), far_life.fileno()]
            parents = groups.parents()
            asked = asdict(limits) | {"idle": not groups.divided(parents, groups.CPU)}
            try:
                socket.send_fds(self._control, [json.dumps(asked).encode()], handles)
            except OSError as error:
                raise SandboxError(f"the sandbox is gone: {error.strerror}") from None
        told = session.begun(self._patience)
        if not told.get("serving"):
            session.end()
            why = told.get("refused", "no word from it")
            raise SandboxError(f"no sandbox can be made on this machine ({why}). {advice()}")
        if parents:
            session.confine(limits, parents)
        return session

    def alive(self) -> bool:
        """Whether the warmed process still listens."""
        with contextlib.suppress(BlockingIOError):
            return bool(self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        return True


class Guest(Sessions):
    """Sessions of the warmed process that another process of this machine has started.

    Args:
        patience: seconds until the first session; a template runs its demonstrations first.
    """

    def __init__(self, address: str, patience: float = WARM_UP_SECONDS) -> None:
        self.address, self._patience = address, patience
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._control.connect(address)
        except OSError as error:
            raise SandboxError(f"the sandbox is gone: {error.strerror}") from None


class Zygote(Sessions):
    """Starts a warmed process, which ends with this one."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")  # for this user alone
        self.address = f"{self._folder.name}/control"
        self._stage = Path(self._folder.name, "grader")  # what is seen inside
        copy_shared(self._stage)
        copy_checks(self._stage.parent / CHECKS)
        self._control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener = _listener(self.address)
        self._warm = False
        self._templates: dict[str, socket.socket] = {}
        with far, listener:
            handles = (far.fileno(), listener.fileno())
            self._process = subprocess.Popen(
                self._command(*handles),
                pass_fds=handles,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=self._environment() if kind is Kind.LIMITS_ONLY else None,
                start_new_session=True,
            )

    def session(self, limits: JailLimits) -> Session:
        self.wait_until_warm()
        return super().session(limits)

    def grow(self, name: str, cells: list[str], files: dict[str, bytes]) -> None:
        """Start a template (see ``template``), which others reach at ``template_address``."""
        if name in self._templates:
            return
        self.wait_until_warm()
        text = json.dumps({"cells": cells, "files": {n: d.hex() for n, d in files.items()}})
        place = self._stage / template.FOLDER / f"{name}.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, "utf-8")
        let_read(place.parent)
        control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far, _listener(template_address(self.address, name)) as listener:
            handles = [far.fileno(), listener.fileno()]
            socket.send_fds(self._control, [json.dumps({"template": name}).encode()], handles)
        self._templates[name] = control  # the template ends when this is closed

    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End it; children end with it."""
        for control in self._templates.values():
            control.close()
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._process.kill()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        self._folder.cleanup()

    def wait_until_warm(self) -> None:
        """Until it has imported what submissions need.

        Raises:
            SandboxError: it does not start; with its last words.
        """
        if self._warm:
            return
        self._control.settimeout(WARM_UP_SECONDS)
        try:
            self._warm = bool(self._control.recv(64))
        except OSError:
            self._warm = False
        self._control.settimeout(None)
        if not self._warm:
            self._process.kill()
            said = self._process.communicate()[1].decode(errors="replace").strip()
            self._folder.cleanup()
            last = said.splitlines()[-1] if said else "no word from it"
            raise SandboxError(f"the sandbox does not start ({last}). {advice()}")

    def _command(self, control: int, listener: int) -> list[str]:
        # -P: the folder of the command may hold an `autograder` of its own.
        program = [sys.executable, "-P", "-m", "autograder.sandbox.zygote"]
        program += [str(control), str(listener)]
        if self.kind is Kind.LIMITS_ONLY:
            return program
        return [*bubblewrap(self._stage), *program, "--namespaces"]

    def _environment(self) -> dict[str, str]:
        source = str(Path(course_utils.__file__).parents[1])
        seen = environment(f"{self._stage}{os.pathsep}{source}", str(cache_folder()))
        home = Path(self._folder.name, "home")  # /tmp is everybody's here
        home.mkdir()
        return seen | {
            "HOME": str(home),
            "IPYTHONDIR": str(home / "ipython"),
            "MPLCONFIGDIR": str(home / "matplotlib"),
            "TMPDIR": tempfile.gettempdir(),  # where the instructor has room
            "TORCHINDUCTOR_CACHE_DIR": str(home / "inductor"),  # it would lie in TMPDIR
        }


def _listener(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address)
    listener.listen()
    return listener


def template_address(address: str, name: str) -> str:
    """Where a template of the warmed process at ``address`` is reached."""
    return f"{address}-{name}"


def best() -> Kind:
    """Bubblewrap where it works; for machines where one cannot choose, such as Gradescope's."""
    try:
        require(Kind.BUBBLEWRAP)
        trial = Zygote(Kind.BUBBLEWRAP)
        with contextlib.closing(trial):
            trial.session(JailLimits()).end()
    except SandboxError:
        return Kind.LIMITS_ONLY
    return Kind.BUBBLEWRAP
