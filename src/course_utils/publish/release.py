"""Write the notebooks that students get."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat

from course_utils.course import Course, CourseError
from course_utils.files import write_atomically
from course_utils.publish.cite import bibliography
from course_utils.publish.execute import read
from course_utils.publish.fingerprint import companions
from course_utils.publish.home import with_install
from course_utils.publish.points import require_agreement
from course_utils.publish.strip import release_notebook

COMPANION_BYTES = 5_000_000  # larger things belong to course_utils.data


def release(
    course: Course,
    chapters: Iterable[str],
    out: Path | None = None,
    *,
    make: Callable[[Path], str] | None = None,
    suffix: str = "",
) -> list[Path]:
    """Write ``<out>/<chapter>/<chapter>.ipynb`` and the files that lie beside the source.

    Everything is made before anything is written, and each file is replaced in one step:
    a chapter that is broken, or a run that is killed, leaves no half-written release.

    Args:
        out: default ``release`` in the course.
        make: the text of a source's notebook, default ``released_text``.
        suffix: of the notebooks' names.

    Returns:
        The notebooks.

    Raises:
        CourseError: a notebook is broken or the folder cannot be written.
    """
    out, chapters = out or course.root / "release", list(chapters)
    require_agreement(course, chapters)
    notebooks: list[Path] = []
    files: dict[Path, str | bytes] = {}
    for chapter in chapters:
        source, folder = course.source(chapter), out / chapter
        target = folder / f"{chapter}{suffix}.ipynb"
        files[target] = (make or released_text)(source)
        notebooks.append(target)
        for companion in companions(source):
            files[folder / companion.relative_to(source.parent)] = _content(companion)
    for path, content in files.items():
        write_atomically(path, content)
    return notebooks


def released_text(source: Path) -> str:
    """The student's version of a notebook as the text of its file."""
    try:
        nb = release_notebook(read(source), bibliography(source))
        nb = with_install(nb, source.parents[2])
        return nbformat.writes(nb) + "\n"
    except CourseError as error:
        raise CourseError(f"{source.name}: {error}") from None


def _content(companion: Path) -> bytes:
    if companion.stat().st_size > COMPANION_BYTES:
        raise CourseError(
            f"{companion} has more than {COMPANION_BYTES / 1e6:g} MB: too much to hand out "
            "with every notebook; put it into course_utils.data"
        )
    return companion.read_bytes()
