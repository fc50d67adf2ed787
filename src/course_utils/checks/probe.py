"""What an answer is tried on: a call, or a small experiment of several calls.

The same probe is put to a student's answer, to the right definition and to the definition with
a slip in it. What comes back is compared.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils._pytree import (
    keystr,
    tree_leaves,
    tree_leaves_with_path,
    tree_map,
    tree_map_with_path,
)

from course_utils.checks.answer import Wrong


class Subject(Protocol):
    """What is probed: an answer, or a definition."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def raises(self, expected: type[Exception], *args: Any, **kwargs: Any) -> bool: ...


@dataclass(frozen=True)
class Definition:
    """A function of our own, asked as an answer is."""

    function: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def raises(self, expected: type[Exception], *args: Any, **kwargs: Any) -> bool:
        try:
            self.function(*args, **kwargs)
        except expected:
            return True
        return False


def called(subject: Subject, *args: Any, **kwargs: Any) -> Any:
    """The value of one call."""
    return subject(*args, **kwargs)


def refused(subject: Subject, *args: Any, **kwargs: Any) -> bool:
    """Whether the call raises a ``ValueError``."""
    return subject.raises(ValueError, *args, **kwargs)


@dataclass(frozen=True, eq=False)
class Probe:
    """Arguments, and what is done with them.

    Args:
        args, kwargs: as an answer gets them.
        run: ``(subject, *args, **kwargs) -> value``; one call, unless told.
        parts: names of the value's parts, for messages.
        about: the input in words, where the arguments do not say it.
    """

    args: tuple = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    run: Callable[..., Any] = called
    parts: tuple[str, ...] = ()
    about: str = ""

    @property
    def single(self) -> bool:
        """Whether it is one call with just these arguments, and nothing flows back to them."""
        leaves = tree_leaves((self.args, dict(self.kwargs)))
        learned = any(isinstance(x, Tensor) and x.requires_grad for x in leaves)
        return self.run in (called, refused) and not learned

    def ask(self, subject: Subject) -> Any:
        return self.run(subject, *self.args, **self.kwargs)

    def to(self, dtype: torch.dtype) -> Probe:
        """The same with floating-point tensors of this dtype, gradients they hold included."""

        def cast(x: Any) -> Any:
            if not isinstance(x, Tensor) or not x.is_floating_point() or x.dtype == dtype:
                return x
            made = x.detach().to(dtype).requires_grad_(x.requires_grad)
            if x.is_leaf and x.grad is not None:
                made.grad = x.grad.to(dtype)
            return made

        return replace(self, args=tree_map(cast, self.args), kwargs=tree_map(cast, self.kwargs))

    def named(self, signature: inspect.Signature) -> dict[str, Any]:
        """Arguments by name, defaults included."""
        bound = signature.bind(*self.args, **self.kwargs)
        bound.apply_defaults()
        return bound.arguments

    def on(self, signature: inspect.Signature) -> str:
        """The input in words."""
        if self.about:
            return self.about
        try:
            given = self.named(signature)
        except TypeError:  # an experiment with arguments of its own
            given = {f"argument {n}": x for n, x in enumerate(self.args, 1)}
            given |= dict(self.kwargs)
        return ", ".join(f"{name} {_shown(x)}" for name, x in given.items())


def given(*args: Any, **kwargs: Any) -> Probe:
    """A call that passes some arguments by name."""
    return Probe(args, kwargs)


def experiment(run: Callable[..., Any], *args: Any, about: str = "", **kwargs: Any) -> Probe:
    """``run(subject, *args, **kwargs)``: several calls whose values belong together."""
    return Probe(args, kwargs, run, about=about)


def probes(yielded: Iterator[tuple | Probe]) -> list[Probe]:
    """What a generator of probes yields: a tuple is a call with these arguments."""
    return [p if isinstance(p, Probe) else Probe(p) for p in yielded]


def slopes(
    of: Callable[[Any], Any], signature: inspect.Signature, names: list[str], but: str = ""
) -> Callable:
    """An experiment: gradients of a weighed sum of the value with respect to arguments.

    Entries of dictionaries whose name holds ``but`` are held constant.
    """

    def run(subject: Subject, *args: Any, **kwargs: Any) -> list[Tensor]:
        bound = signature.bind(*args, **kwargs)
        leaves: list[Tensor] = []

        def leaf(path: tuple, x: Any) -> Any:
            if not _learned(path, x, but):
                return x
            leaves.append(x.detach().clone().requires_grad_())
            return leaves[-1]

        for name in names:
            if name in bound.arguments:
                bound.arguments[name] = tree_map_with_path(leaf, bound.arguments[name])
        total = _weighed(of(subject(*bound.args, **bound.kwargs)))
        if not isinstance(total, Tensor) or not total.requires_grad:
            return [torch.zeros_like(x) for x in leaves]
        try:
            got = torch.autograd.grad(total, leaves, allow_unused=True)
        except Exception as error:  # whatever the answer's graph does
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise Wrong(f"the backward pass failed: {said}") from None
        zeros = (torch.zeros_like(x) for x in leaves)
        return [zero if g is None else g for g, zero in zip(got, zeros, strict=True)]

    return run


def slopes_of(given: Mapping[str, Any], names: list[str], but: str = "") -> tuple[str, ...]:
    """Of the gradients that ``slopes`` gives: whose each one is."""
    return tuple(
        f"gradient of {name}{keystr(path)}"
        for name in names
        for path, x in tree_leaves_with_path(given.get(name))
        if _learned(path, x, but)
    )


def _learned(path: tuple, x: Any, but: str) -> bool:
    floats = isinstance(x, Tensor) and x.is_floating_point()
    return floats and not (but and but in keystr(path))


def _weighed(value: Any) -> Any:
    """A sum in which each number of a value has another weight."""
    parts = value if isinstance(value, tuple | list) else [value]
    tensors = [x for x in parts if isinstance(x, Tensor) and x.is_floating_point()]
    return sum(
        (x * torch.arange(1.0, x.numel() + 1).to(x).cos().view_as(x)).sum() for x in tensors
    )


def _shown(x: Any) -> str:
    if isinstance(x, Tensor):
        size = str(tuple(x.shape))
        return size if x.dtype in (torch.float64, torch.int64) else f"{size} {x.dtype}"[:60]
    if isinstance(x, Mapping):
        return f"with {len(x)} entries"
    if isinstance(x, list) and x and isinstance(x[0], Tensor):
        return f"of {len(x)} tensors"
    return f"{x:g}" if isinstance(x, float) else repr(x)[:60]
