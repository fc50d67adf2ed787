"""Right answers keep their points, whatever harmless thing was done to the notebook."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from nbformat import NotebookNode

from autograder.gradebook.assignment import Assignment
from benchmarks import edits
from course_utils import handin
from course_utils.course import Course
from course_utils.handin import names, order, texts
from tests.autograder.edits import REFLECTION, Edited

CASES = 200
GRADED = 24
RIGHT_VALUES: dict[str, Callable] = {
    "double": lambda x: 2 * x,
    "flip": lambda x: x.flip(0),
}


def lost(nb: Edited, release: NotebookNode) -> list[str]:
    """What a solved notebook lost: its cells are run here, in the order in which they would.

    Where a person is asked nothing is lost.
    """
    submission = handin.read(nb.data(), release)
    if submission.notebook is None:
        return [submission.reason]
    found = []
    space: dict = {}
    for cell in submission.notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        name = grade_id.removeprefix("test_")
        if grade_id.startswith("test_"):
            x = torch.arange(3)
            try:
                right = torch.equal(space[name](x), RIGHT_VALUES[name](x))
            except Exception:
                right = False
            found += [] if right or grade_id in submission.asks else [name]
        elif cell.cell_type == "code":
            lines = [x for x in cell.source.split("\n") if not x.startswith("%")]
            with contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()):
                exec("\n".join(lines), space)
        if grade_id == "reflection" and "".join(REFLECTION.split()) not in "".join(
            cell.source.split()
        ):
            found.append("reflection")
    return found


def failures(release: Assignment, seeds: range) -> dict[int, object]:
    edited = {seed: Edited(release.release, seed) for seed in seeds}
    found = {seed: (lost(nb, release.released()), nb.steps) for seed, nb in edited.items()}
    return {seed: what for seed, what in found.items() if what[0]}


def test_right_answers_keep_their_points(assignment: Assignment) -> None:
    assert failures(assignment, range(CASES)) == {}


def test_they_keep_them_in_a_graded_class(tiny: Course, tmp_path: Path) -> None:
    found = edits.graded(tiny, tmp_path, GRADED).values()
    assert [nb.steps for what, nb in found if what == edits.LOST] == []
    assert sum(what == edits.FULL for what, _ in found) > 0.9 * GRADED


FAULTS = {
    "stubs are run": (names, "is_stub", lambda *_: False),
    "tests stay": (order, "_last_needed", lambda items, at, *_: at),
    "texts stay": (texts, "_beside", lambda items, answer: [answer]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(
    assignment: Assignment, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    assert failures(assignment, range(CASES // 2))
