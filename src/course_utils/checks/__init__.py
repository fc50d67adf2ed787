"""Visible checks: one module a chapter, one ``Check`` an exercise.

A chapter's module is imported when it is asked for: each needs torch, and not all who read
reports do.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from course_utils.checks.report import Report

if TYPE_CHECKING:
    from course_utils.checks import cnn, convolution, naive_bayes, pretext, resnet, simclr
    from course_utils.checks.core import Check

CHAPTERS = (
    "naive_bayes",
    "convolution",
    "cnn",
    "resnet",
    "pretext",
    "simclr",
)

__all__ = [
    "CHAPTERS",
    "Check",
    "Report",
    "cnn",
    "convolution",
    "naive_bayes",
    "pretext",
    "resnet",
    "simclr",
]


def __getattr__(name: str) -> Any:
    if name == "Check":
        return importlib.import_module("course_utils.checks.core").Check
    if name in CHAPTERS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
