"""What this machine can do for the course."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Iterator

import torch

from course_utils import data
from course_utils.course import Course, CourseError, advice
from course_utils.data.cifar10 import available as cifar10_available

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def findings() -> Iterator[tuple[str, bool, str]]:
    """Name, whether it is there, and what it is or what to do about it."""
    yield "python", True, f"{platform.python_version()} on {platform.platform()}"
    yield "torch", True, f"{torch.__version__}, {os.cpu_count()} cores"
    gpu = torch.cuda.is_available()
    yield (
        "gpu",
        gpu,
        torch.cuda.get_device_name() if gpu else "none: everything runs on the CPU",
    )
    try:
        sets = data.digits("test"), data.fashion("test"), data.emoji("val")
        fetched = "fetched" if cifar10_available() else "not fetched: course data fetch cifar10"
        yield "data", True, f"{'; '.join(map(str, sets))}; CIFAR-10 {fetched}"
    except CourseError as error:
        yield "data", False, str(error)
    yield _package("book", "jupyter_book", advice("book"))
    yield _package("grading", "nbgrader", advice("grade"))
    yield _package("postgres", "psycopg", f"{advice('postgres')}; without it SQLite is used")
    yield _checkout()
    yield _program(
        "sandbox",
        ("bwrap",),
        "apt install bubblewrap, or grade with --sandbox=limits-only",
    )
    yield from _walls()
    yield _program(
        "browser", BROWSERS, "apt install chromium; without it browser tests are skipped"
    )


def _package(name: str, module: str, remedy: str) -> tuple[str, bool, str]:
    found = importlib.util.find_spec(module) is not None
    return name, found, module if found else remedy


def _program(name: str, programs: tuple[str, ...], remedy: str) -> tuple[str, bool, str]:
    path = next((p for p in map(shutil.which, programs) if p), None)
    return name, path is not None, path or remedy


def _walls() -> Iterator[tuple[str, bool, str]]:
    """What keeps student code apart when this machine grades."""
    try:
        from autograder.sandbox.kind import describes
    except ImportError:  # a student's installation
        return
    for name, what in describes():
        yield f"· {name}", not what.startswith("no"), what


def _checkout() -> tuple[str, bool, str]:
    try:
        course = Course.find()
    except CourseError:
        return "checkout", False, "not inside one: build, release and grade need it"
    return "checkout", True, f"{course.root}: {', '.join(course.chapters())}"
