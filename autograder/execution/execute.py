"""Runs a submission: the student's cells in the sandbox, the test cells here.

In the test cells the names that the exercises ask for are ``Remote`` objects, so no code of
the student runs in this process and no hidden test is ever where that code runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Int, Unicode

from autograder.boundary.channel import Channel
from autograder.boundary.remote import Link, Lost, OutOfTime
from autograder.execution.trusted import Trusted
from autograder.gradebook.assignment import files_beside
from autograder.gradebook.cells import fail, is_test, tidy_test
from autograder.sandbox.jail import JailLimits
from autograder.sandbox.kind import Kind
from autograder.sandbox.launch import Session
from autograder.sandbox.warm import zygote

DIED = "DeadKernelError"
TOO_LONG = "CellTimeoutError"


class SandboxedExecute(NbGraderPreprocessor):
    """nbgrader's ``Execute``, with a wall between the student's code and the tests.

    When a cell kills its process or cannot be interrupted, a new process runs the cells before
    it again, except the killers, and goes on after it.
    """

    timeout = Int(30, help="seconds of its own time for one cell").tag(config=True)
    wall_seconds = Float(300, help="seconds of their own time for all cells together").tag(
        config=True
    )
    max_deaths = Int(3, help="give up after that many dead processes").tag(config=True)
    sandbox = Unicode(Kind.BUBBLEWRAP.value, help="bubblewrap or limits-only").tag(config=True)
    source = Unicode(help="the instructor's notebook: {assignment}, {notebook}").tag(
        config=True
    )
    modules = Unicode(help="folder with autograder/hidden").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple:
        names = resources["nbgrader"]
        path = Path(
            self.source.format(assignment=names["assignment"], notebook=names["notebook"])
        )
        instructor = nbformat.read(path, as_version=4)
        self._nb, self._files = nb, files_beside(path)
        self._killers: set[int] = set()
        self._done = 0  # cells before this one have run
        self._session: Session | None = None
        self._replayed = 0.0  # seconds that it took to run cells again
        self._link = Link(self._connect)
        try:
            with Trusted(instructor, path.parent, Path(self.modules), self._link) as trusted:
                for index, cell in enumerate(nb.cells):
                    self._done = index
                    if cell.cell_type == "code":
                        self._run(cell, index, trusted)
        finally:
            self._hang_up()
        return nb, resources

    def _run(self, cell: NotebookNode, index: int, trusted: Trusted) -> None:
        cell.outputs, cell.execution_count = [], None
        left = self._left()
        if left <= 0:
            fail(cell, TOO_LONG, "not run: the time for the whole notebook was used up")
        elif len(self._killers) > self.max_deaths:
            fail(cell, DIED, "not run: Python died too often in the cells before")
        elif is_test(cell):
            cell.outputs = trusted.run(cell, min(self.timeout, left))
            tidy_test(cell)
        else:
            self._run_student(cell, index)

    def _left(self) -> float:
        return self.wall_seconds - self._link.spent - self._replayed

    def _run_student(self, cell: NotebookNode, index: int) -> None:
        try:
            outputs = self._ask(cell.source)
        except Lost as lost:
            self._killers.add(index)
            timed_out = str(lost) == Lost.IN_TIME
            name = TOO_LONG if timed_out else DIED
            why = f"no end after {self.timeout} seconds"
            fail(cell, name, why if timed_out else "Python died while it ran this cell")
        else:
            cell.outputs = [_output(o) for o in outputs if isinstance(o, dict)]

    def _ask(self, source: str) -> list:
        outputs = self._link.value("cell", self.timeout, source=source)
        return outputs if isinstance(outputs, list) else []

    # -- the process that serves this submission ---------------------------------------------

    def _connect(self) -> Channel:
        """A new process in the state that the last one had: at the start it has none."""
        self._hang_up()
        limits = JailLimits(cpu_seconds=int(self.wall_seconds) + 60)
        self._session = zygote(Kind(self.sandbox)).session(limits)
        link = Link(lambda: self._session.channel)  # type: ignore[union-attr]
        if self._done:
            link.budget = self._left()
        try:
            self._prepare(link)
        except Lost:  # this one kills too, the second time
            if len(self._killers) > self.max_deaths:
                raise
            return self._connect()
        finally:
            self._replayed += link.spent
        return self._session.channel

    def _prepare(self, link: Link) -> None:
        """The files of the chapter, and the cells so far."""
        if self._files:
            link.value("files", self.timeout, files=self._files)
        for index, cell in enumerate(self._nb.cells[: self._done]):
            if index in self._killers or not _worth_replaying(cell):
                continue
            try:
                link.value("cell", self.timeout, source=cell.source)
            except OutOfTime:
                return  # as far as it came
            except Lost:
                self._killers.add(index)
                raise

    def _hang_up(self) -> None:
        if self._session:
            self._session.end()
            self._session = None


def _worth_replaying(cell: NotebookNode) -> bool:
    """Cells that made state: no tests, none that ran into its time limit."""
    if cell.cell_type != "code" or is_test(cell):
        return False
    return not any(o.output_type == "error" and o.ename == TOO_LONG for o in cell.outputs)


def _output(told: dict) -> NotebookNode:
    """An output as the sandbox tells it, in nbformat's own shape and nothing else."""
    kind = told.get("output_type")
    if kind == "stream":
        name = "stderr" if told.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=str(told.get("text", "")))
    if kind == "error":
        lines = told.get("traceback")
        return new_output(
            "error",
            ename=str(told.get("ename", "")),
            evalue=str(told.get("evalue", "")),
            traceback=[str(line) for line in lines] if isinstance(lines, list) else [],
        )
    data = told.get("data")
    data = {str(k): v for k, v in data.items()} if isinstance(data, dict) else {}
    if kind == "execute_result":
        return new_output("execute_result", data=data, execution_count=None)
    return new_output("display_data", data=data)
