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


def _counted() -> tuple[Callable[[], int], Callable[[str, tuple], None]]:
    """How often the code of a function was exchanged, and who is told of it."""
    count = 0

    def exchanges() -> int:
        return count

    def audited(event: str, args: tuple) -> None:
        """An audit event ``object.__setattr__``: (object, name of an attribute, value)."""
        nonlocal count
        if args[1] == "__code__":
            count += 1

    return exchanges, audited


_exchanges, audited = _counted()


class Seal:
    """A picture of some modules, to be compared with later: before and after each call.

    It compares by identity, since an object may call itself equal to anything, and without a
    loop in Python, since there are a thousand parts. Python announces who reads or writes the
    code of a function: all of them are read only when one was written.

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
        self._exchanges = _exchanges()
        if looks:
            self._look(looks)

    def broken(self, whole: bool = False) -> str:
        """A part that was exchanged; empty if none was.

        Args:
            whole: read all codes anyway: who writes into memory by hand is not announced.
        """
        for part in self._spaces:
            if found := part.broken():
                return found
        if whole or self._exchanges != _exchanges():
            codes = [*_map(_code_of, self._functions)]
            if not _all(_map(is_, codes, self._codes)):
                return _first(self._owners, codes, self._codes)
            self._exchanges = _exchanges()
        return ""

    def _look(self, kind: type) -> None:
        """Class by class, in the dictionaries: ``getattr`` would search them all each time."""
        below: set[str] = set()
        for base in reversed(kind.__mro__[:-1]):
            space = vars(base)
            names = [name for name in space if not name.startswith("__")]
            hidden = frozenset(below.difference(space))  # what a new name would stand before
            if names:
                self._spaces.append(_Part(base.__name__, names, space, hidden))
            below.update(names)

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
            self._spaces.append(_Part(owner, names, space))


class _Part:
    """Some names of a module or a class, and what they stand for; ``absent`` do not occur."""

    def __init__(
        self,
        owner: str,
        names: list[str],
        space: Mapping[str, Any],
        absent: frozenset[str] = frozenset(),
    ) -> None:
        self._owner, self._names, self._space, self._absent = owner, names, space, absent
        self._ask = itemgetter(*names, names[0])  # one more: always a tuple
        self._values = self._ask(space)

    def broken(self) -> str:
        try:
            now = self._ask(self._space)
        except KeyError:
            return self._owner
        if not _all(_map(is_, now, self._values)):
            names = [*self._names, self._names[0]]
            return f"{self._owner}.{_first(names, now, self._values)}"
        if self._absent and not self._space.keys().isdisjoint(self._absent):
            return self._owner
        return ""


def _first(names: Sequence[str], now: Sequence, before: Sequence) -> str:
    pairs = zip(names, now, before, strict=True)
    return next(name for name, value, was in pairs if value is not was)


def _functions(value: Any) -> Iterator[FunctionType]:
    """The function behind a method, a property or a cached function."""
    for name in ("__func__", "fget", "__wrapped__"):
        value = getattr(value, name, value)
    if isinstance(value, FunctionType):
        yield value
