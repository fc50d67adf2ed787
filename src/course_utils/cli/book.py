"""Make the book and the notebooks that students get."""

from __future__ import annotations

import contextlib
import functools
import http.server
from pathlib import Path

import click

from course_utils.cli.command import chapters, command, path
from course_utils.cli.terminal import say
from course_utils.course import Course, CourseError, UsageError


@command("build")
@chapters
@click.option("-v", "--verbose", is_flag=True, help="show the output of Sphinx")
def build(chapters: tuple[str, ...], verbose: bool) -> int:
    """Run the chapters and build the book.

    CHAPTERS are run again even if nothing has changed.
    """
    from course_utils.publish import build

    course = Course.find()
    for chapter in course.select(chapters) if chapters else ():
        for kept in (course.cache / "executed").glob(f"{chapter}-*.ipynb"):
            kept.unlink()
    page = build.build(course, verbose=verbose, progress=lambda what: say(f"… {what}"))
    print(f"book      {page}")
    return 0


@command("serve --port 8000")
@click.option("--port", type=int, default=8000, show_default=True, help="0 chooses a free port")
def serve(port: int) -> int:
    """Show the book in a browser."""
    folder = Course.find().root / "_build" / "html"
    if not (folder / "index.html").is_file():
        raise CourseError("there is no book yet: run course build first")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise CourseError(f"port {port}: {error.strerror}; try --port 0") from None
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C stops it)", flush=True)
        server.serve_forever()
    return 0


@command("release 02_convolution")
@chapters
@path("--out", help="output folder, default release/ in the course")
@path(
    "--bundle", help="output folder for everything a student gets: notebooks, wheel, start page"
)
@click.option(
    "--solutions",
    is_flag=True,
    help="write notebooks with solutions into --out, after the due date",
)
@path("--calendar", help="due dates, default calendar.yml in the course")
@click.option("--force", is_flag=True, help="write solutions even before the due date")
def release(
    chapters: tuple[str, ...],
    out: Path | None,
    bundle: Path | None,
    solutions: bool,
    calendar: Path | None,
    force: bool,
) -> int:
    """Write the student notebooks of CHAPTERS; of all chapters by default."""
    from course_utils.publish.release import release

    course = Course.find()
    if solutions:
        return _solutions(course, course.select(chapters), out, calendar, force)
    if bundle:
        from course_utils.publish import bundle as bundles

        if out:
            raise UsageError("--bundle DIR already names the folder: leave --out away")
        for file in bundles.bundle(course, course.select(chapters), bundle):
            print(f"bundled   {file}")
        return 0
    for notebook in release(course, course.select(chapters), out):
        print(f"released  {notebook}")
    return 0


def _solutions(
    course: Course, chapters: list[str], out: Path | None, calendar: Path | None, force: bool
) -> int:
    from autograder.intake import calendar as calendars
    from course_utils.publish import solutions

    if out is None:
        raise UsageError("--solutions needs --out FOLDER: they must not lie in release/")
    dates = calendar or course.root / calendars.NAME
    if not force and (calendar or dates.is_file()):
        known = calendars.read(dates, course.chapters())
        solutions.require_past(chapters, known.due)
    for notebook in solutions.write(course, chapters, out):
        print(f"solutions {notebook}")
    return 0


@command("format", "format")
@chapters
@click.option(
    "--outputs", is_flag=True, help="store the current output of cells whose output is tested"
)
def format_notebooks(chapters: tuple[str, ...], outputs: bool) -> int:
    """Normalise the source notebooks of CHAPTERS; of all chapters by default."""
    from course_utils.publish.normalise import normalise, update_outputs
    from course_utils.publish.points import write_points

    course = Course.find()
    pages = [] if chapters else course.pages()
    written = {course.source(c) for c in course.select(chapters) if write_points(course, c)}
    for source in [*map(course.source, course.select(chapters)), *pages]:
        changed = update_outputs(source, course.cache) if outputs else normalise(source)
        print(f"{'changed' if changed or source in written else 'as it was':9s} {source}")
    return 0
