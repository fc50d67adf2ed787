"""What one test has computed is there for the next, and for tomorrow while nothing changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from course_utils.files import locked, write_atomically

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".cache" / "tests"


def kept(
    name: str,
    make: Callable[[], Any],
    reads: Iterable[Path],
    also: str = "",
    good: Callable[[Any], bool] = lambda value: True,
    folder: Path = FOLDER,
) -> Any:
    """The value of ``make()``, made again only when one of ``reads`` is not as it was.

    Of two workers that ask at once one makes it and the other waits. What ``make`` raises is
    not kept.

    Args:
        name: of the file ``.cache/tests/<name>.json``; the same for all versions of the value.
        make: gives what JSON can hold.
        reads: files that it depends on; ``tests.imports.sources`` names those of modules.
        also: what else it depends on, such as a program's version.
        good: tells what may be kept; else a mishap would come back each time.
    """
    now, path = _digest(reads, also), folder / f"{name}.json"
    value = _found(path, now)
    if value is None:
        with locked(path.with_suffix(".lock")):
            value = _found(path, now)
            if value is None:
                value = [make()]
                if good(value[0]):
                    write_atomically(path, json.dumps({"reads": now, "value": value}))
    return value[0]


def _found(path: Path, now: str) -> list[Any] | None:
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return known["value"] if known["reads"] == now else None


def _digest(reads: Iterable[Path], also: str) -> str:
    digest = hashlib.sha256(also.encode())
    for file in sorted(set(reads)):
        digest.update(f"\0{file}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
