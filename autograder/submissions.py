"""What was handed in: ``SUBMISSIONS/<student>/<assignment>/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course_utils.course import UsageError

LAYOUT = "SUBMISSIONS/<student>/<assignment>/<assignment>.ipynb"
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
    if not students:
        raise UsageError(f"no student's folder in {folder}: expected {LAYOUT}")
    assignments: set[str] = set()
    problems = []
    for student in students:
        for assignment in _folders(student):
            if assignment.name in known:
                assignments.add(assignment.name)
            else:
                problems.append(f"{student.name}/{assignment.name}: no chapter has this name")
        for file in sorted(student.glob("*.ipynb")):
            problems.append(f"{student.name}/{file.name}: not in a folder of its assignment")
    if not assignments:
        raise UsageError(
            f"no assignment in {folder}: expected {LAYOUT} with one of {', '.join(known)}"
        )
    return Found(
        submissions=tuple((s.name, a) for s in students for a in sorted(assignments)),
        assignments=tuple(sorted(assignments)),
        problems=tuple(problems),
    )


def _folders(parent: Path) -> list[Path]:
    return sorted(
        f
        for f in parent.iterdir()
        if f.is_dir() and f.name[0] != "." and f.name not in _IGNORED
    )
