"""What a late submission costs: nbgrader's plugin, with a policy that a course can replace.

A policy is ``none``, ``zero`` (both are nbgrader's own), ``10% per day`` (of what was earned,
for each day that has begun), or ``MODULE:NAME`` or ``FILE.py:NAME``: a function of the
student, the points and the seconds late that returns the penalty, or a subclass of
``nbgrader.plugins.LateSubmissionPlugin``. ``settings`` gives it to every nbgrader of the
course, so the stock program takes off the same.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Dict

from course_utils.course import CourseError, UsageError

ANY = "*"  # the chapter of a policy for all chapters
_OWN = ("none", "zero")
_SHARE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*(?:per|a)\s*(hour|day|week)\s*")
_SECONDS = {"hour": 3600, "day": 86400, "week": 604800}

Policy = Callable[[str, float, float], Any]


class LatePolicy(LateSubmissionPlugin):
    """The plugin that ``settings`` configures: it asks the chapter's own policy."""

    policies = Dict(help="policy by chapter; * for all others").tag(config=True)

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float:
        chapter = getattr(self.parent, "assignment_id", ANY)
        return penalty(self.policies, chapter, student_id, score, total_seconds_late)


def penalty(
    policies: Mapping[str, str], chapter: str, student: str, score: float, seconds: float
) -> float:
    """The points that are taken off, never more than there are.

    Raises:
        CourseError: the policy failed, or returned what is no number.
    """
    text = policies.get(chapter, policies.get(ANY, "none"))
    try:
        value = load(text)(student, score, seconds)
        points = 0.0 if value is None else float(value)
    except CourseError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise CourseError(f"the late policy {text} failed for {student}: {what}") from None
    if math.isnan(points):
        raise CourseError(f"the late policy {text} gave no number for {student}: {value!r}")
    return round(min(max(points, 0.0), max(score, 0.0)), 2)


@functools.cache
def load(text: str) -> Policy:
    """The function that a policy's text means.

    Raises:
        UsageError: there is none.
    """
    if text in _OWN:
        return LateSubmissionPlugin(penalty_method=text).late_submission_penalty
    if share := _SHARE.fullmatch(text):
        percent, unit = float(share[1]), _SECONDS[share[2]]
        return lambda _, score, late: score * percent / 100 * math.ceil(late / unit)
    place, colon, name = text.rpartition(":")
    if not colon:
        raise UsageError(
            f"unknown late policy {text!r}: expected none, zero, "
            "“10% per day”, MODULE:NAME or FILE.py:NAME"
        )
    try:
        found = getattr(_module(place), name)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"the late policy {text} cannot be loaded: {what}") from None
    return found().late_submission_penalty if isinstance(found, type) else found


def absolute(text: str, folder: Path) -> str:
    """The same policy for programs that run elsewhere."""
    place, _, name = text.rpartition(":")
    return f"{(folder / place).resolve()}:{name}" if place.endswith(".py") else text


def _module(place: str) -> Any:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    spec = importlib.util.spec_from_file_location(Path(place).stem, place)
    if spec is None or spec.loader is None:
        raise ImportError(place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
