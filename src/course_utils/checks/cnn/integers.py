"""Answers that are integers, computed from a list of layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise


def integers(got: Any) -> Any:
    """A reader: numbers of NumPy and of torch become Python's, several a tuple."""
    got = got.tolist() if isinstance(got, Tensor | np.ndarray | np.generic) else got
    return tuple(map(integers, got)) if isinstance(got, tuple | list) else got


def leaves_the_list(exercise: Exercise, name: str, points: float) -> None:
    """A contract: Python's integers come back, and the list of layers is as it was."""

    @exercise.contract(name, points)
    def _(answer: Answer, draw: Draw) -> None:
        for probe in exercise.probes(exercise.WHOLE):
            value = probe.ask(answer)
            for one in value if isinstance(value, tuple | list) else [value]:
                if type(one) is not int:
                    raise Wrong(f"returned {a(one)}, expected a Python integer: int(...)")
        if answer.changed_input:
            raise Wrong("the list of layers was changed: the caller's data is overwritten")
