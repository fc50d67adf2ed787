"""Grades for other systems, and the grader for Gradescope."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from course_utils.cli.command import cell_timeout, command, group, path
from course_utils.cli.terminal import say
from course_utils.course import Course


def table(name: str, example: str) -> Callable[[Callable], click.Command]:
    """A command that makes a table of the grades in a folder."""

    def made(function: Callable) -> click.Command:
        function = path("grades")(function)
        function = path("--out", required=True, help="file to write")(function)
        text = "default: that in the folder"
        function = click.option("--gradebook", metavar="URL", help=text)(function)
        return command(f"export {name} /tmp/grades {example}", name)(function)

    return made


def totals(function: Callable) -> Callable:
    """The options of tables with one total a student."""
    text = "this one alone; may be repeated"
    function = click.option("--chapter", multiple=True, help=text)(function)
    text = "count answers nobody has read as 0 points"
    return click.option("--so-far", is_flag=True, help=text)(function)


class Pair(click.ParamType):
    """``CHAPTER=TITLE``."""

    name = "CHAPTER=TITLE"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        name, equals, title = value.partition("=")
        if not (name and equals and title):
            self.fail(f"{value!r} is not CHAPTER=TITLE", param, ctx)
        return name, title


@table("csv", "--out grades.csv")
def csv(grades: Path, out: Path, gradebook: str | None) -> int:
    """The table of all exercises.

    GRADES is the folder that course grade has filled.
    """
    from autograder.exports import csv_table
    from autograder.exports import grades as read

    return _exported(csv_table.export(read.read(grades, gradebook), out))


@table("canvas", "--roster canvas.csv --out import.csv")
@path("--roster", required=True, help="gradebook that Canvas exports")
@click.option(
    "--column",
    type=Pair(),
    multiple=True,
    help="assignment in Canvas, where its title is not the chapter's name",
)
@totals
def canvas(
    grades: Path,
    out: Path,
    gradebook: str | None,
    roster: Path,
    column: tuple[tuple[str, str], ...],
    chapter: tuple[str, ...],
    so_far: bool,
) -> int:
    """A table for Canvas's gradebook import."""
    from autograder.exports import canvas
    from autograder.exports import grades as read
    from autograder.exports import roster as rosters

    sums = read.Totals(read.read(grades, gradebook), list(chapter))
    found = rosters.read(roster)
    return _exported(canvas.export(sums, found, out, columns=dict(column), so_far=so_far))


@table("moodle", "--key email --out import.csv")
@click.option(
    "--key",
    type=click.Choice(["username", "idnumber", "email"]),
    default="username",
    show_default=True,
    help="what the names of the students' folders are in Moodle",
)
@totals
def moodle(
    grades: Path,
    out: Path,
    gradebook: str | None,
    key: str,
    chapter: tuple[str, ...],
    so_far: bool,
) -> int:
    """A table for Moodle's grade import."""
    from autograder.exports import grades as read
    from autograder.exports import moodle

    sums = read.Totals(read.read(grades, gradebook), list(chapter))
    return _exported(moodle.export(sums, out, key=key, so_far=so_far))


@command("export gradescope 02_convolution --out autograder.zip")
@click.argument("chapter")
@path("--out", required=True, help="zip file to write")
@click.option(
    "--hidden",
    type=click.Choice(["visible", "after_due_date", "after_published", "hidden"]),
    default="after_published",
    show_default=True,
    help="when students see the hidden properties",
)
@cell_timeout
@click.option(
    "--extra-index",
    metavar="URL",
    help="one more package index to install from, such as that of torch's CPU builds",
)
def gradescope(chapter: str, out: Path, **options: Any) -> int:
    """The bundle that grades a chapter on Gradescope."""
    from autograder.exports.gradescope import bundle

    return _exported(bundle.export(Course.find(), chapter, out, **options))


def _exported(done: Any) -> int:
    """Say what ``autograder.exports`` wrote."""
    print(f"exported  {done.path}")
    for kind, sentences in (("note", done.notes), ("problem", done.problems)):
        for sentence in sentences:
            say(f"{kind}: {sentence}")
    return done.exit_code


export = group(
    "export",
    "Grades for other systems, and the grader for Gradescope.",
    "export csv /tmp/grades --out grades.csv",
    [csv, canvas, moodle, gradescope],
)
