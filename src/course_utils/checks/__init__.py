"""Visible checks: a folder a chapter, a file an exercise.

Chapters are found by looking; one is imported when it is asked for: each needs torch, and not
all who read reports do.
"""

from __future__ import annotations

import functools
import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.checks.report import Report

if TYPE_CHECKING:
    from course_utils.checks.core import Check

    CHAPTERS: tuple[str, ...]

__all__ = ["CHAPTERS", "Check", "Report"]

FOLDER = Path(__file__).parent
# Chapters that are still one module; what the mechanism consists of makes no check.
MAKES_CHECKS = re.compile(r"^\w+ = Check\(", re.MULTILINE)


@functools.cache
def _chapters() -> tuple[str, ...]:
    folders = {file.parent.name for file in FOLDER.glob("*/__init__.py")}
    modules = {
        file.stem
        for file in FOLDER.glob("[a-z]*.py")
        if not file.stem.endswith("_old") and MAKES_CHECKS.search(file.read_text("utf-8"))
    }
    return tuple(sorted(folders | modules))


def __getattr__(name: str) -> Any:
    if name == "CHAPTERS":
        return _chapters()
    if name == "Check":
        return importlib.import_module("course_utils.checks.core").Check
    # Not by the list of chapters: asking for one reads nothing of the others.
    if (FOLDER / name).is_dir() or (FOLDER / f"{name}.py").is_file():
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_chapters()})
