"""What an executed notebook depends on: its code, and what it read when it ran."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from nbformat import NotebookNode

from course_utils import facts, results
from course_utils.publish.reads import FILE, FOLDER, read_of

PACKAGE = Path(__file__).parents[1]
PUBLISH = Path(__file__).parent
WRITTEN_BY_OTHERS = {"__pycache__", "node_modules", ".ipynb_checkpoints"}


def fingerprint(path: Path, nb: NotebookNode) -> str:
    """20 hex digits that change with the code of ``nb`` and with the files beside it.

    Prose does not count: a corrected sentence must not cost a minute of execution.
    """
    digest = hashlib.sha256(f"torch {version('torch')}".encode())
    for cell in nb.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode() + b"\0")
    digest.update(_digest(path.parent, companions(path)))
    return digest.hexdigest()[:20]


def companions(path: Path) -> list[Path]:
    """The files beside a chapter's notebook that belong to it: pictures, tables, modules."""
    return [p for p in files_in(path.parent) if p.suffix != ".ipynb"]


def what_was_read(log: Path, course: Path) -> dict[str, str]:
    """What a run read of ours, by kind and path, and the hash of each.

    A file that changed after it was read gets no hash, so that the run is not used again; nor
    is one that kept no log.
    """
    if not log.is_file():
        return {f"{FILE} {log}": "never kept"}
    roots = (
        PACKAGE,
        course,
        *_autograder(),
        *results.PLACES,
        *(f.parent for f in facts.PLACES),
    )
    found = {}
    for kind, path, changed in read_of(log, roots):
        same = kind == FOLDER or not path.is_file() or path.stat().st_mtime_ns == changed
        found[f"{kind} {path}"] = state(f"{kind} {path}") if same else "changed"
    return found


def state(what: str) -> str:
    """The hash now of what was read: of a file's content, of the names in a folder."""
    kind, _, name = what.partition(" ")
    path = Path(name)
    try:
        if kind == FOLDER:
            names = sorted(p.name for p in path.iterdir() if not _passing(p))
            return hashlib.sha256("\0".join(names).encode()).hexdigest()[:20]
        return _file_digest(path).hex()[:20]
    except OSError:
        return "missing"


def _passing(path: Path) -> bool:
    return path.name.startswith(".") or path.name in WRITTEN_BY_OTHERS


def unchanged(read: dict[str, str]) -> bool:
    """Whether all that a run read is as it was."""
    return all(state(what) == then for what, then in read.items())


def publish_digest() -> bytes:
    """Hash of the code that turns an executed notebook into a page."""
    return _digest(PUBLISH, files_in(PUBLISH))


def _autograder() -> list[Path]:
    """The folder of the hidden tests' package; students have none."""
    found = importlib.util.find_spec("autograder")  # looks for it, imports nothing
    return (
        [Path(folder) for folder in (found.submodule_search_locations or [])] if found else []
    )


def _digest(root: Path, files: Iterable[Path]) -> bytes:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(root)).encode() + b"\0" + _file_digest(file))
    return digest.digest()


def files_in(folder: Path) -> list[Path]:
    """All files of a folder in a fixed order, without caches and hidden ones."""
    found = []
    for file in folder.rglob("*"):
        parts = file.relative_to(folder).parts
        ours = not any(p.startswith(".") or p in WRITTEN_BY_OTHERS for p in parts)
        if ours and file.is_file():
            found.append(file)
    return sorted(found)


def _file_digest(file: Path) -> bytes:
    stat = file.stat()
    return _read_digest(file, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=10_000)
def _read_digest(file: Path, mtime_ns: int, size: int) -> bytes:
    """Hash of the content; the data sets are megabytes and are read once a process."""
    return hashlib.sha256(file.read_bytes()).digest()
