"""A student's function, and everything a check may ask of it.

Checks reach student code only through ``Answer``: this is the place where a process boundary
can stand between the two.
"""

from __future__ import annotations

import contextlib
import io
import re
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

SECONDS = 10  # for one call; an endless loop must not hold the notebook


class Wrong(AssertionError):
    """A property does not hold. The message names the misconception."""


class NotSolvedYet(Exception):
    """The stub is still there."""


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


REFERENCE = Ban(
    "write it yourself, the reference is there to compare with",
    modules=("course_utils.reference",),
)


@dataclass
class Trace:
    """What one call did."""

    value: Any = None
    operators: Counter = field(default_factory=Counter)
    multiplications: int = 0  # of products, matrix products and convolutions
    lines: int = 0  # Python lines run: grows with the picture where pixels are looped over


class Answer:
    """Calls a student's function safely.

    Inputs are copied first, so that changes in place are noticed and never reach the check;
    output is captured, time is limited, banned calls are refused.
    """

    def __init__(
        self,
        function: Callable,
        bans: tuple[Ban, ...] = (),
        seconds: float = SECONDS,
        may_be_stub: bool = True,
    ) -> None:
        self._function = function
        self._bans = (*bans, REFERENCE)
        self._seconds = seconds
        self._timed_out = False
        self._may_be_stub = may_be_stub  # until the first call has come back
        self.changed_input = False

    def start(self) -> None:
        """Forget what the last property saw."""
        self.changed_input = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The student's value, or ``Wrong`` with what went wrong."""
        return self._run(args, kwargs).value

    def trace(self, *args: Any, **kwargs: Any) -> Trace:
        """Call and watch closely: value, operators, multiplications and Python lines."""
        return self._run(args, kwargs, count_lines=True)

    def raises(self, expected: type[Exception], *args: Any, **kwargs: Any) -> bool:
        """Whether the call raises the ``expected`` exception; another one is ``Wrong``."""
        try:
            self._run(args, kwargs, expected=expected)
        except expected:
            return True
        return False

    def _run(
        self,
        args: tuple,
        kwargs: dict,
        count_lines: bool = False,
        expected: type[Exception] | None = None,
    ) -> Trace:
        if self._timed_out:
            raise Wrong("not tried: an earlier call took too long")
        args, kwargs = tree_map(_copy, (args, kwargs))
        before = [_frozen(x) for x in tree_leaves((args, kwargs))]
        watch = _Watch(self._bans, count_lines)
        try:
            with _time_limit(self._seconds), _silence(), watch:
                watch.trace.value = self._function(*args, **kwargs)
        except _TookTooLong:
            self._timed_out = True
            raise Wrong(
                f"no result after {self._seconds:g} seconds: is there a loop that never ends, "
                "or one over every single value?"
            ) from None
        except NotImplementedError as error:
            if self._may_be_stub and not str(error):  # torch's own errors of this kind speak
                raise NotSolvedYet from None
            raise Wrong(_describe(error, args)) from None
        except (Exception, SystemExit) as error:
            if expected and isinstance(error, expected) and not watch.refused:
                raise
            raise Wrong(watch.refused or _describe(error, args)) from None
        finally:
            self._may_be_stub = False
        if watch.refused:  # the student's code caught our exception
            raise Wrong(watch.refused)
        after = tree_leaves((args, kwargs))
        self.changed_input |= any(not _same(b, x) for b, x in zip(before, after, strict=True))
        return watch.trace


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
