"""What an exercise does not allow, found when it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


def as_written(operator: str) -> str:
    """A torch operator as students know it: ``aten::_softmax`` is "torch's softmax"."""
    name = operator.removeprefix("aten::").lstrip("_").removesuffix("_with_indices")
    if "convolution" in name:
        name = "convolution (F.conv2d and its like)"
    if name.startswith("scaled_dot_product"):
        name = "scaled_dot_product_attention"
    return f"torch's {name}"


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
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _packages: list[tuple[str, str, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Now, as in a call ``re`` is what the student's cells have made of it.
        object.__setattr__(self, "_pattern", re.compile(self.operators))
        parts = (name.partition(":") for name in self.modules)
        object.__setattr__(self, "_packages", [(p, f"{p}.", banned) for p, _, banned in parts])

    def of_operator(self, name: str) -> str:
        """The sentence on a torch operator; empty where it is allowed."""
        banned = self.operators and self._pattern.search(name)
        return self.sentence(as_written(name)) if banned else ""

    def of_function(self, module: str, function: str) -> str:
        """The sentence on a function of a module; empty where it is allowed."""
        for package, inside, banned in self._packages:
            within = module == package or module.startswith(inside)
            if within and banned in ("", function):
                return self.sentence(f"{package}.{function}")
        return ""

    def sentence(self, what: str) -> str:
        return f"{what} is not allowed here: {self.why}"
