"""Calls of Linux that Python does not have."""

from __future__ import annotations

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def mount(
    source: str | None, target: str, kind: str | None, flags: int, data: str | None = None
) -> None:
    """mount(2).

    Raises:
        OSError: the machine refuses.
    """

    def raw(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    done = libc.mount(raw(source), raw(target), raw(kind), ctypes.c_ulong(flags), raw(data))
    check(done, f"mount {target}")


def prctl(option: int, value: int, refusal: bool = True) -> None:
    """prctl(2) with one argument; ``refusal`` raises an OSError."""
    done = libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)
    if refusal:
        check(done, f"prctl {option}")


def check(result: int, what: str) -> None:
    """Raise the OSError that a call has left unless ``result`` is 0."""
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
