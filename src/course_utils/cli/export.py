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
        function = path("--out", required=True, help="output file")(function)
        text = "default: the one in GRADES"
        function = click.option("--gradebook", metavar="URL", help=text)(function)
        return command(f"export {name} /tmp/grades {example}", name)(function)

    return made


def totals(function: Callable) -> Callable:
    """The options of tables with one total a student."""
    text = "only this one; may be repeated"
    function = click.option("--chapter", multiple=True, help=text)(function)
    text = "count answers that are not graded yet as 0 points"
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
    """Table of all exercises.

    GRADES is the output folder of course grade.
    """
    from autograder.exports import csv_table
    from autograder.exports import grades as read

    return _exported(csv_table.export(read.read(grades, gradebook), out))


@table("canvas", "--roster canvas.csv --out import.csv")
@path("--roster", required=True, help="gradebook exported from Canvas")
@click.option(
    "--column",
    type=Pair(),
    multiple=True,
    help="title of the assignment in Canvas, if it is not the chapter's name",
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
    """Table for the gradebook import of Canvas.

    GRADES is the output folder of course grade.
    """
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
    help="Moodle field that the names of the students' folders are taken from",
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
    """Table for the grade import of Moodle.

    GRADES is the output folder of course grade.
    """
    from autograder.exports import grades as read
    from autograder.exports import moodle

    sums = read.Totals(read.read(grades, gradebook), list(chapter))
    return _exported(moodle.export(sums, out, key=key, so_far=so_far))


@command("export gradescope 02_convolution --out autograder.zip")
@click.argument("chapter")
@path("--out", required=True, help="output zip file")
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
    help="additional package index, such as that of torch's CPU builds",
)
def gradescope(chapter: str, out: Path, **options: Any) -> int:
    """Autograder bundle that grades CHAPTER on Gradescope."""
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
    "Export grades to other systems, and the autograder for Gradescope.",
    "export csv /tmp/grades --out grades.csv",
    [csv, canvas, moodle, gradescope],
)
