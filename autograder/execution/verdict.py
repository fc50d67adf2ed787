"""Reads off an executed notebook what became of an exercise, in words."""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbgrader.utils import is_solution, is_task

from autograder.boundary import requests
from autograder.execution.execute import DIED, TOO_LONG
from autograder.gradebook.status import Status
from course_utils.checks.report import MIME, Report

MAX_REASON = 700
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_NO_MEMORY = re.compile(r"raised MemoryError|can't allocate memory")  # Python's, torch's
_OF_ERROR = {
    "NotImplementedError": Status.UNSOLVED,
    TOO_LONG: Status.TIMEOUT,
    DIED: Status.CRASHED,
    "MemoryError": Status.CRASHED,
}


def judge(
    test: NotebookNode, answer: list[NotebookNode], points: float | None
) -> tuple[Status, str]:
    """Status and reason of one exercise.

    Args:
        test: the cell that gives the points.
        answer: the cells that hold the student's answer.
        points: nbgrader's automatic points; None where a person must read.
    """
    if is_task(test) or is_solution(test):
        if points is None:
            return Status.MANUAL, Status.MANUAL.sentence
        return Status.UNSOLVED, "No answer: the cell is as it was handed out."
    error = _error(test)
    if error is None:
        return _of_report(report_of(test))
    if error.ename == "NameError":  # the name is missing because the answer's cell failed
        causes = [found for cell in answer if (found := _error(cell))]
        error = causes[-1] if causes else error
    status = _OF_ERROR.get(error.ename, Status.ERROR)
    if status is Status.UNSOLVED:
        return status, status.sentence
    text = _ANSI.sub("", error.evalue).strip().splitlines() or [status.sentence]
    name = "" if status in (Status.TIMEOUT, Status.CRASHED) else f"{error.ename}: "
    return status, shorten(name + text[0])


def _of_report(report: Report | None) -> tuple[Status, str]:
    if report is None:  # a test cell of asserts, and all of them hold
        return Status.GRADED, ""
    failed = [v for v in report.verdicts if not v.passed]
    messages = [v.message for v in failed]
    status = Status.GRADED
    if any(m.startswith("no result after") for m in messages):
        status = Status.TIMEOUT
    elif any(_NO_MEMORY.search(m) or m.startswith(requests.DIED) for m in messages):
        status = Status.CRASHED
    return status, shorten("; ".join(f"{v.name}: {v.message}" for v in failed))


def report_of(test: NotebookNode) -> Report | None:
    """The report that a test cell ended with; None where it ended otherwise."""
    for output in test.get("outputs", []):
        if MIME in output.get("data", {}):
            try:
                return Report.from_data(output.data[MIME])
            except ValueError:
                return None
    return None


def _error(cell: NotebookNode) -> NotebookNode | None:
    """The error a cell ended with. An interrupt leaves two: the time limit is the cause."""
    errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
    ours = [e for e in errors if e.ename in (TOO_LONG, DIED)]
    return (ours or errors or [None])[-1]


def shorten(text: str) -> str:
    """One line of a table."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"
