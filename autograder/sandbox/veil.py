"""Keeps what students must not reach out of the process that runs their code.

In a sandbox with namespaces these files do not exist. Without (``limits-only``) they do, and
this is a fence: Python can neither import nor open them, code that leaves Python behind can.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from typing import Any

GRADER = ("hidden", "answers")


class Veil(MetaPathFinder):
    """Finds nothing where hidden modules are asked for.

    Args:
        chapters: of the visible checks; their definitions are hidden.
    """

    def __init__(self, chapters: Sequence[str]) -> None:
        self._names = {f"course_utils.checks.{name}" for name in chapters}
        self._names |= {f"autograder.{name}" for name in GRADER}
        places = [os.path.join(*name.split(".")) for name in self._names]  # noqa: PTH118
        roots = [os.path.realpath(root) for root in sys.path]
        self._places = tuple(os.path.join(r, p) for r in roots for p in places)  # noqa: PTH118

    def draw(self, files: bool) -> None:
        """From now on, for ever.

        Args:
            files: whether they exist: then each file that is opened is looked at.
        """
        for name in [n for n in sys.modules if self._hides(n)]:
            del sys.modules[name]
        sys.meta_path.insert(0, self)
        if files:  # Python asks a hook thousands of times a call
            sys.addaudithook(self._audit)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if self._hides(name):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    def _hides(self, name: str) -> bool:
        return ".".join(name.split(".")[:3]) in self._names or (
            ".".join(name.split(".")[:2]) in self._names
        )

    def _audit(self, event: str, args: tuple) -> None:
        if event == "open" and isinstance(args[0], str | bytes):
            path = os.path.realpath(os.fsdecode(args[0]))
            if path.startswith(self._places):
                raise PermissionError(f"{path} is not for students")
        elif event == "import" and self._hides(str(args[0])):
            raise ModuleNotFoundError(f"No module named {args[0]!r}", name=args[0])
