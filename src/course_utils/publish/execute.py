"""Run an instructor's notebook once and keep the result."""

from __future__ import annotations

import copy
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from course_utils.course import CourseError
from course_utils.files import locked, write_atomically
from course_utils.publish.fingerprint import fingerprint, state, unchanged, what_was_read
from course_utils.publish.marks import require_full_marks
from course_utils.publish.meter import Meter
from course_utils.publish.reads import starting

CELL_SECONDS = 600  # after that a cell counts as hanging


def read(path: Path) -> NotebookNode:
    """A notebook, or a ``CourseError`` that says why it cannot be read."""
    try:
        return nbformat.read(path, as_version=4)
    except OSError as error:
        raise CourseError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # nbformat raises many kinds
        first = str(error).strip().splitlines()[0][:200] if str(error).strip() else ""
        raise CourseError(
            f"{path} is not a notebook: {type(error).__name__}: {first}"
        ) from error


def executed(path: Path, cache: Path) -> NotebookNode:
    """The notebook ``path`` with the outputs of its own solutions.

    ``metadata["course"]`` tells what the run took: ``seconds``, ``cpu_seconds``, ``peak_mb``.

    Args:
        cache: the course's cache folder; the copy is ``executed/<stem>-<hash>.ipynb`` in it.

    Raises:
        CourseError: a cell raised, or a test cell gives its own solution less than full marks.
    """
    path = path.resolve()
    nb = read(path)
    nb = _with_outputs(nb, kept_run(path, nb, cache.resolve() / "executed"))
    try:
        require_full_marks(nb)
    except CourseError as error:
        raise CourseError(f"{path.name}: {error}") from None
    return nb


def kept_run(path: Path, nb: NotebookNode, folder: Path, may_raise: str = "") -> NotebookNode:
    """A run of ``nb`` in the folder of ``path``, the last one while it is as good as new.

    It runs again when its code changed or any file of ours that it read. Of two processes
    that ask at once one runs it and the other waits.

    Args:
        folder: in the course's cache, where the copy is kept.
        may_raise: the exception that cells may raise; the run goes on after any, but it is
            kept only if there was no other: what was missing may be there next time.
    """
    kept = folder / f"{path.stem}-{fingerprint(path, nb)}.ipynb"
    done = _read_kept(kept)
    if done is None:
        with locked(kept.with_name(f"{path.stem}.lock")):
            done = _read_kept(kept)  # another process may have made it while we waited
            if done is None:
                done = _run(path, nb, folder, bool(may_raise))
                if _raised(done) <= {may_raise}:
                    write_atomically(kept, nbformat.writes(done))
                    _forget_older(kept)
    return done


def read_by(path: Path, nb: NotebookNode, cache: Path) -> str:
    """What the kept run of a notebook read, as it is now; empty when there is none."""
    kept = cache / "executed" / f"{path.stem}-{fingerprint(path, nb)}.ipynb"
    try:
        read_then = nbformat.read(kept, as_version=4).metadata["course"]["read"]
    except (OSError, KeyError, nbformat.reader.NotJSONError):
        return ""
    return " ".join(f"{what} {state(what)}" for what in read_then)


def _raised(nb: NotebookNode) -> set[str]:
    """Names of the exceptions among the outputs."""
    outputs = [output for cell in nb.cells for output in cell.get("outputs", ())]
    return {output.ename for output in outputs if output.output_type == "error"}


def _read_kept(kept: Path) -> NotebookNode | None:
    try:
        done = nbformat.read(kept, as_version=4)
    except (OSError, nbformat.reader.NotJSONError):
        return None
    read_then = done.metadata.get("course", {}).get("read")
    return done if read_then and unchanged(read_then) else None


def _forget_older(kept: Path) -> None:
    stem = kept.stem.rpartition("-")[0]
    ours = re.compile(re.escape(stem) + r"-[0-9a-f]{20}\.ipynb")
    for other in kept.parent.iterdir():
        if other != kept and ours.fullmatch(other.name):
            other.unlink(missing_ok=True)


def _with_outputs(nb: NotebookNode, done: NotebookNode) -> NotebookNode:
    """Outputs of the kept run in today's notebook, whose prose may be newer."""
    runs = [cell for cell in done.cells if cell.cell_type == "code"]
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    for cell, run in zip(cells, runs, strict=True):
        cell.outputs, cell.execution_count = run.outputs, run.execution_count
    for key in ("language_info", "widgets", "course"):
        nb.metadata.pop(key, None)
        if key in done.metadata:
            nb.metadata[key] = done.metadata[key]
    nb.metadata.get("course", {}).pop("read", None)
    return nb


def _run(path: Path, source: NotebookNode, folder: Path, errors_allowed: bool) -> NotebookNode:
    nb = copy.deepcopy(source)
    nb.metadata.pop("widgets", None)
    with tempfile.TemporaryDirectory(prefix="course-") as place:
        log = Path(place, "read.txt")
        client = _client(nb, path, log, errors_allowed)
        with Meter(lambda: _kernel_pid(client)) as meter:
            _execute(client, path)
        read = what_was_read(log, folder.parents[1])
    nb.metadata["course"] = {
        "seconds": round(meter.seconds, 2),
        "cpu_seconds": round(meter.cpu_seconds, 2),
        "peak_mb": round(meter.peak_mb),
        "read": read,
    }
    return nb


def _client(nb: NotebookNode, path: Path, log: Path, errors_allowed: bool) -> NotebookClient:
    return NotebookClient(
        nb,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        allow_errors=errors_allowed,
        force_raise_errors=not errors_allowed,  # also in cells tagged raises-exception
        skip_cells_with_tag="",  # a test cell that is skipped would earn its points
        extra_arguments=[
            "--IPKernelApp.log_level=ERROR",  # it warns of TCP on this machine
            f"--IPKernelApp.exec_lines={starting(log)}",
        ],
    )


def _execute(client: NotebookClient, path: Path) -> None:
    current: dict[str, Any] = {}
    client.on_cell_execute = lambda cell, cell_index: current.update(cell=cell)
    try:
        client.execute()
    except CellExecutionError as error:
        raise _failure(path, current, f"{error.ename}: {error.evalue}") from None
    except CellTimeoutError:
        raise _failure(path, current, f"no end after {CELL_SECONDS} seconds") from None
    except DeadKernelError:
        raise _failure(path, current, "the kernel died (out of memory? interrupted?)") from None


def _kernel_pid(client: NotebookClient) -> int | None:
    provisioner = getattr(client.km, "provisioner", None)
    return getattr(provisioner, "pid", None)


def _failure(path: Path, current: dict[str, Any], what: str) -> CourseError:
    """Names the notebook, the cell and the exception."""
    cell = current.get("cell", {})
    lines = cell.get("source", "").strip().splitlines()
    first = lines[0].strip() if lines else ""
    return CourseError(f"{path.name}, cell {cell.get('id', '?')} ({first}): {what.strip()}")
