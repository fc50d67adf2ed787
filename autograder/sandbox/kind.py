"""How student code is kept apart, and whether this machine can."""

from __future__ import annotations

import shutil
import subprocess
import sys
from enum import StrEnum

from course_utils.course import CourseError

FILTERS = "from autograder.sandbox.seccomp import refuse_calls; refuse_calls()"
CPU_WATCHED = "watched: what a submission starts beside its main process gets what is left over"
BETTER = "for shares by the kernel, begin with: systemd-run --user --scope -p Delegate=yes"
MEMORY_WATCHED = "watched: a submission whose processes together hold too much is ended"


class Kind(StrEnum):
    """How student code is kept apart."""

    BUBBLEWRAP = "bubblewrap"
    LIMITS_ONLY = "limits-only"


class SandboxError(CourseError):
    """The sandbox cannot be had on this machine."""


def require(kind: Kind) -> None:
    """Raise ``SandboxError`` with what to do unless ``kind`` can be had here."""
    if kind is Kind.LIMITS_ONLY:
        return
    if sys.platform != "linux" or not shutil.which("bwrap"):
        raise SandboxError(f"bubblewrap is missing on this machine. {advice()}")
    trial = ["bwrap", "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "true"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"bubblewrap does not work here ({done.stderr.strip()}). {advice()}")


def advice() -> str:
    """What an instructor can do without bubblewrap."""
    return (
        "Student code is graded in a sandbox: install it (apt install bubblewrap, on Linux; "
        "elsewhere grade in a Linux container), or, for a class that you trust, say "
        "--sandbox=limits-only: then only time, memory and processes are limited"
    )


def describes() -> list[tuple[str, str]]:
    """What this machine has to keep student code apart: a thing, and what of it, in words."""
    from autograder.sandbox import groups

    parents = groups.parents()
    try:
        require(Kind.BUBBLEWRAP)
        spaces, places = "yes, by bubblewrap", "a /tmp, /dev and /dev/shm for each submission"
    except SandboxError as error:
        spaces, places = f"no: {error}", "no: /tmp and /dev/shm are everybody's"
    filters = [sys.executable, "-c", FILTERS]
    refuses = subprocess.run(filters, capture_output=True, check=False).returncode == 0
    shared = "a control group for each submission"
    return [
        ("namespaces", spaces),
        ("own /dev", places),
        ("calls refused", "yes" if refuses else "no: the kernel has no seccomp filters"),
        ("CPU", shared if groups.divided(parents, groups.CPU) else f"{CPU_WATCHED}; {BETTER}"),
        ("memory", shared if groups.divided(parents, groups.MEMORY) else MEMORY_WATCHED),
    ]
