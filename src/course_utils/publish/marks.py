"""The points that nbgrader gives to an executed notebook."""

from __future__ import annotations

from nbformat import NotebookNode
from nbgrader.utils import determine_grade, has_failed, is_grade, is_solution

from course_utils.course import CourseError


def is_test(cell: NotebookNode) -> bool:
    """Whether a cell is graded by running it (nbgrader's "Autograder tests")."""
    return bool(cell.cell_type == "code" and is_grade(cell) and not is_solution(cell))


def marks(nb: NotebookNode) -> dict[str, tuple[float, float]]:
    """Points earned and points possible of every test cell, by nbgrader's grade id."""
    return {cell.metadata.nbgrader.grade_id: _grade(cell) for cell in nb.cells if is_test(cell)}


def require_full_marks(nb: NotebookNode) -> None:
    """Refuse a notebook whose own solutions do not earn all points.

    Raises:
        CourseError: naming each test cell that gave less.
    """
    poor = []
    for cell in filter(is_test, nb.cells):
        points, full = _grade(cell)
        if abs(points - full) > 1e-6:
            why = ": it wrote to stderr or raised" if has_failed(cell) else ""
            poor.append(f"{cell.metadata.nbgrader.grade_id} earns {points:g} of {full:g}{why}")
    if poor:
        raise CourseError("the reference solution lacks full marks: " + "; ".join(poor))


def _grade(cell: NotebookNode) -> tuple[float, float]:
    try:
        points, full = determine_grade(cell)
    except (KeyError, ValueError) as error:
        name = cell.metadata.nbgrader.get("grade_id", cell.get("id"))
        raise CourseError(f"test cell {name}: {error}") from None
    return float(points or 0), float(full)
