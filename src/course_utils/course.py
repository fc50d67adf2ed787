"""Where a course keeps its things, and the errors that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CELL_SECONDS = 30  # that a cell may take, at grading and in ``course check``


class CourseError(Exception):
    """Something failed and the message names it: the command exits with 1."""

    exit_code = 1


class UsageError(CourseError):
    """The command was called wrongly: it exits with 2."""

    exit_code = 2


def advice(extra: str) -> str:
    """How to get an optional part of the course.

    It names the checkout and never the package: nobody has registered that name, so whoever
    did so would run code of theirs on the machines of all who follow the advice.
    """
    return f'in a checkout of the course run pip install -e ".[{extra}]"'


@dataclass(frozen=True)
class Course:
    """A checkout of the course.

    A chapter is a folder ``notebooks/NN_topic`` with the notebook ``NN_topic.ipynb`` in it:
    nbgrader's assignment of the same name.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course that ``start`` (default: the current folder) lies in."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "_config.yml").is_file() and (folder / "notebooks").is_dir():
                return cls(folder)
        raise UsageError(
            f"{here} is not inside a checkout of the course "
            "(no _config.yml with a notebooks folder beside it): change into one first"
        )

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def cache(self) -> Path:
        """What can be made again; ``jupyter-book clean`` empties ``_build``, so not there."""
        return self.root / ".cache"

    def chapters(self) -> list[str]:
        """Names of all chapters, in order."""
        return sorted(
            folder.name
            for folder in self.notebooks.iterdir()
            if (folder / f"{folder.name}.ipynb").is_file()
        )

    def pages(self) -> list[Path]:
        """Notebooks of the book that are no chapters."""
        return sorted((self.root / "book").glob("*.ipynb"))

    def source(self, chapter: str) -> Path:
        """The instructor's notebook of a chapter."""
        return self.notebooks / chapter / f"{chapter}.ipynb"

    def select(self, wanted: Sequence[str]) -> list[str]:
        """The chapters that were asked for by name, number or topic; all when none was."""
        return select(self.chapters(), wanted)


def select(known: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those of the chapters ``known`` that ``wanted`` names; all when it is empty."""
    if not wanted:
        return list(known)
    chosen = []
    for name in wanted:
        hits = [c for c in known if name in (c, *c.split("_", 1))]
        if not hits:
            raise UsageError(f"unknown chapter {name!r}; there are: {', '.join(known)}")
        chosen += hits
    return list(dict.fromkeys(chosen))
