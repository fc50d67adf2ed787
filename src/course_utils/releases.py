"""The notebooks that students got: what is graded of a file is said by the released one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.course import Course, UsageError

FOLDER = Path(__file__).parent / "released"  # of the wheel in ``course release --bundle``


def released(name: str) -> Iterator[NotebookNode]:
    """Every released notebook, those first whose chapter stands in the file name ``name``."""
    files = sorted(FOLDER.glob("*.ipynb"), key=lambda file: file.stem not in name)
    for file in files:
        yield nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
    if files:
        return
    try:
        course = Course.find(Path(__file__).parent)
        from course_utils.publish.release import released_text
    except (UsageError, ModuleNotFoundError):  # a wheel without them
        return
    for chapter in sorted(course.chapters(), key=lambda chapter: chapter not in name):
        yield nbformat.reads(released_text(course.source(chapter)), as_version=4)
