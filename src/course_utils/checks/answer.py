"""A student's function, and everything a check may ask of it.

Checks reach student code only through ``Answer``: this is the place where a process boundary
stands between the two at grading.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from operator import is_
from typing import Any

from course_utils.checks.ban import Ban
from course_utils.checks.watch import (
    Calls,
    Distant,
    End,
    Limits,
    Outcome,
    Trace,
    names_of,
    watched,
)

__all__ = ["SECONDS", "Answer", "Ban", "NotSolvedYet", "Wrong"]

SECONDS = 10  # for one call; an endless loop must not hold the notebook
ALLOWED = "your function refuses this input, which the task allows:"


class Wrong(AssertionError):
    """A property does not hold. The message names the misconception."""


class NotSolvedYet(Exception):
    """The stub is still there."""


class Answer:
    """Calls a student's function safely.

    Inputs are copied first, so that changes in place are noticed and never reach the check;
    output is captured, time is limited, banned calls and the course's own code are refused.

    Attributes:
        changed_input: whether a call changed its arguments since ``start``.
        changed: what it changed, in words: "argument 2 got a .grad".
    """

    def __init__(
        self,
        function: Callable,
        bans: tuple[Ban, ...] = (),
        seconds: float = SECONDS,
        may_be_stub: bool = True,
    ) -> None:
        self._function = function
        self._bans = bans
        self._seconds = seconds
        self._tries = 2 if isinstance(function, Distant) else 1  # to run into the limit
        self._may_be_stub = may_be_stub  # until the first call has come back
        self._distant = function if isinstance(function, Distant) else None
        self._foreseen: deque[tuple[list, Outcome]] = (
            deque()
        )  # arguments of calls that are done
        self.start()

    def is_of(self, other: Answer) -> bool:
        """Whether both ask the same function."""
        return self._function is other._function

    def start(self) -> None:
        """Forget what the last property saw."""
        self.changed_input, self.changed = False, ""

    def expect(self, calls: Calls) -> None:
        """Say which calls come next, in this order: another process does them together."""
        self._foreseen.clear()
        if self._distant is None or not self._tries or len(calls) < 2:
            return
        outcomes = self._distant.series(calls, self._limits())
        if not outcomes:
            self._distant = None  # one that kills all others would do so each time
        given = (_flat(*call) for call in calls)
        self._foreseen.extend(zip(given, outcomes, strict=False))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The student's value, or ``Wrong`` with what went wrong."""
        return self._returned(self._run(args, kwargs)).value

    def trace(self, *args: Any, **kwargs: Any) -> Trace:
        """Call and watch closely: value, operators, multiplications and Python lines."""
        return self._returned(self._run(args, kwargs, count_lines=True))

    def raises(self, expected: type[Exception], *args: Any, **kwargs: Any) -> bool:
        """Whether the call raises the ``expected`` exception; another one is ``Wrong``."""
        outcome = self._run(args, kwargs)
        if outcome.end is End.RAISED and names_of(expected)[0] in outcome.raised:
            return True
        if outcome.end is End.RAISED:
            raise Wrong(f"{outcome.message}; expected a {expected.__name__}")
        self._returned(outcome)
        return False

    def _run(self, args: tuple, kwargs: dict, count_lines: bool = False) -> Outcome:
        if not self._tries:
            raise Wrong("not tried: an earlier call took too long")
        outcome = None if count_lines else self._next(args, kwargs)
        outcome = outcome or watched(self._function, args, kwargs, self._limits(count_lines))
        self._tries -= outcome.end is End.TIMEOUT  # of another process: the next one is fresh
        stub = outcome.end is End.RAISED and outcome.raised[0] == "builtins.NotImplementedError"
        if stub and self._may_be_stub and not outcome.said:
            raise NotSolvedYet  # torch's own errors of this kind speak
        self._may_be_stub = False
        if outcome.end is End.RETURNED and outcome.changed_input:
            self.changed_input, self.changed = True, self.changed or outcome.changed
        return outcome

    def _limits(self, count_lines: bool = False) -> Limits:
        return Limits(self._seconds, self._bans, count_lines)

    def _next(self, args: tuple, kwargs: dict) -> Outcome | None:
        """What this very call did, if it is the next one that was foreseen."""
        if not self._foreseen:
            return None
        given, (foreseen, outcome) = _flat(args, kwargs), self._foreseen[0]
        if len(given) != len(foreseen) or not all(map(is_, given, foreseen)):
            return None
        self._foreseen.popleft()
        return outcome

    def _returned(self, outcome: Outcome) -> Trace:
        if outcome.guarded:
            raise Wrong(outcome.message.replace("the call raised", ALLOWED, 1))
        if outcome.end is not End.RETURNED:
            raise Wrong(outcome.message)
        return outcome.trace


def _flat(args: tuple, kwargs: dict) -> list:
    """Arguments one after the other, to be told apart by identity."""
    return [*args, *kwargs, *kwargs.values()]
