"""Grade a class, and look for copies in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from course_utils.cli.command import cell_timeout, command, path
from course_utils.cli.terminal import say
from course_utils.course import Course


def several(option: str, name: str, metavar: str) -> Callable:
    """An option that may be repeated."""
    text = "only this one; may be repeated"
    return click.option(option, name, multiple=True, metavar=metavar, help=text)


@command("grade autograder/sample_class --out /tmp/grades")
@path("submissions")
@path("--out", required=True, help="output folder")
@click.option(
    "--gradebook",
    metavar="URL",
    help="postgresql://USER@HOST/DATABASE or sqlite:///FILE, default OUT/gradebook.db; "
    "a password is better in PGPASSWORD or ~/.pgpass",
)
@click.option("--workers", type=int, help="number of processes, default one per core")
@cell_timeout
@click.option(
    "--notebook-timeout",
    "wall_timeout",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="time limit (s) for all cells that are not graded together",
)
@click.option(
    "--sandbox",
    type=click.Choice(["bubblewrap", "limits-only"]),
    help="default bubblewrap; limits-only: resource limits without isolation, only for a class "
    "that you trust",
)
@click.option("--scheduler", metavar="URL", help="address of a Dask scheduler, tcp://host:8786")
@several("--student", "students", "NAME")
@several("--chapter", "chapters", "CHAPTER")
@click.option("--force", is_flag=True, help="grade unchanged submissions again")
@path(
    "--roster",
    help="list of students: exported from Canvas or Moodle, or a table with a column student",
)
@path("--calendar", help="due dates, YAML or CSV, default calendar.yml in the course")
@path("--extensions", help="table: student, assignment, extension or until, excused, reason")
@click.option(
    "--late-policy",
    metavar="POLICY",
    help="none, zero, “10% per day”, MODULE:NAME or FILE.py:NAME",
)
@click.option("--no-integrity", is_flag=True, help="do not write the report of likely copies")
def grade(
    submissions: Path,
    out: Path,
    sandbox: str | None,
    scheduler: str | None,
    no_integrity: bool,
    roster: Path | None,
    calendar: Path | None,
    extensions: Path | None,
    late_policy: str | None,
    **options: Any,
) -> int:
    """Grade a class.

    Submissions are SUBMISSIONS/<student>/<assignment>/<assignment>.ipynb. Roster, calendar
    and extensions stay as in the last run unless they are given again.
    """
    kind = _kind(sandbox, submissions)
    if not scheduler and not (out / "grades.csv").exists():
        from autograder.execution.head_start import head_start  # while the rest is imported

        head_start(kind)
    from autograder.intake.enrol import Given
    from autograder.pipeline import grade_class

    summary = grade_class(
        Course.find(),
        submissions,
        out,
        sandbox=kind,
        scheduler=scheduler,
        progress=sys.stderr.isatty(),
        integrity=not no_integrity,
        given=Given(calendar, extensions, roster, late_policy),
        **options,
    )
    print(summary)
    return summary.exit_code


def _kind(chosen: str | None, submissions: Path) -> Any:
    """How student code is kept apart: as chosen, else by bubblewrap.

    Our own sample class is no danger: where bubblewrap is missing it is graded all the same,
    so that the first command on a fresh machine ends well.
    """
    from autograder.sandbox.kind import Kind, SandboxError, require

    if chosen:
        return Kind(chosen)
    try:
        require(Kind.BUBBLEWRAP)
    except SandboxError as error:
        from autograder import sample

        if sample.is_ours(Course.find(), submissions):
            why = str(error).partition(". ")[0]
            say(
                f"note: {why}; our own sample class is graded with limits only. Real classes "
                "need it: apt install bubblewrap"
            )
            return Kind.LIMITS_ONLY
    return Kind.BUBBLEWRAP


@command("integrity /tmp/grades")
@path("grades")
def integrity(grades: Path) -> int:
    """Report likely copies in a graded class.

    GRADES is the output folder of course grade.
    """
    from autograder.integrity import report

    found = report.again(Course.find(), grades)
    print(f"integrity {grades / report.PAGE}  {len(found.findings)} findings")
    return 0
