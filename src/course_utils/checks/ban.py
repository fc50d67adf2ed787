"""What an exercise does not allow, found when it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Ban:
    """What would make an exercise trivial.

    ``twins.ban`` makes one that knows the same thing in torch, NumPy, SciPy and others.

    Args:
        why: the end of the sentence "... is not allowed here: ".
        operators: regular expression of torch operator names, ``"aten::conv"``.
        modules: Python modules (``"scipy.signal"``) or functions (``"numpy:convolve"``).
    """

    why: str
    operators: str = ""
    modules: tuple[str, ...] = ()

    def of_operator(self, name: str) -> str:
        """The sentence on a torch operator; empty where it is allowed."""
        banned = self.operators and re.search(self.operators, name)
        return self.sentence(name) if banned else ""

    def of_function(self, module: str, function: str) -> str:
        """The sentence on a function of a module; empty where it is allowed."""
        for name in self.modules:
            package, _, banned = name.partition(":")
            inside = module == package or module.startswith(package + ".")
            if inside and banned in ("", function):
                return self.sentence(f"{package}.{function}")
        return ""

    def sentence(self, what: str) -> str:
        return f"{what} is not allowed here: {self.why}"
