"""Wrong answers that are made, not written: from each exercise's own definition.

A slip is a wrong answer, so is a slip that is made under one condition only, and so are answers
that do no work.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from course_utils import checks
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.exercise import Exercise, Slip
from course_utils.checks.probe import Definition, Probe, called
from course_utils.checks.report import Report
from course_utils.checks.study import Got
from course_utils.checks.watch import Trace


class Operators(TorchDispatchMode):
    """Names of the operators that are used."""

    def __init__(self) -> None:
        super().__init__()
        self.names: Counter = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        self.names[func._schema.name] = 1
        return func(*args, **(kwargs or {}))


class Unwatched(Answer):
    """An answer that may use what is banned: definitions do."""

    def __init__(self, function: Callable) -> None:
        super().__init__(function)
        self._definition = Definition(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._definition(*args, **kwargs)
        except Exception as error:
            raise Wrong(f"raised {error}") from None

    def raises(self, expected: type[Exception], *args: Any, **kwargs: Any) -> bool:
        try:
            return self._definition.raises(expected, *args, **kwargs)
        except Exception as error:
            raise Wrong(f"raised {error}") from None

    def trace(self, *args: Any, **kwargs: Any) -> Trace:
        """Which operators a definition uses, not how often: it may loop."""
        with Operators() as seen:
            return Trace(self(*args, **kwargs), seen.names)


@cache
def parts(chapter: str, name: str) -> tuple[Exercise, Exercise]:
    """The visible and the hidden part of an exercise."""
    visible = importlib.import_module(f"course_utils.checks.{chapter}")
    hidden = importlib.import_module(f"autograder.hidden.{chapter}")
    return getattr(visible, name), getattr(hidden, name)


def exercises() -> list[tuple[str, str]]:
    """(chapter, name) of everything there is."""
    return [
        (chapter, name)
        for chapter in checks.CHAPTERS
        for name, value in vars(
            importlib.import_module(f"course_utils.checks.{chapter}")
        ).items()
        if isinstance(value, Exercise)
    ]


def graded(chapter: str, name: str, function: Callable) -> Report:
    """The whole report of a function that may use what is banned."""
    visible, hidden = parts(chapter, name)
    return visible.report(Unwatched(function)) + hidden.report(Unwatched(function))


def slipped(exercise: Exercise, *slips: Slip) -> Callable:
    """The definition with these slips."""
    changes = {step: way for slip in slips for step, way in slip.change.items()}
    return lambda *args, **kwargs: exercise.right(*args, **kwargs, **changes)


def slipped_when(exercise: Exercise, slip: Slip, label: str) -> Callable:
    """The definition with a slip that is made where the input has this label."""
    wrong = slipped(exercise, slip)

    def answer(*args: Any, **kwargs: Any) -> Any:
        given = Probe(args, kwargs).named(exercise.signature)
        return (wrong if label in labels(given) else exercise.right)(*args, **kwargs)

    return answer


# -- conditions ---------------------------------------------------------------------------


def known(exercise: Exercise, probe: Probe) -> set[str]:
    """The labels of a probe; an experiment of several calls has none."""
    return labels(probe.named(exercise.signature)) if probe.run is called else set()


def labels(given: Mapping[str, Any]) -> set[str]:
    """What is true of an input: a vocabulary of conditions under which people slip."""
    return {f"{name} {label}" for name, x in given.items() for label in _labels(x)}


def _labels(x: Any) -> Iterator[str]:
    if x is None or isinstance(x, bool | str):
        yield f"is {x}"
    elif isinstance(x, int | float):
        yield "is given"
        yield "< 1" if x < 1 else "= 1" if x == 1 else "> 1"
        yield "> 2" if x > 2 else "≤ 2"
        if isinstance(x, int):
            yield "even" if x % 2 == 0 else "odd"
    elif isinstance(x, Tensor):
        yield "is given"
        yield str(x.dtype)
        yield from _shapes(tuple(x.shape))
    elif isinstance(x, Mapping):
        yield from (f"has {key}" for key in x)
        yield from (f"has no {key}" for key in ("downsample.0.weight",) if key not in x)
    elif isinstance(x, list | tuple):
        yield "of one" if len(x) == 1 else "of several"
        yield "more than three" if len(x) > 3 else "at most three"


def _shapes(shape: tuple[int, ...]) -> Iterator[str]:
    for axis, n in enumerate(shape):
        yield f"axis {axis} {'of one' if n == 1 else 'of several'}"
        yield f"axis {axis} {'even' if n % 2 == 0 else 'odd'}"
    for axis in range(len(shape) - 1):
        n, m = shape[axis : axis + 2]
        sign = "<" if n < m else ">" if n > m else "="
        yield f"axis {axis} {sign} axis {axis + 1}"


def shows(exercise: Exercise, probe: Probe, slip: Slip, key: str) -> bool:
    """Whether the definition with a slip gives another value for this probe."""
    got = Got(key, id(probe), probe, exercise.want(Got(key, id(probe), probe), (slip,)))
    return isinstance(got.value, Exception) or not exercise.gives(got, ())


# -- answers that do no work --------------------------------------------------------------


def lazy(exercise: Exercise) -> dict[str, Callable]:
    """Answers without work: each gives something of the right type and shape."""
    first = next(p for p in exercise.probes(exercise.WHOLE) if p.run is called)
    example = exercise.right(*first.args, **first.kwargs)

    def given(*args: Any, **kwargs: Any) -> Any:
        tensors = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)]
        return tensors[0].clone() if tensors else (*args, *kwargs.values())[0]

    def of_right(change: Callable[[Any], Any]) -> Callable:
        return lambda *args, **kwargs: tree_map(change, exercise.right(*args, **kwargs))

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("no")

    return {
        "nothing": lambda *args, **kwargs: None,
        "zeros": of_right(lambda x: x * 0 if not isinstance(x, bool) else False),
        "ones": of_right(lambda x: x * 0 + 1 if not isinstance(x, bool) else True),
        "a constant": of_right(lambda x: x * 0 + 0.5 if _floats(x) else x * 0 + 3),
        "noise": of_right(lambda x: torch.rand_like(x) if _floats(x) else x * 0),
        "its input": given,
        "the value of an example": lambda *args, **kwargs: example,
        "right for the first row only": of_right(lambda x: _only_first(x, 0)),
        "right for the first channel only": of_right(lambda x: _only_first(x, 1)),
        "a ValueError": refuse,
    }


def _floats(x: Any) -> bool:
    return isinstance(x, Tensor) and x.is_floating_point()


def _only_first(x: Any, axis: int) -> Any:
    """Zero but for the first slice along an axis; all zero without such an axis."""
    if not isinstance(x, Tensor):
        return x * 0
    if x.ndim <= axis or x.shape[axis] < 2:
        return x * 0
    keep = torch.zeros(x.shape[axis], dtype=x.dtype)
    keep[0] = 1
    return x * keep.view(-1, *(1,) * (x.ndim - 1 - axis))
