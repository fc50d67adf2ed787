"""A control group for each submission: its share of the CPU and its memory, as a whole.

The kernel then gives thirty busy processes of one submission no more of the CPU than a
neighbour has with one. Groups are made only below the group of this process, and only where
that is ours to divide: the root of the first version, or what systemd delegates. Where that
is not so, the supervisor watches instead (see ``watch``).

Source: cgroups(7), systemd's CGROUP_DELEGATION.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from autograder.sandbox.jail import JailLimits

GROUP, LEAF = "course-", "course-grader"
CPU, MEMORY, ALL = "cpu", "memory", "cpu,memory,pids"
GONE_SECONDS = 2  # until the kernel has let go of what is dead
_number = count()
_left: list[Path] = []  # groups of this process whose processes were slow to die


@dataclass(frozen=True)
class Parent:
    """A group below which those of submissions are made.

    Attributes:
        divides: what it divides: ``cpu``, ``memory``, or all in the second version.
    """

    folder: Path
    divides: str

    def settings(self, limits: JailLimits) -> dict[str, int]:
        """What is written into a submission's group; the share of the CPU is as it comes."""
        memory = limits.memory + limits.tmp_size + limits.shm_size  # those are memory, too
        if self.divides == ALL:
            most = {"memory.max": memory, "memory.oom.group": 1}
            return most | {"pids.max": limits.processes}
        return {"memory.limit_in_bytes": memory} if self.divides == MEMORY else {}


class Group:
    """The groups of one submission.

    Raises:
        OSError: they cannot be made.
    """

    def __init__(self, pid: int, limits: JailLimits, parents: tuple[Parent, ...]) -> None:
        name = f"{GROUP}{os.getpid()}-{next(_number)}"
        self._folders = [parent.folder / name for parent in parents]
        try:
            for parent, folder in zip(parents, self._folders, strict=True):
                folder.mkdir()
                for file, most in parent.settings(limits).items():
                    (folder / file).write_text(str(most))
                (folder / "cgroup.procs").write_text(str(pid))
        except OSError:
            self.close()
            raise

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has ended one of its processes for that."""
        for folder in self._folders:
            for file in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    words = (folder / file).read_text().split()
                    if "oom_kill" in words and words[words.index("oom_kill") + 1] != "0":
                        return True
        return False

    def close(self) -> None:
        """Remove them, once the processes are dead; what is left is swept another time."""
        deadline = time.monotonic() + GONE_SECONDS
        _left[:] = [folder for folder in _left if not _removed(folder)]
        for folder in self._folders:
            while not (gone := _removed(folder)) and time.monotonic() < deadline:
                time.sleep(0.01)
            if not gone:
                _left.append(folder)


def divided(parents: tuple[Parent, ...], what: str) -> bool:
    """Whether groups below ``parents`` limit ``what``."""
    return any(what in parent.divides.split(",") for parent in parents)


@functools.cache
def parents() -> tuple[Parent, ...]:
    """Where groups can be made; those that killed graders have left there are removed."""
    with contextlib.suppress(OSError, ValueError):
        found = tuple(_parents(_mounts(), Path("/proc/self/cgroup").read_text()))
        for parent in found:
            _sweep(parent.folder)
        return found
    return ()


def _mounts() -> list[tuple[str, Path, Path, str]]:
    """Of groups: version, the group that is shown, the place where, and what it divides."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    split = [line.split() for line in lines if " - cgroup" in line]
    return [(w[w.index("-") + 1], Path(w[3]), Path(w[4]), w[-1]) for w in split]


def _parents(mounts: list[tuple[str, Path, Path, str]], own: str) -> list[Parent]:
    groups = {line.split(":", 2)[1]: Path(line.split(":", 2)[2]) for line in own.splitlines()}
    found = []
    for version, root, place, options in mounts:
        if version == "cgroup2" and "" in groups:
            folder = place / groups[""].relative_to(root)
            folder = folder.parent if folder.name == LEAF else folder
            if _delegated(folder) and _opened(folder):
                found.append(Parent(folder, ALL))
            continue
        for names, group in groups.items():
            wanted = {CPU, MEMORY} & set(names.split(",")) & set(options.split(","))
            folder = place / group.relative_to(root) if wanted else place
            ours = group == Path("/") and os.access(folder, os.W_OK)
            if wanted and (ours or _delegated(folder)):
                found.append(Parent(folder, ",".join(sorted(wanted))))
    return found


def _delegated(folder: Path) -> bool:
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(folder, name) == b"1" and os.access(folder, os.W_OK):
                return True
    return False


def _opened(folder: Path) -> bool:
    """Whether groups below it can be limited: then no process may be in itself."""
    with contextlib.suppress(OSError):
        (folder / LEAF).mkdir(exist_ok=True)
        for pid in (folder / "cgroup.procs").read_text().split():
            (folder / LEAF / "cgroup.procs").write_text(pid)
        (folder / "cgroup.subtree_control").write_text("+cpu +memory +pids")
        return True
    return False


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{GROUP}[0-9]*-*"):
        maker = left.name.removeprefix(GROUP).split("-")[0]
        if not Path("/proc", maker).exists():
            _removed(left)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
