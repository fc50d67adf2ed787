"""What ships with the package, file by file: ``manifest.json`` and where it comes from.

``sources.yml`` is written by hand (packages, licences, authors), ``manifest.json`` by
``course data build`` (hashes, sizes, and of the sources what belongs to each file).
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from course_utils.course import CourseError

HERE = Path(__file__).parent
FILES = HERE / "files"
MANIFEST = HERE / "manifest.json"
SOURCES = HERE / "sources.yml"
FACTS = {"set", "bytes", "sha256", "content_sha256", "packages", "licence", "attribution"}


@functools.cache
def manifest() -> dict[str, dict[str, Any]]:
    """File name -> set, bytes, sha256, content_sha256, packages, licence, attribution."""
    try:
        files = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
        whole = all(set(entry) >= FACTS for entry in files.values()) and len(files) > 0
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"{MANIFEST} {_repair(type(error).__name__)}") from error
    if not whole:
        raise CourseError(f"{MANIFEST} {_repair('entries are missing')}")
    return files


@functools.cache
def sources() -> dict[str, dict[str, Any]]:
    """``packages`` and ``sets`` of ``sources.yml``."""
    try:
        return yaml.safe_load(SOURCES.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CourseError(f"{SOURCES} {_repair(type(error).__name__)}") from error


def shipped(name: str) -> bytes:
    """The content of a shipped file, exactly as it left the course's makers.

    Raises:
        CourseError: the file is missing, cut short or altered.
    """
    path, expected = FILES / name, manifest().get(name)
    if expected is None:
        raise CourseError(f"{MANIFEST} {_repair(f'nothing about {name}')}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} {_repair(error.strerror or 'cannot be read')}") from error
    if len(content) < expected["bytes"]:
        what = f"is cut short: {len(content)} of {expected['bytes']} bytes"
        raise CourseError(f"{path} {_repair(what)}")
    if hashlib.sha256(content).hexdigest() != expected["sha256"]:
        raise CourseError(f"{path} {_repair('was altered: its sha256 is not the shipped one')}")
    return content


def _repair(what: str) -> str:
    return (
        f"({what}). Install course-utils again, or in a checkout run "
        "`git checkout -- src/course_utils/data`, or make it anew with `course data build`"
    )
