"""Who makes a grading process die hurts nobody else; nobody else can reach the grader."""

from __future__ import annotations

import contextlib
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.execution import attempt, workers
from autograder.execution.attempt import rendered
from autograder.execution.processes import Died, GradingProcess, Pool
from autograder.gradebook.assignment import Assignment
from autograder.gradebook.records import Handin, Limits, Result, Task
from autograder.gradebook.status import Status
from autograder.reports.plain import WHY
from tests.autograder import tiny_course
from tests.autograder.tiny_course import RIGHT
from tests.patience import until

LIMITS = Limits(cell=10, wall=30)


def tasks(assignment: Assignment, *students: str) -> list[Task]:
    handin = Handin(tiny_course.answer(assignment.release, **RIGHT))
    return [Task(student, assignment, handin, LIMITS) for student in students]


def grade(monkeypatch: pytest.MonkeyPatch, work: list[Task], meanwhile: Any) -> dict:
    """Results by student; ``meanwhile(process, task)`` happens before each attempt."""
    whole = attempt._grade

    def watched(process: GradingProcess, task: Task, sandbox: str) -> tuple[Result, bool]:
        meanwhile(process, task)
        return whole(process, task, sandbox)

    monkeypatch.setattr(attempt, "_grade", watched)
    return {task.student: (result, final) for task, result, final in workers.run(work, 2)}


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool()
    yield made
    made.close()


def test_nobody_else_can_reach_the_grader(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens on the network; every socket lies in a folder of this user alone."""
    ends: list = []

    def look(*_: object) -> None:
        root = psutil.Process()
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since
                ends.extend(process.net_connections("all"))

    found = grade(monkeypatch, tasks(assignment, "ada", "ben", "cem"), look)
    assert {(r.status, r.reason) for r, _ in found.values()} == {(Status.GRADED, "")}
    assert not [end for end in ends if end.status == psutil.CONN_LISTEN]
    paths = {end.laddr for end in ends if isinstance(end.laddr, str) and end.laddr}
    assert paths
    for path in paths:
        if path.startswith("@"):  # of a pair that has found each other: nobody can connect
            stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with stranger, pytest.raises(ConnectionRefusedError):
                stranger.connect("\0" + path[1:])
            continue
        others = stat.S_IRWXG | stat.S_IRWXO
        assert not Path(path).parent.stat().st_mode & others, path


def test_a_death_costs_its_own_submission_and_that_is_tried_once_more_alone(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def dies(process: GradingProcess, task: Task) -> None:
        begun.append(task.student)
        if task.student == "bad" or (begun.count("unlucky") == 1 and task.student == "unlucky"):
            process.kill()

    work = tasks(assignment, "bad", "unlucky", "ada", "ben", "cem")
    found = grade(monkeypatch, work, dies)
    crashed, final = found.pop("bad")
    assert (crashed.status, final) == (Status.CRASHED, True)
    assert "ended twice by this file, the second time with nothing beside it" in crashed.reason
    for result, final in found.values():
        assert (result.status, final) == (Status.GRADED, True)
        assert sum(g.points or 0 for g in result.grades) == 6
    assert sorted(begun[:5]) == sorted(task.student for task in work)
    assert sorted(begun[5:]) == ["bad", "unlucky"]


def test_points_outlive_a_page_that_kills(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = GradingProcess.told

    def dies(process: GradingProcess, seconds: float) -> dict:
        reply = told(process, seconds)
        process.kill()
        return reply

    monkeypatch.setattr(GradingProcess, "told", dies)
    ((_, result, final),) = workers.run(tasks(assignment, "ada"), 1)
    assert final
    assert [g.points for g in result.grades] == [4, 2, 0]
    assert result.notebook
    assert WHY in result.feedback
    assert "<td>double</td><td>4 / 4</td>" in result.feedback
    monkeypatch.setattr(GradingProcess, "ask", lambda self, *_: self.kill())
    assert WHY in rendered(assignment, result, {})


class Runs:
    """Code that a grading process runs when it reads its request."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple:
        return exec, (self.code,)


@pytest.mark.parametrize(
    "code",
    [
        "bytearray(4 << 30)",
        "from autograder.execution import grading\ngrading._allow(1)\nwhile True: pass",
        "import os\nos._exit(3)",
    ],
    ids=["memory", "time", "its own end"],
)
def test_a_process_that_takes_too_much_is_ended(code: str, pool: Pool) -> None:
    with pytest.raises(Died), pool.process() as process:  # noqa: PT012
        process.ask("graded", Runs(code))
        process.told(300)
    with pool.process() as process:
        process.ask("no such request")
        assert "AttributeError" in process.told(300)["failed"]


def test_who_grew_serves_nobody_else(pool: Pool) -> None:
    def pid(code: str = "") -> tuple:
        with pool.process() as process:
            process.ask("no such request", Runs(code))
            process.told(300)
            return process._statm.parts

    first = pid()
    assert pid("import sys; sys.kept = bytearray(1 << 30)") == first
    assert pid() != first


def test_whoever_interrupts_leaves_nothing_running(assignment: Assignment) -> None:
    """As Ctrl-C does it: one has ended, others are at work, more wait."""
    slow = {"double": f"import time; time.sleep(60)\n{RIGHT['double']}"}
    handin = Handin(tiny_course.answer(assignment.release, **slow))
    work = tasks(assignment, "ada") + [
        Task(f"s{n}", assignment, handin, Limits(cell=90, wall=300)) for n in range(4)
    ]
    running = workers.run(work, 2)
    assert next(running)[0].student == "ada"
    before = graders()
    assert before
    running.close()
    until(lambda: not graders() & before)


def graders() -> set[int]:
    """Grading processes: children of the one they are forked from."""
    found = set()
    for process in psutil.Process().children():
        if "autograder.execution.grading" in " ".join(process.cmdline()):
            found |= {child.pid for child in process.children()}
    return found
