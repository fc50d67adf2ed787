"""Graded cells have time of their own; whatever else runs, and runs again, shares the rest."""

from __future__ import annotations

import pytest

from autograder.boundary.remote import Lost, OutOfTime
from autograder.execution.kernel import MAX_DEATHS, Kernel
from autograder.sandbox.jail import JailLimits
from autograder.sandbox.launch import Session, Zygote

BURN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
KILL = "import os\nos._exit(1)"


class Counted:
    """Sessions, and the CPU seconds of those that have ended."""

    def __init__(self, zygote: Zygote) -> None:
        self._zygote = zygote
        self.sessions: list[Session] = []

    def begin(self) -> Session:
        self.sessions.append(self._zygote.session(JailLimits()))
        return self.sessions[-1]


def test_endless_cells_leave_graded_cells_their_time(jailed: Zygote) -> None:
    kernel = Kernel(Counted(jailed).begin, {}, cell_seconds=5, notebook_seconds=1)
    (error,) = kernel.run("while True: pass", graded=False)
    assert error["ename"] == "CellTimeoutError"
    with pytest.raises(OutOfTime):
        kernel.run("print(1)", graded=False)
    assert kernel.run("answer = 42", graded=True) == []
    assert kernel.link.named("answer", 5) == 42
    kernel.close()


def test_cells_that_run_again_share_the_time_of_the_notebook(jailed: Zygote) -> None:
    """Four cells of half a second and three deaths would be eight seconds."""
    counted = Counted(jailed)
    kernel = Kernel(counted.begin, {}, cell_seconds=10, notebook_seconds=3)
    for _ in range(4):
        kernel.run(BURN, graded=False)
    for _ in range(MAX_DEATHS):
        with pytest.raises(Lost):
            kernel.run(KILL, graded=True)
    assert not kernel.given_up
    kernel.run("done = 1", graded=True)
    replayed = [session.cpu() for session in counted.sessions[1:]]
    assert len(replayed) == MAX_DEATHS
    assert replayed[-1] < 0.5, "nothing was left to run a cell again"
    kernel.close()


def test_an_answer_survives_the_death_of_a_later_cell(jailed: Zygote) -> None:
    kernel = Kernel(Counted(jailed).begin, {}, cell_seconds=10, notebook_seconds=10)
    kernel.run("def double(x):\n    return 2 * x", graded=True)
    with pytest.raises(Lost):
        kernel.run(KILL, graded=False)
    assert kernel.link.named("double", 5)(21) == 42
    for _ in range(MAX_DEATHS):
        with pytest.raises(Lost):
            kernel.run(KILL, graded=False)
    assert kernel.given_up
    kernel.close()
