"""Answers that are integers, computed from a list of layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import a, number
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise


def integer(got: Any) -> Any:
    """A reader: one number, of Python, of NumPy or of torch; a bool is none."""
    got = (
        got.item()
        if isinstance(got, np.ndarray | np.generic) and got.size == 1
        else number(got)
    )
    if isinstance(got, bool) or not isinstance(got, int | float):
        raise Wrong(f"returned {a(got)}, expected an int")
    return got


def pair(got: Any) -> tuple:
    """A reader: two numbers."""
    if not isinstance(got, tuple | list | Tensor | np.ndarray) or len(got) != 2:
        raise Wrong(f"returned {a(got)}, expected two ints: size and stride")
    return integer(got[0]), integer(got[1])


def leaves_the_list(exercise: Exercise, name: str, points: float) -> None:
    """A contract: no floats came back, and the list of layers is as it was."""

    @exercise.contract(name, points)
    def _(answer: Answer, draw: Draw) -> None:
        for probe in exercise.probes(exercise.WHOLE):
            value = exercise.reads(probe.ask(answer))
            for one in value if isinstance(value, tuple) else (value,):
                if not isinstance(one, int):
                    raise Wrong(f"returned {a(one)}, expected an int")
        if answer.changed_input:
            raise Wrong("the list of layers was changed: the caller's data is overwritten")
