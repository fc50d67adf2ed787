"""How a command is declared, and the options that several commands share.

A command is a function with click's decorators. It returns the exit code: 0 all is well,
1 something failed and is named, 2 the command was called wrongly. Its docstring is its help.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from course_utils.course import CELL_SECONDS


class Commands(click.Group):
    """Commands in the order in which they were added; an unknown one lists them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and not cmd_name.startswith("-"):
            ctx.fail(f"invalid choice: {cmd_name!r} (choose from {', '.join(self.commands)})")
        return found


def command(example: str, name: str | None = None) -> Callable[[Callable], click.Command]:
    """Make a command of a function; its help ends with ``course <example>``."""
    return click.command(name, epilog=_epilog(example))


def group(name: str, text: str, example: str, commands: list[click.Command]) -> Commands:
    """Commands under a common word, as in ``course data list``."""
    made = Commands(name, help=text, epilog=_epilog(example), subcommand_metavar="COMMAND ...")
    for one in commands:
        made.add_command(one)
    return made


def _epilog(example: str) -> str:
    return f"\b\nexample: course {example}"  # \b: click leaves the lines as they are


def path(name: str, **options: Any) -> Callable:
    """An argument, or an option where ``name`` begins with ``--``, that is a path."""
    declare = click.option if name.startswith("-") else click.argument
    return declare(name, type=click.Path(path_type=Path), **options)


chapters = click.argument("chapters", nargs=-1)
cell_timeout = click.option(
    "--cell-timeout",
    type=click.IntRange(min=1),
    default=CELL_SECONDS,
    show_default=True,
    help="time limit (s) per cell",
)
