"""Writes the zip file that an instructor uploads as the autograder of an assignment."""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import nbformat

from autograder.exports import Exported
from autograder.exports.gradescope import SETTINGS, VISIBILITIES
from autograder.exports.gradescope.results import exercises
from autograder.gradebook.assignment import Exercise, prepare
from course_utils.course import Course, CourseError, UsageError
from course_utils.files import write_atomically
from course_utils.publish.fingerprint import companions, files_in

HERE = Path(__file__).parent
PROGRAMS = ("setup.sh", "run_autograder")
WALL_TIMEOUT = 300  # seconds; Gradescope itself stops after ten minutes
LEFT_OUT = ("answers", "sample.py")  # right answers and the sample class are for tests
ALWAYS_THE_SAME = (1980, 1, 1, 0, 0, 0)  # time of every file: the same course, the same bytes


def export(
    course: Course,
    chapter: str,
    out: Path,
    *,
    hidden: str = "after_published",
    cell_timeout: int = 30,
    extra_index: str | None = None,
) -> Exported:
    """Write the bundle of one chapter to ``out``.

    Args:
        hidden: visibility of the hidden properties.
        cell_timeout: seconds a cell may take.
        extra_index: address of one more package index that ``setup.sh`` asks.

    Raises:
        UsageError: an argument is wrong.
        CourseError: the chapter is no assignment, or the course is not a whole checkout.
    """
    name = _one(course, chapter)
    if hidden not in VISIBILITIES:
        raise UsageError(f"visibility {hidden!r} is none of {', '.join(VISIBILITIES)}")
    assignment = prepare(course, name)
    settings: dict[str, str | int] = {
        "chapter": name,
        "hidden": hidden,
        "cell_timeout": cell_timeout,
        "wall_timeout": WALL_TIMEOUT,
    }
    files = _files(course, settings, extra_index)
    write_atomically(out, _zip(files))
    by_hand = exercises(nbformat.reads(assignment.release, as_version=4))
    return Exported(out, notes=tuple(_how_to(assignment.exercises, by_hand)))


def _one(course: Course, chapter: str) -> str:
    name, *others = course.select([chapter])
    if others:
        raise UsageError(f"{chapter!r} names several chapters: {name}, {', '.join(others)}")
    return name


def _files(
    course: Course, settings: dict[str, str | int], extra_index: str | None
) -> dict[str, bytes]:
    """Everything in the bundle, by path."""
    source = _source(course, str(settings["chapter"]))
    return {
        **{program: (HERE / program).read_bytes() for program in PROGRAMS},
        SETTINGS: json.dumps(settings, indent=1).encode(),
        "dependencies.txt": _dependencies(course, extra_index).encode(),
        "requirements.txt": _read(course.root / "requirements.txt"),
        **{f"course/{path}": data for path, data in source.items()},
    }


def _source(course: Course, chapter: str) -> dict[str, bytes]:
    """What grading one chapter needs of the course, by path."""
    source = course.source(chapter)
    grader = course.root / "autograder"
    packages = [
        folder
        for folder in sorted(grader.iterdir())
        if (folder / "__init__.py").is_file() and folder.name not in LEFT_OUT
    ]
    paths = [
        course.root / "_config.yml",
        course.root / "book" / "facts.yml",
        course.root / "book" / "references.bib",
        source,
        *companions(source),
        *(f for f in sorted(grader.glob("*.py")) if f.name not in LEFT_OUT),
        *(file for package in packages for file in files_in(package)),
        *files_in(course.root / "src" / "course_utils"),
        *files_in(course.root / "results"),
    ]
    return {path.relative_to(course.root).as_posix(): _read(path) for path in paths}


def _dependencies(course: Course, extra_index: str | None) -> str:
    """What grading needs, as ranges; ``requirements.txt`` beside it pins them."""
    if extra_index and not re.fullmatch(r"https?://\S+", extra_index):
        raise UsageError(f"--extra-index {extra_index!r} is no address (https://…)")
    project = tomllib.loads(_read(course.root / "pyproject.toml").decode())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["grade"]]
    lines = [f"--extra-index-url {extra_index}"] if extra_index else []
    return "\n".join([*lines, *dict.fromkeys(wanted)]) + "\n"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path}: {error.strerror}; the bundle is made from a whole checkout of the course"
        ) from None


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, ALWAYS_THE_SAME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if name in PROGRAMS else 0o644) << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def _how_to(graded: Iterable[Exercise], known: dict) -> list[str]:
    """What to enter in Gradescope's settings of the assignment."""
    automatic = sum(e.max_points for e in graded if not known[e.name].by_hand)
    notes = [
        f"in Gradescope set the autograder points to {automatic:g}, the base image to Ubuntu "
        "22.04 and the timeout to 10 minutes"
    ]
    notes += [
        f"“{e.name}” is read by a person: add a question of {e.max_points:g} points for it"
        for e in graded
        if known[e.name].by_hand
    ]
    return notes
