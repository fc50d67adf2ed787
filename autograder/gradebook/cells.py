"""Cells of a notebook as nbgrader reads them."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.utils import is_grade, is_solution

from course_utils.handin import EXTRA as EXTRA  # how the ids of a student's own cells begin


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
        fail(cell, "ValueError", "the test cell did not end with its points")


def _is_grade_of(result: NotebookNode, max_points: float) -> bool:
    try:
        return 0 <= float(result.data["text/plain"]) <= max_points
    except (KeyError, TypeError, ValueError):
        return False


def fail(cell: NotebookNode, name: str, message: str) -> None:
    """Let the cell end with an error, after what it printed."""
    error = new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])
    cell.outputs = [*cell.get("outputs", []), error]
