"""Runs one call of a student's function and watches what it does.

It runs where the student's function lives: in the notebook's own process for the visible
checks, in the sandbox at grading. What it finds travels back as plain data.

What a call is given is in ``arguments``, its time in ``clock``, what it may not do in
``guard``, ``ban`` and ``own_code``.
"""

from __future__ import annotations

import contextlib
import dis
import io
import sysconfig
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any

from torch import Tensor

from course_utils.checks import own_code
from course_utils.checks.arguments import Arguments
from course_utils.checks.ban import Ban
from course_utils.checks.clock import limited
from course_utils.checks.fresh import as_at_the_start
from course_utils.checks.guard import Guard, Trace
from course_utils.checks.seal import Seal

__all__ = [
    "Ban", "Calls", "Distant", "End", "Limits", "Outcome", "Trace", "names_of", "watched",
    "watched_there",
]  # fmt: skip

LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
GUARDS = (ValueError, TypeError, AssertionError)  # what one raises to refuse an input


class End(StrEnum):
    """How a call ended."""

    RETURNED = "returned"
    RAISED = "raised"
    REFUSED = "refused"  # a banned call
    TIMEOUT = "timeout"
    DIED = "died"  # the process of the student's code is gone


@dataclass
class Outcome:
    """How a call ended and what it did.

    Attributes:
        message: of an end that is no return, a sentence for the student.
        raised: names of the exception's class and of its bases, ``builtins.ValueError``.
        said: the exception's own text; a stub's is empty.
        changed_input: whether an argument was written to.
        changed: what was changed of it, in words.
        guarded: whether the student's own ``raise`` refused the input.
    """

    end: End
    trace: Trace = field(default_factory=Trace)
    message: str = ""
    raised: tuple[str, ...] = ()
    said: str = ""
    changed_input: bool = False
    changed: str = ""
    guarded: bool = False


@dataclass(frozen=True)
class Limits:
    """What a call may take and may not do."""

    seconds: float
    bans: tuple[Ban, ...] = ()
    count_lines: bool = False


Calls = Sequence[tuple[tuple, dict]]  # arguments by position and by name


class Distant(ABC):
    """A function that lives in another process."""

    @abstractmethod
    def watched(self, args: tuple, kwargs: dict, limits: Limits) -> Outcome:
        """``watched`` over there."""

    @abstractmethod
    def series(self, calls: Calls, limits: Limits) -> list[Outcome]:
        """Several calls at once, which is quicker: what all did, or those until one hung.

        Empty where it cannot be told call by call: when the process died, for example.
        """


class _TookTooLong(BaseException):
    """Not an Exception: a student's ``except Exception`` must not swallow it."""


def watched(
    function: Callable,
    args: tuple,
    kwargs: dict,
    limits: Limits,
    look: Callable[[Any], None] = lambda value: None,
) -> Outcome:
    """Call ``function`` on copies of the arguments; whatever happens becomes an ``Outcome``.

    Args:
        look: is shown the value while the watch still lasts. What is done to the value later,
            by a finaliser, a thread or a function that was exchanged, nobody watches.
    """
    if isinstance(function, Distant):
        return function.watched(args, kwargs, limits)
    with as_at_the_start():
        return watched_there(function, args, kwargs, limits, look)


def watched_there(
    function: Callable, args: tuple, kwargs: dict, limits: Limits, look: Callable[[Any], None]
) -> Outcome:
    """``watched`` where all is as at the start already."""
    if broken := _SEAL.broken():
        sentence = f"a changed {broken} is not allowed here: it is part of the checks"
        return Outcome(End.REFUSED, message=sentence)
    given = Arguments(args, kwargs)
    guard = Guard(limits.bans, limits.count_lines)
    outcome = _called(function, given, guard, limits.seconds, look)
    # Also where the student's code caught our exception. A time limit that strikes in the
    # guard's own code switches it off: that is none of the student's doing.
    refused = guard.refused or (guard.off if outcome.end is End.RETURNED else "")
    if refused and outcome.end is not End.TIMEOUT:
        outcome = Outcome(End.REFUSED, guard.trace, refused)
    changed = given.changed()
    if outcome.end is End.RETURNED:
        outcome.changed, outcome.changed_input = changed, bool(changed)
    return outcome


def _called(
    function: Callable,
    given: Arguments,
    guard: Guard,
    seconds: float,
    look: Callable[[Any], None],
) -> Outcome:
    trace = guard.trace
    late = lambda: False  # noqa: E731
    try:
        with limited(seconds, _TookTooLong) as late, _silence(), guard:
            trace.value = function(*given.args, **given.kwargs)
            guard.show(trace.value, look)
    except _TookTooLong:
        pass
    except (Exception, SystemExit) as error:
        outcome = Outcome(End.RAISED, trace, _describe(error, given.args))
        outcome.raised, outcome.said = names_of(type(error)), _text(error)
        outcome.guarded = isinstance(error, GUARDS) and _raised_by_hand(error)
        return outcome
    if late():  # also where the student's code caught our exception
        return Outcome(End.TIMEOUT, trace, too_long(seconds))
    return Outcome(End.RETURNED, trace)


def too_long(seconds: float) -> str:
    """The sentence for a call that did not come back."""
    return (
        f"no result after {seconds:.2g} seconds: is there a loop that never ends, "
        "or one over every single value?"
    )


def names_of(kind: type) -> tuple[str, ...]:
    """Full names of a class and its bases."""
    return tuple(f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drop prints and warnings: nbgrader gives no points where stderr was written to."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


# -- exceptions as sentences --------------------------------------------------------------


def _describe(error: BaseException, args: tuple) -> str:
    """One sentence on an exception in student code: what, where, on which input."""
    line = ""
    frames = traceback.extract_tb(error.__traceback__)
    if theirs := [f for f in frames if f.filename not in own_code.WATCHING]:
        line = f" in line {theirs[0].lineno} of {theirs[0].name}"
    shapes = ", ".join(
        str(tuple(a.shape)) if isinstance(a, Tensor) else repr(a)[:40] for a in args
    )
    text = (_text(error).strip().splitlines() or [""])[0][:200]
    return f"the call raised {type(error).__name__}{line}: {text} (arguments: {shapes})"


def _text(error: BaseException) -> str:
    """What the exception says; its class may be the student's."""
    try:
        return str(error)
    except BaseException:
        return ""


def _raised_by_hand(error: BaseException) -> bool:
    """Whether it comes from a ``raise`` or ``assert`` in the student's own code."""
    last = error.__traceback__
    while isinstance(last, TracebackType) and last.tb_next:
        last = last.tb_next
    if last is None or last.tb_frame.f_code.co_filename.startswith(LIBRARIES):
        return False
    step = last.tb_frame.f_code.co_code[last.tb_lasti]
    return dis.opname[step] == "RAISE_VARARGS"


_SEAL = Seal(
    *(f"course_utils.checks.{Path(file).stem}" for file in own_code.WATCHING), __name__, "re"
)
