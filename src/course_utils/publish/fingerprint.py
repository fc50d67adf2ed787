"""What an executed notebook depends on, as one hash."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from nbformat import NotebookNode

from course_utils import facts, results

PACKAGE = Path(__file__).parents[1]
PUBLISH = Path(__file__).parent  # works on outputs, never runs in a kernel
COMMANDS = {PACKAGE / name for name in ("cli.py", "doctor.py", "selfcheck.py")}
WRITTEN_BY_OTHERS = {"__pycache__", "node_modules", ".ipynb_checkpoints"}


def fingerprint(path: Path, nb: NotebookNode) -> str:
    """20 hex digits that change with anything that can change the outputs of ``nb``.

    Prose does not count: a corrected sentence must not cost a minute of execution.
    """
    digest = hashlib.sha256(f"torch {version('torch')}".encode())
    for cell in nb.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode() + b"\0")
    digest.update(_digest(path.parent, companions(path)))
    digest.update(packages_digest())
    return digest.hexdigest()[:20]


def companions(path: Path) -> list[Path]:
    """The files beside a chapter's notebook that belong to it: pictures, tables, modules."""
    return [p for p in files_in(path.parent) if p.suffix != ".ipynb"]


def packages_digest() -> bytes:
    """Hash of the code, the data and the numbers that a notebook can ask for."""
    ours = [f for f in files_in(PACKAGE) if not _is_unused_by_notebooks(f)]
    measured = [_digest(folder, files_in(folder)) for folder in results.PLACES]
    published = [_digest(file.parent, [file]) for file in facts.PLACES if file.is_file()]
    return b"".join((_digest(PACKAGE, ours), _hidden_digest(), *measured, *published))


def _is_unused_by_notebooks(file: Path) -> bool:
    return PUBLISH in file.parents or file.suffix == ".md" or file in COMMANDS


def publish_digest() -> bytes:
    """Hash of the code that turns an executed notebook into a page."""
    return _digest(PUBLISH, files_in(PUBLISH))


def _hidden_digest() -> bytes:
    """Hash of the hidden tests, which import nothing else of ``autograder`` (tested)."""
    autograder = importlib.util.find_spec("autograder")  # looks for it, imports nothing
    folders = (autograder.submodule_search_locations or []) if autograder else []
    hidden = [Path(folder) / "hidden" for folder in folders]
    return b"".join(_digest(folder, files_in(folder)) for folder in hidden)


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
