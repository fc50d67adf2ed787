"""Makes functions of C visible that have a twin among banned ones.

Python announces a function of C to a profile function only where Python code calls it: not
through ``map`` or ``functools.partial``, and one of Cython's never. So each gets a Python
function around it, everywhere in its library.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

# Modules, or functions of modules; no other function of numpy's is called more slowly.
HIDDEN = (
    "numpy._core.multiarray:correlate", "numpy._core.multiarray:correlate2",
    "scipy.ndimage._nd_image", "scipy.signal._sigtools", "scipy.signal._sosfilt",
    "scipy.signal._upfirdn_apply",
)  # fmt: skip
KINDS = ("builtin_function_or_method", "cython_function_or_method", "fused_cython_function")


def make_visible() -> None:
    """Once and for the whole process, before a student's code runs."""
    for entry in HIDDEN:
        module, _, only = entry.partition(":")
        space = vars(importlib.import_module(module))
        names = [only] if only else [n for n, v in space.items() if type(v).__name__ in KINDS]
        for name in names:
            _replace(module.partition(".")[0], space[name], _visible(module, name, space[name]))


def _visible(module: str, name: str, function: Callable) -> Callable:
    """A Python function of this module and name that calls ``function``."""
    space: dict[str, Any] = {"__name__": module, "function": function}
    exec(f"def {name}(*args, **kwargs): return function(*args, **kwargs)", space)
    return space[name]


def _replace(package: str, old: Callable, new: Callable) -> None:
    for space in _spaces(package):
        for name in [name for name, value in space.items() if value is old]:
            space[name] = new


def _spaces(package: str) -> Iterator[dict[str, Any]]:
    for name, module in list(sys.modules.items()):
        if name == package or name.startswith(f"{package}."):
            yield vars(module)
