"""Notices when the functions and classes of a module are no longer what they were."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter, is_, itemgetter
from re import Pattern
from types import FunctionType
from typing import Any

_all, _map = all, map  # whatever a student's code makes of Python's own
_code_of = attrgetter("__code__")
_METHODS = (staticmethod, classmethod, property)
_CONSTANTS = (str, tuple, frozenset, Pattern)


class Seal:
    """A picture of some modules, to be compared with later: before and after each call.

    It compares by identity, since an object may call itself equal to anything, and without a
    loop in Python, since there are a thousand parts.

    Args:
        looks: a class of a library, of which all but special methods is compared: how it looks
            to us, and not to people, ``__repr__``.
    """

    def __init__(self, *modules: str, looks: type | None = None) -> None:
        self._spaces: list[_Part] = []
        self._owners: list[str] = []  # of functions
        self._functions: list[FunctionType] = []
        for name in modules:
            self._take(name, vars(sys.modules[name]), name)
        self._codes = [function.__code__ for function in self._functions]
        self._kind = looks
        shown = [name for name in dir(looks) if looks and not name.startswith("__")]
        # A bound method is made anew whenever it is asked for.
        same = [n for n in shown if getattr(looks, n, 0) is getattr(looks, n, 1)]
        self._looks = _Part(f"{looks}", attrgetter(*same), same, looks) if same else None
        self._bound = [
            (n, getattr(looks, n)) for n in shown if n not in same and hasattr(looks, n)
        ]

    def broken(self) -> str:
        """A part that was exchanged; empty if none was."""
        for part in (*self._spaces, self._looks):
            if part and (found := part.broken()):
                return found
        codes = [*_map(_code_of, self._functions)]
        if not _all(_map(is_, codes, self._codes)):
            return _first(self._owners, codes, self._codes)
        for name, value in self._bound:
            if getattr(self._kind, name, None) != value:
                return f"{self._kind}.{name}"
        return ""

    def _take(self, owner: str, space: Mapping[str, Any], module: str) -> None:
        names = []
        for name, value in space.items():
            if not (callable(value) or isinstance(value, (*_METHODS, *_CONSTANTS))):
                continue
            names.append(name)
            for function in _functions(value):
                self._functions.append(function)
                self._owners.append(f"{owner}.{name}")
            if isinstance(value, type) and value.__module__ == module:
                self._take(f"{owner}.{name}", vars(value), module)
        if names:
            self._spaces.append(_Part(owner, itemgetter(*names), names, space))


class _Part:
    """Some names of a module or a class, and what they stand for."""

    def __init__(self, owner: str, ask: Callable, names: list[str], space: Any) -> None:
        self._owner, self._names, self._space = owner, names, space
        self._ask = ask if len(names) > 1 else lambda space: (ask(space),)
        self._values = self._ask(space)

    def broken(self) -> str:
        try:
            now = self._ask(self._space)
        except (KeyError, AttributeError):
            return self._owner
        if _all(_map(is_, now, self._values)):
            return ""
        return f"{self._owner}.{_first(self._names, now, self._values)}"


def _first(names: Sequence[str], now: Sequence, before: Sequence) -> str:
    pairs = zip(names, now, before, strict=True)
    return next(name for name, value, was in pairs if value is not was)


def _functions(value: Any) -> Iterator[FunctionType]:
    """The function behind a method, a property or a cached function."""
    for name in ("__func__", "fget", "__wrapped__"):
        value = getattr(value, name, value)
    if isinstance(value, FunctionType):
        yield value
