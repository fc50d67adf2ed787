"""Sees what a call does, and refuses what is not allowed, in this thread and in others.

Python functions are seen by a profile function, torch's operators by a dispatch mode, new
processes and whoever switches one of the two off by an audit hook.
"""

from __future__ import annotations

import _thread
import contextlib
import re
import sys
import sysconfig
import threading
from _thread import start_new_thread
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from sys import getprofile, gettrace, setprofile, settrace  # whatever a cell makes of them
from threading import get_ident
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor
from torch._C import (
    DispatchKey,
    _dispatch_tls_is_dispatch_key_excluded,
    _len_torch_dispatch_stack,
    _pop_torch_dispatch_stack,
)
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils.checks import own_code, seal
from course_utils.checks.ban import Ban

TORCH = str(Path(torch.__file__).parent)
LIBRARIES = tuple({sysconfig.get_path(name) for name in ("purelib", "platlib")})
ONE_PROCESS = "an answer runs in one process"
WATCHED = "the check watches the call with it"
PROCESSES = frozenset(
    ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
     "os.system", "subprocess.Popen")
)  # fmt: skip
PROBES = ("lscpu", "uname", "ldconfig", "/sbin/ldconfig")  # libraries ask what machine this is
SWITCHES = frozenset(  # the guard itself is among the objects that gc finds
    ("gc.get_objects", "gc.get_referents", "gc.get_referrers", "sys.setprofile", "sys.settrace")
)
HEARD = PROCESSES | SWITCHES | {"object.__setattr__"}
START = threading.Thread.start.__code__
BOOTSTRAP = threading.Thread._bootstrap_inner.__code__  # type: ignore[attr-defined]
LEAVE = TorchDispatchMode.__exit__.__code__
MODES = re.compile(
    r"_(un)?set_dispatch_mode|_(pop|push)\w*_dispatch_stack|_pop_mode|_disable_current_modes|"
    r"_set_dispatch_tls|_dispatch_tls_set_\w+"
)


# As ``id``, which Python announces to each audit hook.
_identity: Callable[[object], int] = object.__hash__


@dataclass
class Trace:
    """What one call did."""

    value: Any = None
    operators: Counter = field(default_factory=Counter)
    multiplications: int = 0  # of products, matrix products and convolutions
    lines: int = 0  # Python lines run: grows with the image where pixels are looped over


class Refused(BaseException):
    """Stops a banned call; not an Exception: ``except Exception`` must not swallow it."""


class Guard:
    """Watches its body.

    Attributes:
        trace: what the body did.
        refused: the sentence on what was not allowed; empty where nothing was.
        off: the sentence on a watch that did not last to the end; empty where it did.
    """

    def __init__(self, bans: tuple[Ban, ...], count_lines: bool) -> None:
        self.trace, self.refused, self.off = Trace(), "", ""
        self._bans, self._count_lines = bans, count_lines
        # Sentences, and whether a function is looked at each time; with its code, so that
        # the identity stays its own.
        self._functions: dict[tuple[int, str], tuple[str, bool, CodeType]] = {}
        self._operators: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._inside = 0  # operators that are being computed
        self._counts = True
        self._importing = self._looking = self._lost = False

    def __enter__(self) -> Guard:
        self._thread, self._mode = get_ident(), _Mode(self)
        self._outer = _running(), getprofile(), gettrace(), threading.getprofile()
        if _always and self._outer[3] is not _in_thread:
            self.off = f"threading.setprofile is not allowed here: {WATCHED}"
        threading.setprofile(_in_thread)
        self._mode.__enter__()
        self._depth = _len_torch_dispatch_stack()
        self._hook, self._tracer = self._profile, self._outer[2]
        setprofile(self._hook)
        if self._count_lines:
            self._tracer = self._called
            settrace(self._tracer)
        _run(self)
        return self

    def __exit__(self, kind: Any, error: Any, tb: Any) -> bool:
        outer, profile, tracer, threads = self._outer
        _run(outer)
        off = self._lost or getprofile() is not self._hook or gettrace() is not self._tracer
        setprofile(profile)
        settrace(tracer)
        threading.setprofile(_in_thread if _always else threads)
        off |= _len_torch_dispatch_stack() != self._depth
        while _len_torch_dispatch_stack() > self._depth:
            _pop_torch_dispatch_stack()
        if _len_torch_dispatch_stack() == self._depth:
            self._mode.__exit__(kind, error, tb)
        if off and not self.off:
            self.off = f"what the call switches off is not allowed here: {WATCHED}"
        return isinstance(error, Refused)

    def show(self, value: Any, look: Callable[[Any], None]) -> None:
        """Show the body's value to ``look``: watched as the body is, and not counted."""
        self._counts = False
        look(value)

    def _refuse(self, sentence: str) -> None:
        self.refused = self.refused or sentence
        raise Refused

    # -- Python functions -------------------------------------------------------------------

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        self._looking = True  # it stays so when this raises, and Python takes the hook away
        sentence = ""
        if event == "call":
            sentence = self._of_function(frame)
        elif event == "c_call":
            sentence = self._of_builtin(frame, arg)
        if sentence or self.refused:  # of another thread, for which this one waits
            self._refuse(sentence)
        self._looking = False

    def elsewhere(self, frame: FrameType, event: str, arg: Any) -> None:
        """The same for another thread. Raises nothing: its profile function would be gone."""
        try:
            self._profile(frame, event, arg)
        except Refused:
            return

    def _of_function(self, frame: FrameType) -> str:
        code, module = frame.f_code, frame.f_globals.get("__name__")
        module = module if isinstance(module, str) else ""
        known = self._functions.get((_identity(code), module))
        if known is None:
            sentence = own_code.sentence(code, module) or self._banned(code, module)
            special = code in (LEAVE, OURS[0], *KEPT) or _names_mode(code.co_name)
            known = self._functions[_identity(code), module] = sentence, special, code
        return known[0] or (known[1] and self._of_special(code, frame)) or ""

    def _of_special(self, code: CodeType, frame: FrameType) -> str:
        """What depends on who calls: functions of the guard, and of torch's modes."""
        if self._takes_mode_away(code, frame):
            return f"{code.co_name} is not allowed here: {WATCHED}"
        if code is OURS[0]:  # it would stand in for this one
            return f"a check inside the call is not allowed here: {WATCHED}"
        if code in KEPT and (frame.f_back is None or not _is_ours(frame.f_back)):
            return f"the guard of the call is not allowed here: {WATCHED}"
        return ""

    def _takes_mode_away(self, code: CodeType, frame: FrameType) -> bool:
        if code is LEAVE:
            return frame.f_locals.get("self") is self._mode
        return _names_mode(code.co_name) and _is_theirs(frame.f_back)

    def _banned(self, code: CodeType, module: str) -> str:
        for name in {module, _module_of(code.co_filename)}:
            for ban in self._bans:
                if sentence := ban.of_function(name, code.co_name):
                    return sentence
        return ""

    def _of_builtin(self, frame: FrameType, function: Any) -> str:
        sentence = self._of_c(frame, function)
        return "" if sentence and _is_ours(frame) else sentence

    def _of_c(self, frame: FrameType, function: Any) -> str:
        if (function is getprofile or function is gettrace) and _is_theirs(frame):
            return f"sys.{function.__name__} is not allowed here: {WATCHED}"
        if function is start_new_thread and frame.f_code is not START:
            return "_thread.start_new_thread is not allowed here: use threading"
        name = getattr(function, "__name__", "")
        module = getattr(function, "__module__", None) or ""
        if self._bans and (sentence := self._of_name(module, name)):
            return sentence
        if module.startswith("torch") or isinstance(getattr(function, "__self__", 0), Tensor):
            off = self._is_off()
            if (off or self._inside) and (sentence := self._of_operator(f"aten::{name}")):
                return sentence  # the dispatch mode does not see it
            if (off or _names_mode(name)) and _is_theirs(frame):
                return f"{name} past the check's watch is not allowed here: {WATCHED}"
        return ""

    def _of_name(self, module: str, name: str) -> str:
        """What the bans say of a function of C, by its names; which may be no texts."""
        try:
            known = self._names.get((module, name))
        except TypeError:
            known = None
        if known is None:
            found = (ban.of_function(module, name) for ban in self._bans)
            known = next((sentence for sentence in found if sentence), "")
            if type(module) is str and type(name) is str:
                self._names[module, name] = known
        return known

    def _is_off(self) -> bool:
        """Whether the student's code does not see the dispatch mode any more."""
        if self._inside or get_ident() != self._thread:
            return False
        return _len_torch_dispatch_stack() < self._depth or (
            _dispatch_tls_is_dispatch_key_excluded(DispatchKey.Python)
        )

    # -- torch's operators ------------------------------------------------------------------

    def operator(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """Compute and count an operator, unless it is banned."""
        name = func._schema.name
        if sentence := self._of_operator(name):
            self._refuse(sentence)
        self._inside += 1
        try:
            out = func(*args, **kwargs)
        finally:
            self._inside -= 1
        if self._counts:
            self.trace.operators[name] += 1
            self.trace.multiplications += _multiplications(name, args, out)
        return out

    def _of_operator(self, name: str) -> str:
        known = self._operators.get(name)
        if known is None:
            found = (ban.of_operator(name) for ban in self._bans)
            known = self._operators[name] = next(filter(None, found), "")
        return known

    # -- lines ------------------------------------------------------------------------------

    def _called(self, frame: FrameType, event: str, arg: Any) -> Callable | None:
        code = frame.f_code
        if self._importing or code.co_filename == __file__:
            return None
        if code.co_name == "_find_and_load":  # its lines are not the student's
            self._importing = True
            return self._imported
        return self._line

    def _line(self, frame: FrameType, event: str, arg: Any) -> Callable:
        if event == "line" and self._counts:
            self.trace.lines += 1
        return self._line

    def _imported(self, frame: FrameType, event: str, arg: Any) -> Callable:
        if event == "return":
            self._importing = False
        return self._imported

    # -- the rest of the machine ------------------------------------------------------------

    def audited(self, event: str, args: tuple) -> None:
        """Refuse new processes, and switching the watch off."""
        if get_ident() != self._thread and not hasattr(_here, "mode"):
            return  # of the notebook itself
        if event in PROCESSES:
            if event != "subprocess.Popen" or args[0] not in PROBES:
                self._refuse(f"{event} is not allowed here: {ONE_PROCESS}")
        elif self._looking:  # by Python itself: the hook has raised something
            self._lost = True
        elif sys._getframe(2).f_code not in (BOOTSTRAP, *OURS):
            self._refuse(f"{event} is not allowed here: {WATCHED}")


class _Mode(TorchDispatchMode):
    """Shows each operator of one thread to a guard, or to that of the running call."""

    def __init__(self, guard: Guard | None = None) -> None:
        super().__init__()
        self._guard = guard

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: else torch imports its compiler at the first call."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        guard = self._guard or _running()
        if guard is None:
            return func(*args, **(kwargs or {}))
        return guard.operator(func, args, kwargs or {})


def _kept() -> tuple[Callable[[], Guard | None], Callable[[Guard | None], None]]:
    """How to ask for the running call's guard and to set it: no name leads to it."""
    active: Guard | None = None

    def running() -> Guard | None:
        return active

    def run(guard: Guard | None) -> None:
        nonlocal active
        active = guard

    return running, run


_running, _run = _kept()
OURS = (Guard.__enter__.__code__, Guard.__exit__.__code__)
KEPT = (_running.__code__, _run.__code__)
_always = False
_here = threading.local()


def watch_threads() -> None:
    """From now on see all threads that are started: they may be put to work in a later call."""
    global _always
    _always = True
    threading.setprofile(_in_thread)
    _thread.start_new_thread = _thread.start_new = _through_threading


def _through_threading(function: Callable, args: tuple, kwargs: dict | None = None) -> int:
    thread = threading.Thread(target=function, args=args, kwargs=kwargs, daemon=True)
    thread.start()
    return thread.ident or 0


def _in_thread(frame: FrameType, event: str, arg: Any) -> None:
    """The profile function of a thread from its first moment on."""
    if not hasattr(_here, "mode"):
        _here.mode = _Mode()
        _here.mode.__enter__()
    if event == "return" and frame.f_code is BOOTSTRAP:
        _here.mode.__exit__(None, None, None)
    elif guard := _running():
        guard.elsewhere(frame, event, arg)


def _audit(event: str, args: tuple) -> None:
    """Python asks this thousands of times a call, at each look at a function's code too."""
    if event not in HEARD:
        return
    if event == "object.__setattr__":
        seal.audited(event, args)
    elif guard := _running():
        guard.audited(event, args)


sys.addaudithook(_audit)  # which cannot be taken away


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename == __file__


def _is_theirs(frame: FrameType | None) -> bool:
    """Whether it is not torch itself that calls."""
    while frame and frame.f_code.co_filename == contextlib.__file__:
        frame = frame.f_back
    return frame is not None and not frame.f_code.co_filename.startswith(TORCH)


@cache
def _names_mode(name: str) -> bool:
    """Whether a function by this name takes torch's modes away."""
    return MODES.fullmatch(name) is not None


@cache
def _module_of(file: str) -> str:
    """The module that a library's file is, whatever it is called where it was copied to."""
    for folder in LIBRARIES:
        if file.startswith(folder):
            parts = Path(file).relative_to(folder).with_suffix("").parts
            return ".".join(parts).removesuffix(".__init__")
    return ""


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
