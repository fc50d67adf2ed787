"""What data there are; fetch and rebuild them."""

from __future__ import annotations

from pathlib import Path

import click

from course_utils.cli.command import command, group, path
from course_utils.cli.terminal import say


@command("data list", "list")
def list_data() -> int:
    """Say what ships and what was fetched."""
    from course_utils.data import cache, inventory

    print("\n".join(inventory.lines()))
    print(f"decoded  {cache.folder()}")
    return 0


@command("data fetch cifar10")
@click.argument("set", type=click.Choice(["cifar10"]))
def fetch(set: str) -> int:
    """Fetch what may not be shipped."""
    from course_utils.data.cifar10 import fetch

    for file in fetch(progress=lambda what: say(f"… {what}")):
        print(f"fetched  {file}")
    return 0


@command("data build digits")
@click.argument("sets", nargs=-1)
@click.option("--update", is_flag=True, help="take over files that differ")
@path("--downloads", help="folder that keeps the fetched archives")
def build(sets: tuple[str, ...], update: bool, downloads: Path | None) -> int:
    """Make shipped files anew and compare them.

    SETS are digits, fashion, emoji; all when none is given.
    """
    from course_utils.data.build.rebuild import rebuild

    done = rebuild(
        list(sets),
        update=update,
        downloads=downloads,
        progress=lambda f: print(f, flush=True),
    )
    if update or all(file.as_shipped for file in done):
        return 0
    say("course data build: not all files are as shipped; nothing was replaced by other bytes")
    return 1


data = group(
    "data",
    "What data there are; fetch and rebuild them.",
    "data list",
    [list_data, fetch, build],
)
