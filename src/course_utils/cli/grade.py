"""Grade a class, and look for copies in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from course_utils.cli.command import cell_timeout, command, path
from course_utils.course import Course


@command("grade autograder/sample_class --out /tmp/grades")
@path("submissions")
@path("--out", required=True, help="folder of the grades")
@click.option(
    "--gradebook",
    metavar="URL",
    help="postgresql://USER@HOST/DATABASE or sqlite:///FILE, default OUT/gradebook.db; "
    "a password is better in PGPASSWORD or ~/.pgpass",
)
@click.option("--workers", type=int, help="processes, default one a core")
@cell_timeout
@click.option(
    "--sandbox",
    type=click.Choice(["bubblewrap", "limits-only"]),
    default="bubblewrap",
    show_default=True,
    help="limits-only: no wall around student code, for a class that you trust",
)
@click.option("--scheduler", metavar="URL", help="of a Dask cluster, tcp://host:8786")
@click.option("--no-integrity", is_flag=True, help="leave that report out")
def grade(
    submissions: Path,
    out: Path,
    sandbox: str,
    scheduler: str | None,
    no_integrity: bool,
    **options: Any,
) -> int:
    """Grade a class.

    It lies in SUBMISSIONS/<student>/<assignment>/<assignment>.ipynb.
    """
    if not scheduler and not (out / "grades.csv").exists():
        from autograder.execution.head_start import head_start  # while the rest is imported
        from autograder.sandbox.kind import Kind

        head_start(Kind(sandbox))
    from autograder.pipeline import grade_class

    summary = grade_class(
        Course.find(),
        submissions,
        out,
        sandbox=sandbox,
        scheduler=scheduler,
        progress=sys.stderr.isatty(),
        integrity=not no_integrity,
        **options,
    )
    print(summary)
    return summary.exit_code


@command("integrity /tmp/grades")
@path("grades")
def integrity(grades: Path) -> int:
    """Report likely copies in a graded class.

    GRADES is the folder that course grade has filled.
    """
    from autograder.integrity import report

    found = report.again(Course.find(), grades)
    print(f"integrity {grades / report.PAGE}  {len(found.findings)} findings")
    return 0
