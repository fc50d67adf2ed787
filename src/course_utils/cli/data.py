"""What data there are; fetch and rebuild them."""

from __future__ import annotations

from pathlib import Path

import click

from course_utils.cli.command import command, group, path
from course_utils.cli.terminal import say


@command("data list", "list")
def list_data() -> int:
    """List the datasets that are included and those that were downloaded."""
    from course_utils.data import cache, inventory

    print("\n".join(inventory.lines()))
    print(f"decoded  {cache.folder()}")
    return 0


@command("data fetch cifar10")
@click.argument("set", type=click.Choice(["cifar10"]))
def fetch(set: str) -> int:
    """Download a dataset that cannot be included for lack of a licence."""
    from course_utils.data.cifar10 import fetch

    for file in fetch(progress=lambda what: say(f"… {what}")):
        print(f"fetched  {file}")
    return 0


@command("data build digits")
@click.argument("sets", nargs=-1)
@click.option("--update", is_flag=True, help="replace files that differ")
@path("--downloads", help="folder for the downloaded archives")
def build(sets: tuple[str, ...], update: bool, downloads: Path | None) -> int:
    """Rebuild included datasets and compare them with the included files.

    SETS are digits, fashion, emoji; all by default.
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
    "List, download and rebuild the datasets.",
    "data list",
    [list_data, fetch, build],
)
