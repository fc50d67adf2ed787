"""Locks a forked process in before it runs a student's code.

Namespaces of its own (users, processes, mounts, network, IPC), a private /tmp and /dev, no
capabilities, a filter of system calls, and limits on memory, CPU time, file size, files and
processes. Linux only; without namespaces (``--sandbox=limits-only``) the limits and the
filter remain.

Source: user_namespaces(7), pid_namespaces(7), prctl(2), setrlimit(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.libc import check, libc, prctl
from autograder.sandbox.mounts import private_mounts
from autograder.sandbox.seccomp import refuse_calls

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
CAPSET_VERSION_3 = 0x20080522

FIRST_UID, UIDS = 61_000, 4_000  # where root gives its uid up for one of these


@dataclass(frozen=True)
class JailLimits:
    """What one submission may use, with all its processes together.

    ``memory`` counts beyond what the warmed process holds; files in /tmp and in /dev/shm are
    memory, too, and come on top: 4.4 GB in sum. Each process has a limit of ``memory`` of its
    own (of addresses), CPU time, file size and open files.
    """

    memory: int = 4 << 30
    cpu_seconds: int = 600
    file_size: int = 64 << 20
    processes: int = 64
    tmp_size: int = 128 << 20
    shm_size: int = 256 << 20
    open_files: int = 1024


def fork_jailed(limits: JailLimits, namespaces: bool) -> int:
    """Fork; like ``os.fork``, but the child is locked in.

    Raises:
        OSError: in the parent, when the machine refuses a namespace.
    """
    if namespaces:
        _enter_namespaces()
    address_space = _address_space()
    pid = os.fork()
    if pid:
        return pid
    os.setsid()  # kill(0, …) must not reach whoever supervises
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if namespaces:
        private_mounts(limits.tmp_size, limits.shm_size)
        _drop_capabilities()
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _limit(limits, address_space, namespaces)
    with contextlib.suppress(OSError):  # a kernel without it; ``course doctor`` says so
        refuse_calls()
    return 0


def adopt_orphans() -> None:
    """Whatever outlives its parent below this process becomes its child, to be killed."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def _enter_namespaces() -> None:
    """The next child is process 1 of a process namespace, and alone in it."""
    if os.getuid() == 0 and _is_mapped(FIRST_UID):
        uid = FIRST_UID + os.getpid() % UIDS  # of its own, so that processes can be counted
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        prctl(PR_SET_DUMPABLE, 1)  # else /proc/self/uid_map is not ours to write
    uid, gid = os.getuid(), os.getgid()
    check(libc.unshare(NEWUSER | NEWNS | NEWPID | NEWIPC | NEWNET | NEWUTS), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def _is_mapped(uid: int) -> bool:
    """Whether this user namespace knows ``uid``: the root of a container may be alone in it."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= uid and uid + UIDS <= first + count:
            return True
    return False


def _drop_capabilities() -> None:
    for capability in range(64):
        prctl(PR_CAPBSET_DROP, capability, refusal=False)  # there are fewer than 64
    header = (ctypes.c_uint32 * 2)(CAPSET_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    check(libc.capset(header, nothing), "capset")


def _limit(limits: JailLimits, address_space: int, namespaces: bool) -> None:
    wanted = {
        resource.RLIMIT_AS: address_space + limits.memory,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if namespaces:  # else the user's other processes would count
        wanted[resource.RLIMIT_NPROC] = limits.processes
    for what, most in wanted.items():
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
