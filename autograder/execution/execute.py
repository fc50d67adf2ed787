"""Runs a submission: the student's cells in the sandbox, the test cells here.

In the test cells the names that the exercises ask for are ``Remote`` objects, so no code of
the student runs in this process and no hidden test is ever where that code runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Float, Int, Unicode

from autograder.boundary.remote import Lost, OutOfTime
from autograder.execution import demonstrations
from autograder.execution.kernel import Kernel
from autograder.execution.outputs import Outputs
from autograder.execution.trusted import Trusted
from autograder.gradebook.assignment import files_beside
from autograder.gradebook.cells import fail, is_test, tidy_test
from autograder.sandbox import warm
from autograder.sandbox.jail import JailLimits
from autograder.sandbox.kind import Kind, SandboxError
from autograder.sandbox.launch import Sessions

DIED = "DeadKernelError"
TOO_LONG = "CellTimeoutError"


class SandboxedExecute(NbGraderPreprocessor):
    """nbgrader's ``Execute``, with a wall between the student's code and the tests.

    Where there is a template of the chapter's demonstrations and the student's cells have
    nothing to do with them (see ``demonstrations``), only the student's cells are run.
    """

    timeout = Int(30, help="seconds of its own time for one cell").tag(config=True)
    wall_seconds = Float(
        300, help="seconds of their own time for all cells that are not graded, together"
    ).tag(config=True)
    sandbox = Unicode(Kind.BUBBLEWRAP.value, help="bubblewrap or limits-only").tag(config=True)
    source = Unicode(help="the instructor's notebook: {assignment}, {notebook}").tag(
        config=True
    )
    modules = Unicode(help="folder with autograder/hidden").tag(config=True)
    release = Unicode(help="file of the notebook as it was handed out").tag(config=True)
    own = Unicode(help="folder of the student's own modules").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple:
        names = resources["nbgrader"]
        path = Path(
            self.source.format(assignment=names["assignment"], notebook=names["notebook"])
        )
        instructor = nbformat.read(path, as_version=4)
        own = _own_files(self.own)
        self._files = files_beside(path) | own
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        if own or not self._short(nb, instructor, path.parent):
            sources = {n: c.source for n, c in enumerate(nb.cells) if _is_students(c)}
            self._run(nb, instructor, path.parent, sources, warm.zygote(Kind(self.sandbox)))
        return nb, resources

    def _short(self, nb: NotebookNode, instructor: NotebookNode, folder: Path) -> bool:
        """Without the demonstrations, where that gives the same; whether it did."""
        if not self.release:
            return False
        release = Path(self.release).read_text("utf-8")
        sources = demonstrations.apart(nb, release)
        name = demonstrations.template_name(release)
        sessions = sources and warm.template(Kind(self.sandbox), name)
        if not (sources and sessions):
            return False
        try:
            drew = self._run(nb, instructor, folder, sources, sessions)
        except SandboxError:  # the template is gone; whether more is, shows next
            drew = True
        if drew:  # what demonstrations have drawn would have come before
            for cell in nb.cells:
                if cell.cell_type == "code":
                    cell.outputs = []
        return not drew

    def _run(
        self,
        nb: NotebookNode,
        instructor: NotebookNode,
        folder: Path,
        sources: dict[int, str],
        sessions: Sessions,
    ) -> bool:
        """Run ``sources``, by place of the cell, and the tests; whether a cell drew numbers."""
        graded = sum(is_solution(cell) or is_grade(cell) for cell in nb.cells)
        limits = JailLimits(cpu_seconds=int(self.wall_seconds + graded * self.timeout) + 60)
        self._outputs = Outputs()
        kernel = Kernel(
            lambda: sessions.session(limits), self._files, self.timeout, self.wall_seconds
        )
        try:
            with Trusted(instructor, folder, Path(self.modules), kernel.link) as trusted:
                for place, cell in enumerate(nb.cells):
                    if is_test(cell):
                        self._test(cell, trusted, kernel)
                    elif place in sources:
                        self._run_student(cell, sources[place], kernel)
        finally:
            kernel.close()
        return kernel.drew

    def _test(self, cell: NotebookNode, trusted: Trusted, kernel: Kernel) -> None:
        if kernel.given_up:
            fail(cell, DIED, "not run: Python died too often in the cells before")
            return
        cell.outputs = trusted.run(cell, self.timeout)
        tidy_test(cell)

    def _run_student(self, cell: NotebookNode, source: str, kernel: Kernel) -> None:
        if kernel.given_up:
            fail(cell, DIED, "not run: Python died too often in the cells before")
            return
        try:
            outputs = kernel.run(source, graded=is_solution(cell))
        except OutOfTime:
            fail(cell, TOO_LONG, "not run: the time for the whole notebook was used up")
        except Lost as lost:
            timed_out = str(lost) == Lost.IN_TIME
            name = TOO_LONG if timed_out else DIED
            why = f"no end after {self.timeout} seconds"
            _, colon, cause = str(lost).partition(":")  # "…: it ran out of memory"
            died = f"Python died while it ran this cell{colon}{cause}"
            fail(cell, name, why if timed_out else died)
        else:
            cell.outputs = self._outputs.of_cell(outputs)


def _is_students(cell: NotebookNode) -> bool:
    """A cell that runs where the student's names are: any but a test."""
    return cell.cell_type == "code" and not is_test(cell)


def _own_files(folder: str) -> dict[str, bytes]:
    root = Path(folder)
    return (
        {f.name: f.read_bytes() for f in sorted(root.iterdir())}
        if folder and root.is_dir()
        else {}
    )
