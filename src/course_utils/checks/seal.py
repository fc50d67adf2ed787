"""Notices when the functions and classes of a module are no longer what they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from re import Pattern
from types import CodeType, FunctionType
from typing import Any

_METHODS = (staticmethod, classmethod, property)
_CONSTANTS = (str, tuple, frozenset, Pattern)


class Seal:
    """A picture of some modules, to be compared with later.

    Args:
        looks: a class of a library, of which all but special methods is compared: how it looks
            to us, and not to people, ``__repr__``.
    """

    def __init__(self, *modules: str, looks: type | None = None) -> None:
        self._parts: list[tuple[str, Mapping[str, Any], str, Any]] = []
        self._codes: list[tuple[str, FunctionType, CodeType]] = []
        for name in modules:
            self._take(name, vars(sys.modules[name]), name)
        self._looks = [
            (looks, name, getattr(looks, name, None))
            for name in dir(looks)
            if looks and not name.startswith("__")
        ]

    def broken(self) -> str:
        """A part that was exchanged; empty if none was."""
        for full, space, name, value in self._parts:
            if space.get(name) is not value:
                return full
        for full, function, code in self._codes:
            if function.__code__ is not code:
                return full
        for kind, name, value in self._looks:
            if getattr(kind, name, None) != value:
                return f"{kind.__name__}.{name}"
        return ""

    def _take(self, owner: str, space: Mapping[str, Any], module: str) -> None:
        for name, value in space.items():
            if not (callable(value) or isinstance(value, (*_METHODS, *_CONSTANTS))):
                continue
            self._parts.append((f"{owner}.{name}", space, name, value))
            for function in _functions(value):
                self._codes.append((f"{owner}.{name}", function, function.__code__))
            if isinstance(value, type) and value.__module__ == module:
                self._take(f"{owner}.{name}", vars(value), module)


def _functions(value: Any) -> Iterator[FunctionType]:
    """The function behind a method, a property or a cached function."""
    for name in ("__func__", "fget", "__wrapped__"):
        value = getattr(value, name, value)
    if isinstance(value, FunctionType):
        yield value
