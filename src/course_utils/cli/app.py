"""All commands together, and what becomes of the errors that they raise."""

from __future__ import annotations

import sys

import click

from course_utils.cli import book, check, data, doctor, export, grade, terminal, train
from course_utils.cli.command import group
from course_utils.course import CourseError

# Packages that students do not have; the first part of a module's name.
INSTRUCTORS = ("autograder", "copydetect", "nbgrader", "jupyter_book", "resvg_py", "dask")

app = group(
    "course",
    "Pixels to Prompts, the course.",
    "check 02_convolution.ipynb",
    [
        book.build,
        book.serve,
        book.release,
        check.check,
        grade.grade,
        grade.integrity,
        book.format_notebooks,
        train.train,
        export.export,
        data.data,
        doctor.doctor,
    ],
)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; ``--help`` and wrong usage exit by themselves.

    0: all is well, 1: something failed and is named, 2: the command was called wrongly.
    """
    with terminal.streams() as out:
        code = _run(sys.argv[1:] if argv is None else argv)
        out.flush()
        if not out.failure or isinstance(out.failure, BrokenPipeError):  # left by its reader
            return code
        terminal.say(f"course: the output cannot be written: {out.failure.strerror}")
    return 1


def _run(words: list[str]) -> int:
    named = " ".join(["course", *words[:1]])
    try:
        with app.make_context("course", list(words)) as ctx:
            return app.invoke(ctx)
    except click.exceptions.Exit as done:
        raise SystemExit(done.exit_code) from None
    except click.ClickException as wrong:
        wrong.show()
        raise SystemExit(wrong.exit_code) from None
    except CourseError as error:
        terminal.say(f"{named}: {error}")
        return error.exit_code
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in INSTRUCTORS:
            raise
        terminal.say(
            f"{named}: {error.name} is missing. This command is for instructors: "
            "in a checkout of the course run make env"
        )
        return 1
    except KeyboardInterrupt:
        terminal.say(f"{named}: interrupted; the same command goes on where it stopped")
        return 1
