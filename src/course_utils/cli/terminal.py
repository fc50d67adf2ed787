"""What is written to a terminal, whatever its encoding, and to a pipe that somebody closed."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

# What must stay distinct where a terminal lacks the signs.
_SIGNS = str.maketrans(
    {"✓": "+", "✗": "x", "○": "o", "·": "-", "–": "-", "—": "-", "−": "-", "×": "x"}
    | {"…": "...", "→": "->", "’": "'", "‘": "'", "“": '"', "”": '"', "≤": "<=", "≥": ">="}
)


def prepare() -> None:
    """Let standard output and errors replace what their encoding lacks."""
    codecs.register_error("course", _plain)
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()  # closed: None
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="course")


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end].translate(_SIGNS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "replace")
    return plain.decode(), error.end


def lost() -> bool:
    """Write out what is pending; whether a stream takes nothing any more.

    Such a stream is replaced by one that swallows all: Python flushes again when it ends.
    """
    gone = False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            gone = True
            with contextlib.suppress(OSError, ValueError), _nowhere() as swallowing:
                os.dup2(swallowing.fileno(), stream.fileno())
    return gone


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


def say(text: str) -> None:
    """A line that is no result: it goes to standard error."""
    print(text, file=sys.stderr, flush=True)


def counter(what: str) -> Callable[[int, int], None] | None:
    """Shows how much is done, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{what} {done} of {total}", end=end, file=sys.stderr, flush=True)

    return show
