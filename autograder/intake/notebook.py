"""The file that is meant to be a chapter's notebook, and what is graded of it."""

from __future__ import annotations

from pathlib import Path

from autograder.gradebook.records import Handin

MAX_BYTES = 30 << 20


def pick(folder: Path, assignment: str) -> Handin:
    """The file in ``folder`` that is meant to be the notebook ``assignment``."""
    wanted = f"{assignment}.ipynb"
    files = {
        f.name: f
        for f in (sorted(folder.iterdir()) if folder.is_dir() else [])
        if f.is_file() and not f.is_symlink() and not f.name.startswith(".")
    }
    if wanted in files:
        return _load(files[wanted])
    # "02_convolution (1).ipynb", "02_convolution.ipynb.txt"; or the only notebook there is
    close = [n for n in files if n.startswith(assignment) and ".ipynb" in n]
    notebooks = [n for n in files if n.endswith(".ipynb")]
    for candidates in (close, notebooks):
        if len(candidates) == 1:
            note = f"handed in as “{candidates[0]}” instead of “{wanted}”"
            return _load(files[candidates[0]], note)
    if not files:
        return Handin(None, f"No notebook {wanted} was handed in.")
    names = ", ".join(f"“{n}”" for n in files)
    return Handin(None, f"No notebook {wanted} was handed in; there is only {names}.")


def _load(file: Path, *notes: str) -> Handin:
    with file.open("rb") as stream:
        return Handin(stream.read(MAX_BYTES + 1), notes=notes)
