"""Build the book."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from course_utils.course import Course, CourseError
from course_utils.files import locked
from course_utils.publish.execute import executed
from course_utils.publish.photograph import find_chromium
from course_utils.publish.stills import NO_CHROMIUM

# Jupyter Book of this environment, whatever PATH says; it has no __main__.
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
# -W: a warning is an error; -n: so is a reference to nowhere; --keep-going: report all.
STRICT = ("-W", "-n", "--keep-going")
TROUBLE = re.compile(r"WARNING|ERROR|CRITICAL|[Ee]xception|Extension error|Error:")
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SHOWN_LINES = 8


def build(
    course: Course, verbose: bool = False, progress: Callable[[str], None] | None = None
) -> Path:
    """Make ``_build/html`` and return its first page.

    Two builds of one course wait for each other.

    Args:
        verbose: show what Sphinx says; otherwise only when the build fails.
        progress: is told each chapter before it runs.

    Raises:
        CourseError: a notebook is broken, or Sphinx warns of anything.
    """
    with locked(course.cache / "build.lock"):
        # Notebooks first, so that an error in them is told in our words.
        for source in [*map(course.source, course.chapters()), *course.pages()]:
            if progress:
                progress(source.stem)
            executed(source, course.cache)
        if progress:
            progress("pages")
            if find_chromium() is None:
                progress(NO_CHROMIUM)
        _run_jupyter_book(course, verbose)
    return first_page(course)


def first_page(course: Course) -> Path:
    """The page to open, which leads to the root page of ``_toc.yml``."""
    return course.root / "_build" / "html" / "index.html"


def _run_jupyter_book(course: Course, verbose: bool) -> None:
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(course.root), *STRICT]
    done = subprocess.run(
        command,
        cwd=course.root,
        stdout=None if verbose else subprocess.PIPE,
        stderr=None if verbose else subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode or not first_page(course).is_file():
        raise CourseError("the book cannot be built" + _what_went_wrong(done.stdout))


def _what_went_wrong(output: str | None) -> str:
    """The first lines of Sphinx's output that tell of trouble, and all of it below."""
    if not output:
        return ": see above"
    output = ANSI.sub("", output)
    lines = [line.strip() for line in output.splitlines() if TROUBLE.search(line)]
    first = "\n".join(f"  {line}" for line in lines[:SHOWN_LINES])
    return f":\n{first}\n\nAll that Sphinx said:\n{output}"
