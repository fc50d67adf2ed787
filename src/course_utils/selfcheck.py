"""A student's own report: run a notebook in a fresh kernel and read what its checks say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from course_utils.checks.report import MIME, Report
from course_utils.course import CourseError, UsageError

CELL_SECONDS = 120


@dataclass(frozen=True)
class Line:
    """One exercise: its report, or why there is none."""

    exercise: str
    report: Report | None
    problem: str = ""

    @property
    def passed(self) -> bool:
        return self.report is not None and self.report.passed

    def __str__(self) -> str:
        if self.report is None:
            return f"{self.exercise}\n  ○ {self.problem}"
        return str(self.report)


def check_notebook(
    path: Path, progress: Callable[[int, int], None] | None = None
) -> list[Line]:
    """Run ``path`` in its own folder and collect a line for every exercise.

    The file is not written to.

    Args:
        progress: is told the number of cells done and of all cells.

    Raises:
        UsageError: there is no such file, or it is not a notebook of this course.
        CourseError: the kernel died.
    """
    nb = _read(path)
    if not any(_is_test(cell) for cell in nb.cells):
        raise UsageError(
            f"{path} holds no exercise of this course: was another notebook meant?"
        )
    total = len(nb.cells)
    client = NotebookClient(
        nb,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        allow_errors=True,
        interrupt_on_timeout=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_executed=lambda cell_index, **_: progress and progress(cell_index + 1, total),
    )
    try:
        client.execute()
    except DeadKernelError:
        raise CourseError(
            f"{path}: the kernel died, so nothing can be said. Run the cells one by one to "
            "find the one that kills it (too much memory?)"
        ) from None
    return [_line(cell) for cell in nb.cells if _is_test(cell)]


def _read(path: Path) -> NotebookNode:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not isinstance(json.loads(text), dict):
            raise ValueError("not an object")
        return nbformat.reads(text, as_version=4)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception:  # nbformat raises many kinds
        raise UsageError(f"{path} is not a notebook, or a damaged one") from None


def _is_test(cell: NotebookNode) -> bool:
    """A graded test cell: it calls a check and holds no answer itself."""
    grading = cell.metadata.get("nbgrader", {})
    graded = grading.get("grade") and not grading.get("solution")
    return bool(cell.cell_type == "code" and graded and "checks." in cell.source)


def _line(cell: NotebookNode) -> Line:
    name = str(cell.metadata.nbgrader.get("grade_id", "?")).removeprefix("test_")
    for output in cell.outputs:
        if output.output_type == "error":
            return Line(name, None, _sentence(output))
        data = output.get("data", {})
        if output.output_type == "execute_result" and MIME in data:
            report = Report.from_data(data[MIME])
            return Line(f"Exercise {report.number} · {report.name}", report)
    return Line(name, None, "the test cell gave no report: was it edited?")


def _sentence(output: NotebookNode) -> str:
    if output.ename == "NotImplementedError":
        return "not solved yet"
    if output.ename == "NameError":
        return f"{output.evalue}: the cell that should define it did not run through"
    return f"{output.ename}: {output.evalue}"
