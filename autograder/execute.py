"""Runs a notebook to its end, whatever its cells do to the kernel.

This is the seam for the sandbox: it is the only place that starts a kernel and the only one
that runs student code.
"""

from __future__ import annotations

import math
import time
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_solution
from traitlets import Float, Int

DIED = "DeadKernelError"
TOO_LONG = "CellTimeoutError"


class PatientExecute(Execute):
    """nbgrader's ``Execute``, with the kernel's death as one cell's result and no more.

    When a cell kills the kernel or cannot be interrupted, a new kernel runs the cells before
    it again, except the killers and the tests, and goes on after it.
    """

    max_output = Int(1_000_000, help="characters of output kept of one cell").tag(config=True)
    max_deaths = Int(3, help="give up after that many dead kernels").tag(config=True)
    wall_seconds = Float(0, help="for all cells together; 0 is no limit").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple:
        self._killers: set[int] = set()
        self._printed: dict[int, int] = {}
        self._deadline = time.monotonic() + (self.wall_seconds or math.inf)
        nb, resources = super().preprocess(nb, resources, km)
        for cell in nb.cells:
            if is_test(cell):
                tidy_test(cell)
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple:
        if cell.cell_type != "code":
            return cell, resources
        left = self._deadline - time.monotonic()
        if left <= 0:
            _fail(cell, TOO_LONG, "not run: the time for the whole notebook was used up")
        elif len(self._killers) >= self.max_deaths:
            _fail(cell, DIED, "not run: Python died too often in the cells before")
        else:
            self._run(cell, resources, index)
        return cell, resources

    def _run(self, cell: NotebookNode, resources: Any, index: int) -> None:
        try:
            super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self._revive(index)
            _fail(cell, DIED, "Python died while it ran this cell")
        except CellTimeoutError:  # it ignored the interrupt
            self._revive(index)
            _fail(cell, TOO_LONG, f"no end after {self.timeout} seconds")

    def _revive(self, killer: int) -> None:
        """A new kernel in the state that the old one had before the cell ``killer``."""
        dead: int | None = killer
        while dead is not None:
            self._killers.add(dead)
            self._cleanup_kernel()
            self.km = self.create_kernel_manager()
            if len(self._killers) >= self.max_deaths:
                return
            self.start_new_kernel()
            self.start_new_kernel_client()
            dead = self._replay(killer)

    def _replay(self, stop: int) -> int | None:
        """Run the cells before ``stop`` again; the index of one that kills this kernel too."""
        for index, cell in enumerate(self.nb.cells[:stop]):
            if index in self._killers or not _worth_replaying(cell):
                continue
            try:
                self.execute_cell(new_code_cell(cell.source), index, store_history=False)
            except (DeadKernelError, CellTimeoutError):
                return index
            finally:
                self.nb.cells[index] = cell  # nbclient stores the cell that it ran
        return None

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> Any:
        """Drop what a cell prints beyond ``max_output``."""
        if msg["msg_type"] in ("stream", "display_data", "execute_result"):
            content = msg["content"]
            size = len(content.get("text", "")) + len(str(content.get("data", "")))
            self._printed[id(cell)] = self._printed.get(id(cell), 0) + size
            if self._printed[id(cell)] > self.max_output:
                return None
        return super().process_message(msg, cell, cell_index)


def is_test(cell: NotebookNode) -> bool:
    """A cell that gives points by itself."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def tidy_test(cell: NotebookNode) -> None:
    """Leave only outputs of a test cell that ``nbgrader.utils.determine_grade`` reads rightly.

    It gives no points for anything on stderr (a warning is enough), takes the first result
    even where an error follows, full points for a result that is no number, and stops the
    notebook at one above the maximum.
    """
    for output in cell.outputs:
        if output.output_type == "stream":
            output.name = "stdout"
    results = [o for o in cell.outputs if o.output_type == "execute_result"]
    failed = any(o.output_type == "error" for o in cell.outputs)
    kept = [] if failed else results[-1:]
    cell.outputs = [o for o in cell.outputs if o.output_type != "execute_result"] + kept
    if kept and not _is_grade_of(kept[0], float(cell.metadata.nbgrader["points"])):
        cell.outputs = []
        _fail(cell, "ValueError", "the test cell did not end with its points")


def _is_grade_of(result: NotebookNode, max_points: float) -> bool:
    try:
        return 0 <= float(result.data["text/plain"]) <= max_points
    except (KeyError, TypeError, ValueError):
        return False


def _worth_replaying(cell: NotebookNode) -> bool:
    """Cells that made state: no tests, none that ran into its time limit."""
    if cell.cell_type != "code" or is_test(cell):
        return False
    return not any(o.output_type == "error" and o.ename == TOO_LONG for o in cell.outputs)


def _fail(cell: NotebookNode, name: str, message: str) -> None:
    error = new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])
    cell.outputs = [*cell.get("outputs", []), error]
