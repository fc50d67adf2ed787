"""What was handed in: ``SUBMISSIONS/<student>/<assignment>/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course_utils.course import UsageError

LAYOUT = "SUBMISSIONS/<student>/<assignment>/<assignment>.ipynb"
MAX_NAME = 128  # of nbgrader's column
_IGNORED = ("__MACOSX", "__pycache__")


@dataclass(frozen=True)
class Found:
    """Every student of the class with every assignment that anybody handed in."""

    submissions: tuple[tuple[str, str], ...]
    assignments: tuple[str, ...]
    problems: tuple[str, ...]


def find(folder: Path, known: list[str]) -> Found:
    """Look through ``folder``; what cannot be placed is named, not skipped in silence.

    Raises:
        UsageError: nothing in it can be graded.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: expected {LAYOUT}")
    students = _folders(folder)
    problems = [trouble for s in students if (trouble := _unfit(s.name))]
    students = [s for s in students if not _unfit(s.name)]
    if not students:
        raise UsageError(f"no student's folder in {folder}: expected {LAYOUT}")
    assignments: set[str] = set()
    for student in students:
        for assignment in _folders(student):
            if assignment.name in known:
                assignments.add(assignment.name)
            else:
                name = _printable(assignment.name)
                problems.append(f"{student.name}/{name}: no chapter has this name")
        for file in sorted(student.glob("*.ipynb")):
            name = _printable(file.name)
            problems.append(f"{student.name}/{name}: not in a folder of its assignment")
    if not assignments:
        raise UsageError(
            f"no assignment in {folder}: expected {LAYOUT} with one of {', '.join(known)}"
        )
    return Found(
        submissions=tuple((s.name, a) for s in students for a in sorted(assignments)),
        assignments=tuple(sorted(assignments)),
        problems=tuple(problems),
    )


def _unfit(name: str) -> str:
    """Why nbgrader's tables cannot hold the student ``name``; SQLite would not even say so."""
    if len(name) > MAX_NAME:
        return f"{name[:20]}…: a student's name has at most {MAX_NAME} characters"
    try:
        name.encode()
    except UnicodeEncodeError:
        return f"{_printable(name)}: the folder's name is not UTF-8"
    return ""


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


def _folders(parent: Path) -> list[Path]:
    return sorted(
        f
        for f in parent.iterdir()
        if f.is_dir() and f.name[0] != "." and f.name not in _IGNORED
    )
