"""What a submission may write: a /tmp, a /dev and a /dev/shm that are its own, and no more.

All else is read-only. What is written here is in memory, has a limit, and goes with the
submission. Source: mount_namespaces(7), tmpfs(5), proc(5).
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from autograder.sandbox.libc import mount

NOSUID, NODEV, NOEXEC, RDONLY, REMOUNT = 2, 4, 8, 1, 32
BIND, REC, PRIVATE = 4096, 16384, 1 << 18
FILES = 50_000  # in a folder: the kernel's memory for an empty one counts nowhere
DEVICES = ("null", "zero", "full", "random", "urandom")
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
HARMLESS_PROC = ("cpuinfo", "meminfo", "stat", "uptime", "version", "filesystems", "loadavg")


def private_mounts(tmp_size: int, shm_size: int) -> None:
    """Nothing of anybody else in /tmp, /dev and /proc."""
    mount(None, "/", None, REC | PRIVATE)
    kept = {path: os.open(path, os.O_PATH) for path in _python_below("/tmp")}
    _tmpfs("/tmp", tmp_size)
    for path, handle in kept.items():  # read-only there, and so here
        path.mkdir(parents=True)
        _bind(handle, path, BIND | REC)
    _own_dev(shm_size)
    try:
        mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC)
    except OSError:  # refused inside another sandbox: show a few harmless files instead
        _replace_proc()


def _tmpfs(target: str, size: int) -> None:
    limits = f"size={size},nr_inodes={FILES},mode=1777"
    mount("tmpfs", target, "tmpfs", NOSUID | NODEV, limits)


def _bind(handle: int, target: Path, flags: int = BIND) -> None:
    mount(f"/proc/self/fd/{handle}", str(target), None, flags)
    os.close(handle)


def _python_below(folder: str) -> list[Path]:
    """Where this Python lives, if that is in ``folder``: an environment made in /tmp, say."""
    prefixes = {Path(sys.prefix), Path(sys.base_prefix)}
    return sorted(path for path in prefixes if Path(folder) in path.parents)


def _own_dev(shm_size: int) -> None:
    dev = Path("/dev")
    handles = {name: os.open(dev / name, os.O_PATH) for name in DEVICES}
    mount("tmpfs", "/dev", "tmpfs", NOSUID | NODEV, "size=64k,nr_inodes=64,mode=755")
    for name, handle in handles.items():
        (dev / name).touch()
        _bind(handle, dev / name)
    for name, target in LINKS.items():
        (dev / name).symlink_to(target)
    for name in ("shm", "pts"):
        (dev / name).mkdir()
    _tmpfs("/dev/shm", shm_size)
    with contextlib.suppress(OSError):  # only a "!command" of IPython wants a terminal
        mount("devpts", "/dev/pts", "devpts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666")
    mount(None, "/dev", None, BIND | REMOUNT | RDONLY | NOSUID | NODEV)


def _replace_proc() -> None:
    files = {}
    for name in HARMLESS_PROC:
        with contextlib.suppress(OSError):
            files[name] = os.open(f"/proc/{name}", os.O_PATH)
    stage = Path("/tmp/.proc")
    stage.mkdir()
    mount("tmpfs", str(stage), "tmpfs", NOSUID | NODEV, "size=64k,nr_inodes=64,mode=755")
    for name, handle in files.items():
        (stage / name).touch()
        _bind(handle, stage / name)
    mount(None, str(stage), None, BIND | REMOUNT | RDONLY | NOSUID | NODEV)
    mount(str(stage), "/proc", None, BIND | REC)
    mount(None, "/proc", None, BIND | REMOUNT | RDONLY | NOSUID | NODEV)
