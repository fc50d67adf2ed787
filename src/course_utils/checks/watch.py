"""Runs one call of a student's function and watches what it does.

It runs where the student's function lives: in the notebook's own process for the visible
checks, in the sandbox at grading. What it finds travels back as plain data.
"""

from __future__ import annotations

import contextlib
import io
import re
import signal
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map


@dataclass(frozen=True)
class Ban:
    """What would make an exercise trivial, found when it is called.

    Args:
        why: the end of the sentence "... is not allowed here: ".
        operators: regular expression of torch operator names, ``"aten::conv"``.
        modules: Python modules (``"scipy.signal"``) or functions (``"numpy:convolve"``).
    """

    why: str
    operators: str = ""
    modules: tuple[str, ...] = ()


@dataclass
class Trace:
    """What one call did."""

    value: Any = None
    operators: Counter = field(default_factory=Counter)
    multiplications: int = 0  # of products, matrix products and convolutions
    lines: int = 0  # Python lines run: grows with the picture where pixels are looped over


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
    """

    end: End
    trace: Trace = field(default_factory=Trace)
    message: str = ""
    raised: tuple[str, ...] = ()
    said: str = ""
    changed_input: bool = False


@dataclass(frozen=True)
class Limits:
    """What a call may take and may not do."""

    seconds: float
    bans: tuple[Ban, ...] = ()
    count_lines: bool = False


class Distant(ABC):
    """A function that lives in another process."""

    @abstractmethod
    def watched(self, args: tuple, kwargs: dict, limits: Limits) -> Outcome:
        """``watched`` over there."""


def watched(function: Callable, args: tuple, kwargs: dict, limits: Limits) -> Outcome:
    """Call ``function`` on copies of the arguments; whatever happens becomes an ``Outcome``."""
    if isinstance(function, Distant):
        return function.watched(args, kwargs, limits)
    args, kwargs = tree_map(_copy, (args, kwargs))
    before = [_frozen(x) for x in tree_leaves((args, kwargs))]
    watch = _Watch(limits.bans, limits.count_lines)
    outcome = Outcome(End.RETURNED, watch.trace)
    try:
        with _time_limit(limits.seconds), _silence(), watch:
            watch.trace.value = function(*args, **kwargs)
    except _TookTooLong:
        outcome = Outcome(End.TIMEOUT, watch.trace, too_long(limits.seconds))
    except (Exception, SystemExit) as error:
        outcome = Outcome(End.RAISED, watch.trace, _describe(error, args))
        outcome.raised, outcome.said = names_of(type(error)), str(error)
    if watch.refused:  # also where the student's code caught our exception
        outcome = Outcome(End.REFUSED, watch.trace, watch.refused)
    if outcome.end is End.RETURNED:
        after = tree_leaves((args, kwargs))
        # A list that was emptied has fewer leaves than before.
        outcome.changed_input = len(before) != len(after) or any(
            not _same(b, x) for b, x in zip(before, after, strict=True)
        )
    return outcome


def too_long(seconds: float) -> str:
    """The sentence for a call that did not come back."""
    return (
        f"no result after {seconds:.2g} seconds: is there a loop that never ends, "
        "or one over every single value?"
    )


def names_of(kind: type) -> tuple[str, ...]:
    """Full names of a class and its bases."""
    return tuple(f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)


class _TookTooLong(BaseException):
    """Not an Exception: a student's ``except Exception`` must not swallow it."""


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the body. Without signals (Windows, other threads) there is no limit."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(*_: Any) -> None:
        raise _TookTooLong

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(
        signal.ITIMER_REAL, seconds, 1
    )  # again each second, should it be swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drop prints and warnings: nbgrader gives no points where stderr was written to."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


class _Refused(BaseException):
    """Stops a banned call; not an Exception, for the same reason."""


class _Watch(TorchDispatchMode):
    """Counts what a call does and refuses what is banned."""

    def __init__(self, bans: tuple[Ban, ...], count_lines: bool) -> None:
        super().__init__()
        self.trace = Trace()
        self.refused = ""
        self._bans = bans
        self._count_lines = count_lines

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: else torch imports its compiler at the first call, on the student's time."""
        return False

    def __enter__(self) -> _Watch:
        self._outer = sys.getprofile(), sys.gettrace()
        super().__enter__()
        sys.setprofile(self._profile)
        if self._count_lines:
            sys.settrace(self._line)
        return self

    def __exit__(self, kind: Any, error: Any, tb: Any) -> bool:
        profile, trace = self._outer
        if self._count_lines:
            sys.settrace(trace)
        sys.setprofile(profile)
        super().__exit__(kind, error, tb)
        return isinstance(error, _Refused)

    def _refuse(self, what: str, ban: Ban) -> None:
        self.refused = f"{what} is not allowed here: {ban.why}"
        raise _Refused

    def _line(self, frame: Any, event: str, arg: Any) -> Callable | None:
        if frame.f_code.co_filename == __file__:
            return None  # our own lines are not the student's
        self.trace.lines += event == "line"
        return self._line

    def _profile(self, frame: Any, event: str, arg: Any) -> None:
        if event == "call":
            module, function = frame.f_globals.get("__name__") or "", frame.f_code.co_name
        elif event == "c_call":
            module, function = (
                getattr(arg, "__module__", None) or "",
                getattr(arg, "__name__", ""),
            )
        else:
            return
        for ban in self._bans:
            for name in ban.modules:
                package, _, banned = name.partition(":")
                inside = module == package or module.startswith(package + ".")
                if inside and banned in ("", function):
                    self._refuse(f"{package}.{function}", ban)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        name = func._schema.name
        for ban in self._bans:
            if ban.operators and re.search(ban.operators, name):
                self._refuse(name, ban)
        out = func(*args, **(kwargs or {}))
        self.trace.operators[name] += 1
        self.trace.multiplications += _multiplications(name, args, out)
        return out


def _multiplications(name: str, args: tuple, out: Any) -> int:
    """Scalar products that one operator computes, for the operators a filter is made of."""
    if name == "aten::convolution":
        return out.numel() * args[1][0].numel()
    if name in ("aten::mm", "aten::bmm", "aten::mv", "aten::dot"):
        return out.numel() * args[0].shape[-1]
    if name in ("aten::addmm", "aten::baddbmm"):
        return out.numel() * args[1].shape[-1]
    if name in ("aten::mul", "aten::mul_", "aten::addcmul", "aten::addcmul_"):
        return out.numel()
    return 0


def _copy(x: Any) -> Any:
    """A copy that keeps the gradient's path back to the original."""
    return x.clone() if isinstance(x, Tensor) else x


def _frozen(x: Any) -> Any:
    """What an argument was before the call."""
    return x.detach().clone() if isinstance(x, Tensor) else x


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor):
        return before.shape == after.shape and torch.equal(before, after.detach())
    return bool(before == after)


def _describe(error: BaseException, args: tuple) -> str:
    """One sentence on an exception in student code: what, where, on which input."""
    line = ""
    ours = str(Path(__file__).parent)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if ours not in f.filename]
    if frames:
        line = f" in line {frames[0].lineno} of {frames[0].name}"
    shapes = ", ".join(
        str(tuple(a.shape)) if isinstance(a, Tensor) else repr(a)[:40] for a in args
    )
    text = str(error).strip().splitlines()[0][:200] if str(error).strip() else ""
    return f"the call raised {type(error).__name__}{line}: {text} (arguments: {shapes})"
