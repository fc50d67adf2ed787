"""One try to grade a submission, in a process that may die of it."""

from __future__ import annotations

import functools
import threading
from dataclasses import replace
from typing import Any

from autograder.execution import demonstrations
from autograder.execution.processes import Died, GradingProcess, Pool
from autograder.gradebook.assignment import Assignment
from autograder.gradebook.records import Result, Task
from autograder.gradebook.status import Status
from autograder.intake.refusal import refused
from autograder.reports import plain
from autograder.sandbox import warm
from course_utils.course import CourseError

WIDE = 4  # times the seconds that a submission has: the cap on the wall clock
PAGE_SECONDS = 600  # on the wall; the process has a limit of CPU time
own_pool = functools.cache(Pool)  # of this process
_starting = threading.Lock()


def attempt(task: Task, pool: Pool | None = None) -> tuple[Result, bool] | None:
    """The result, and whether it is final; None when the process that graded it has died.

    What is not the submission's own fault is not final.
    """
    try:
        with _starting:  # several threads want it at once
            sandbox = warm.start(task.limits.sandbox)
            demonstrations.grow(sandbox, task.assignment)
        with (pool or own_pool()).process() as process:
            return _grade(process, task, sandbox.address)
    except Died as died:
        (result,) = died.args or (None,)
        return result and (replace(result, feedback=plain.page(result)), True)
    except Exception as error:
        return _failed(task, f"{type(error).__name__}: {error}"), False


def _grade(process: GradingProcess, task: Task, sandbox: str) -> tuple[Result, bool]:
    seconds = own_seconds(task)
    process.ask("graded", task, sandbox, seconds)
    told = process.told(WIDE * seconds)
    if "failed" in told:
        return _failed(task, told["failed"]), False
    result = _result(told)
    if result.feedback:
        return result, True
    try:
        told = process.told(PAGE_SECONDS)
    except Died:
        raise Died(result) from None
    if "failed" in told:
        return _failed(task, told["failed"]), False
    return _result(told), True


def _result(told: dict) -> Result:
    try:
        return Result.from_data(told["result"])
    except (KeyError, TypeError, ValueError):
        raise Died from None


def _failed(task: Task, why: Any) -> Result:
    return refused(task, Status.ERROR, f"The grader itself failed: {why}")


def own_seconds(task: Task) -> int:
    """What all cells of a submission may take together; a graded one has time of its own."""
    graded = 2 * len(task.assignment.exercises)
    return max(60, task.limits.wall + graded * task.limits.cell)


def rendered(assignment: Assignment, result: Result, entered: dict[str, Any]) -> str:
    """The page with what people entered, see ``deliver``; a plain one if it cannot be drawn.

    Raises:
        CourseError: there is no room for it.
    """
    try:
        with own_pool().process() as process:
            process.ask("rendered", assignment, result, entered)
            told = process.told(PAGE_SECONDS)
    except Died:
        return plain.page(result)
    if "failed" in told:
        raise CourseError(f"the page of {result.student} cannot be made: {told['failed']}")
    return str(told["page"])
