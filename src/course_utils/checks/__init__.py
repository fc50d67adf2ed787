"""Visible checks: a folder a chapter, a file an exercise; beside them what all are made of.

Chapters are found by looking; one is imported when it is asked for: each needs torch, and not
all who read reports do.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.checks.report import Report
from course_utils.checks.unanswered import explain_name_errors

if TYPE_CHECKING:
    CHAPTERS: tuple[str, ...]

__all__ = ["CHAPTERS", "Report"]

FOLDER = Path(__file__).parent

explain_name_errors()


def __getattr__(name: str) -> Any:
    if name == "CHAPTERS":
        return tuple(sorted(file.parent.name for file in FOLDER.glob("*/__init__.py")))
    # Not by that list: who asks for one chapter reads nothing of the others.
    if (FOLDER / name / "__init__.py").is_file():
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("CHAPTERS")})
