"""How student code is kept apart, and whether this machine can."""

from __future__ import annotations

import shutil
import subprocess
import sys
from enum import StrEnum

from course_utils.course import CourseError


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
