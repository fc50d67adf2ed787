"""The process that has a student's names, and the time that it may take.

When a cell kills its process or cannot be interrupted, a new process runs the cells before it
again, except the killers, and goes on after it. A graded cell has time of its own; all other
cells, and whatever is run again, share the time of the notebook.
"""

from __future__ import annotations

from collections.abc import Callable

from autograder.boundary.channel import Channel
from autograder.boundary.remote import Link, Lost, OutOfTime
from autograder.sandbox.launch import Session

MAX_DEATHS = 3  # give up after that many dead processes


class Kernel:
    """Runs cells, each once, and serves the names that they make.

    Args:
        begin: gives a fresh process.
        files: for its working folder.
        cell_seconds: own time of a graded cell.
        notebook_seconds: own time of all other cells together, and of what is run again.

    Attributes:
        link: to the process, also after it was replaced.
        drew: whether a cell has drawn random numbers by the process's own word.
    """

    def __init__(
        self,
        begin: Callable[[], Session],
        files: dict[str, bytes],
        cell_seconds: float,
        notebook_seconds: float,
    ) -> None:
        self._begin, self._files = begin, files
        self._cell_seconds, self._left = cell_seconds, notebook_seconds
        self._sources: list[str] = []  # of cells that made state
        self._deaths = 0
        self._session: Session | None = None
        self.drew = False
        self.link = Link(self._connect)

    @property
    def given_up(self) -> bool:
        return self._deaths > MAX_DEATHS

    def run(self, source: str, graded: bool) -> list:
        """The outputs of a cell, as the process tells them.

        Raises:
            OutOfTime: the cells before have used up the time of the notebook.
            Lost: it did not come back in time, or killed its process.
        """
        seconds = self._cell_seconds if graded else min(self._cell_seconds, self._left)
        if seconds <= 0:
            raise OutOfTime
        before = self.link.spent
        try:
            outputs = self._ask(self.link, source, seconds)
        except Lost:
            self._deaths += 1
            raise
        finally:
            if not graded:
                self._left -= self.link.spent - before
        self._sources.append(source)
        return outputs

    def close(self) -> None:
        if self._session:
            self._session.end()
            self._session = None

    def _ask(self, link: Link, source: str, seconds: float) -> list:
        told = link.value("cell", seconds, source=source)
        told = told if isinstance(told, dict) else {}
        self.drew = self.drew or told.get("drew") is not False
        outputs = told.get("outputs")
        return outputs if isinstance(outputs, list) else []

    def _connect(self) -> Channel:
        """A new process in the state that the last one had: at the start it has none."""
        self.close()
        session = self._session = self._begin()
        link = Link(lambda: session.channel)
        if self._sources:
            link.budget = self._left
        try:
            self._prepare(link)
        except Lost:  # a cell that kills the second time
            if self.given_up:
                raise
            return self._connect()
        finally:
            self._left -= link.spent if self._sources else 0
        return session.channel

    def _prepare(self, link: Link) -> None:
        """The files of the chapter, and the cells so far."""
        if self._files:
            link.value("files", self._cell_seconds, files=self._files)
        for source in list(self._sources):
            try:
                self._ask(link, source, self._cell_seconds)
            except OutOfTime:
                return  # as far as it came
            except Lost:
                self._sources.remove(source)
                self._deaths += 1
                raise
