"""What is written to a terminal, whatever its encoding, and to a pipe that somebody closed."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

# What must stay distinct where a terminal lacks the signs.
_SIGNS = str.maketrans(
    {"✓": "+", "✗": "x", "○": "o", "·": "-", "–": "-", "—": "-", "−": "-", "×": "x"}
    | {"…": "...", "→": "->", "’": "'", "‘": "'", "“": '"', "”": '"', "≤": "<=", "≥": ">="}
)


class Stream:
    """A text stream that never stops the work: what it cannot write it drops and remembers."""

    buffer = None  # nobody writes past us

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream or Path(os.devnull).open("w")  # noqa: SIM115 (None: was closed)
        self.failure: OSError | None = None
        if hasattr(self._stream, "reconfigure"):
            self._stream.reconfigure(errors="course")

    def write(self, text: str) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            if not self.failure:
                act()
        except OSError as error:  # a pipe whose reader left, a full disk
            self.failure = error
            with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as none:
                os.dup2(none.fileno(), self._stream.fileno())  # Python flushes again at its end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def streams() -> Iterator[Stream]:
    """Standard output and errors as such streams, for a while; yields standard output."""
    codecs.register_error("course", _plain)
    before = sys.stdout, sys.stderr
    out, err = Stream(sys.stdout), Stream(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield out
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end].translate(_SIGNS)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "replace")
    return plain.decode(), error.end


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
