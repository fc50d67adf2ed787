"""What one long measurement has found already, so that a stopped run goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from course_utils.course import Course
from course_utils.files import write_atomically


def kept(study: str, key: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``measure`` gave under this key, from the cache where it has been measured before.

    To measure again, delete ``.cache/measured``.
    """
    path = Course.find().cache / "measured" / study / f"{key}.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(measure()))
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
