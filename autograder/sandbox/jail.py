"""Locks a forked process in before it runs a student's code.

Namespaces of its own (users, processes, mounts, network, IPC), a private /tmp, no
capabilities, and limits on memory, CPU time, file size and processes. Linux only; without
namespaces (``--sandbox=limits-only``) the limits remain.

Source: user_namespaces(7), pid_namespaces(7), mount_namespaces(7), prctl(2), setrlimit(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
CAPSET_VERSION_3 = 0x20080522

FIRST_UID, UIDS = 61_000, 4_000  # where root gives its uid up for one of these
HARMLESS_PROC = ("cpuinfo", "meminfo", "stat", "uptime", "version", "filesystems", "loadavg")


@dataclass(frozen=True)
class JailLimits:
    """What one submission may use. Memory counts beyond what the warmed process holds."""

    memory: int = 4 << 30
    cpu_seconds: int = 600
    file_size: int = 64 << 20
    processes: int = 64
    tmp_size: int = 128 << 20


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
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if namespaces:
        _private_mounts(limits.tmp_size)
        _drop_capabilities()
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _limit(limits, address_space, namespaces)
    return 0


def adopt_orphans() -> None:
    """Whatever outlives its parent below this process becomes its child, to be killed."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _enter_namespaces() -> None:
    """The next child is process 1 of a process namespace, and alone in it."""
    if os.getuid() == 0 and _is_mapped(FIRST_UID):
        uid = FIRST_UID + os.getpid() % UIDS  # of its own, so that processes can be counted
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        _prctl(PR_SET_DUMPABLE, 1)  # else /proc/self/uid_map is not ours to write
    uid, gid = os.getuid(), os.getgid()
    _check(_libc.unshare(NEWUSER | NEWNS | NEWPID | NEWIPC | NEWNET | NEWUTS), "unshare")
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


def _private_mounts(tmp_size: int) -> None:
    """A /tmp and a /proc that show nothing of anybody else."""
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    kept = {path: os.open(path, os.O_PATH) for path in _python_below("/tmp")}
    _mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, f"size={tmp_size},mode=1777")
    for path, handle in kept.items():  # read-only there, and so here
        path.mkdir(parents=True)
        _mount(f"/proc/self/fd/{handle}", str(path), None, MS_BIND | MS_REC)
        os.close(handle)
    try:
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError:  # refused inside another sandbox: show a few harmless files instead
        _replace_proc()


def _python_below(folder: str) -> list[Path]:
    """Where this Python lives, if that is in ``folder``: an environment made in /tmp, say."""
    prefixes = {Path(sys.prefix), Path(sys.base_prefix)}
    return sorted(path for path in prefixes if Path(folder) in path.parents)


def _replace_proc() -> None:
    files = {}
    for name in HARMLESS_PROC:
        with contextlib.suppress(OSError):
            files[name] = os.open(f"/proc/{name}", os.O_PATH)
    stage = Path("/tmp/.proc")
    stage.mkdir()
    _mount("tmpfs", str(stage), "tmpfs", MS_NOSUID | MS_NODEV, "size=64k")
    for name, handle in files.items():
        (stage / name).touch()
        _mount(f"/proc/self/fd/{handle}", str(stage / name), None, MS_BIND)
        os.close(handle)
    _mount(str(stage), "/proc", None, MS_BIND | MS_REC)


def _drop_capabilities() -> None:
    for capability in range(64):
        _prctl(PR_CAPBSET_DROP, capability, check=False)  # there are fewer than 64
    header = (ctypes.c_uint32 * 2)(CAPSET_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, nothing), "capset")


def _limit(limits: JailLimits, address_space: int, namespaces: bool) -> None:
    wanted = {
        resource.RLIMIT_AS: address_space + limits.memory,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_CORE: 0,
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


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str | None = None
) -> None:
    def raw(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    done = _libc.mount(raw(source), raw(target), raw(kind), ctypes.c_ulong(flags), raw(data))
    _check(done, f"mount {target}")


def _prctl(option: int, value: int, check: bool = True) -> None:
    done = _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    if check:
        _check(done, f"prctl {option}")


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
