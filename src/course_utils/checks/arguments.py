"""The arguments of a call: copies that the student's code may do with as it likes, compared
afterwards with what they were.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import (
    MappingKey,
    SequenceKey,
    tree_flatten,
    tree_flatten_with_path,
    tree_map,
    tree_unflatten,
)

_equal, _allclose = torch.equal, torch.allclose  # whatever a cell makes of these names
_MUTABLE = (np.ndarray, set, bytearray)


class Arguments:
    """Copies of a call's arguments.

    Gradients lead back to the caller's tensors, but only after the call: a ``.backward()`` in
    it ends at the copies, and is noticed. The copy of a leaf that holds a ``.grad`` is a leaf
    with a copy of that ``.grad``: there no gradient leads back. What comes twice is one copy.

    Attributes:
        args, kwargs: what the student's function is called with.
    """

    def __init__(self, args: tuple, kwargs: dict) -> None:
        self._running = True
        self._reached: set[int] = set()  # ids of copies through which a backward pass went
        self._copies: dict[int, Any] = {}  # id of what the caller holds -> its copy
        self.args, self.kwargs = tree_map(self._copy_once, (args, kwargs))
        self._leaves, self._spec = tree_flatten((self.args, self.kwargs))
        self._before = [_Seen(leaf) for leaf in self._leaves]

    def changed(self) -> str:
        """What the call changed of its input, in words; empty if nothing. Ends the call."""
        self._running = False
        leaves, spec = tree_flatten((self.args, self.kwargs))
        if spec != self._spec:
            return self._other_shape(spec)
        for n, (before, leaf) in enumerate(zip(self._before, leaves, strict=True)):
            says = before.differs(leaf)
            if not says and id(before.leaf) in self._reached:
                says = "got a .grad"
            if says:
                return f"{self._name(n)} {says}"
        return ""

    def _copy_once(self, x: Any) -> Any:
        if id(x) not in self._copies:
            self._copies[id(x)] = self._copy(x)
        return self._copies[id(x)]

    def _copy(self, x: Any) -> Any:
        if isinstance(x, _MUTABLE):
            return copy.deepcopy(x)
        if not isinstance(x, Tensor):
            return x
        if (gradient := _gradient(x)) is not None and x.is_leaf:
            made = x.detach().clone().requires_grad_(x.requires_grad)
            made.grad = gradient.clone()
            return made
        made = x.clone()
        if made.grad_fn is not None:
            made.grad_fn.register_prehook(lambda gradients: self._arrived(made_id, gradients))
        made_id = id(made)
        return made

    def _arrived(self, made: int, gradients: Any) -> Any:
        """A gradient on its way to the caller's tensor."""
        if not self._running:
            return None  # as it is
        self._reached.add(made)
        return (None,) * len(gradients)

    def _name(self, n: int) -> str:
        """Where the n-th leaf stands: "element 0 of argument 2"."""
        numbered = tree_unflatten(range(self._spec.num_leaves), self._spec)
        (_, where, *inner), _ = tree_flatten_with_path(numbered)[0][n]
        name = (
            f"argument {where.idx + 1}"
            if isinstance(where, SequenceKey)
            else (f"argument {where.key}" if isinstance(where, MappingKey) else "an argument")
        )
        for key in inner:
            place = getattr(key, "idx", getattr(key, "key", getattr(key, "name", "")))
            name = f"element {place!r} of {name}"
        return name

    def _other_shape(self, spec: Any) -> str:
        """Which argument has other parts than before."""
        whole = [*enumerate(self.args, 1), *self.kwargs.items()]
        before = [c for part in _children(self._spec) for c in _children(part)]
        after = [c for part in _children(spec) for c in _children(part)]
        for (name, value), old, new in zip(whole, before, after, strict=False):
            if old != new:
                same_size = old.num_children == new.num_children
                what = "parts" if same_size or not hasattr(value, "__len__") else "length"
                return f"argument {name} has {'other' if what == 'parts' else 'another'} {what}"
        return "the arguments have other parts"


def _children(spec: Any) -> list:
    """Parts of what torch calls a tree; before 2.10 an attribute held them."""
    return spec.children() if hasattr(spec, "children") else spec.children_specs


class _Seen:
    """What one leaf of the arguments was before the call."""

    def __init__(self, leaf: Any) -> None:
        self.leaf = leaf
        if isinstance(leaf, Tensor):
            self._value: Any = leaf.detach().clone()
            self._flags = leaf.dtype, leaf.requires_grad
            gradient = _gradient(leaf)
            self._gradient = None if gradient is None else gradient.clone()
        elif isinstance(leaf, _MUTABLE):
            self._value = copy.deepcopy(leaf)

    def differs(self, leaf: Any) -> str:
        """What is no longer as it was; empty if all is."""
        if not isinstance(self.leaf, (Tensor, *_MUTABLE)):
            return "" if leaf is self.leaf or _same_value(self.leaf, leaf) else "was replaced"
        if leaf is not self.leaf:
            return "was replaced"
        if not isinstance(leaf, Tensor):
            return "" if _same_value(self._value, leaf) else "has other values"
        return self._tensor_differs(leaf)

    def _tensor_differs(self, leaf: Tensor) -> str:
        if leaf.shape != self._value.shape:
            return "has another shape"
        if leaf.dtype != self._flags[0]:
            return "has another dtype"
        if not _same_numbers(self._value, leaf.detach()):
            return "has other values"
        if leaf.requires_grad != self._flags[1]:
            return "has another requires_grad"
        gradient = _gradient(leaf)
        if gradient is None:
            return "" if self._gradient is None else "lost its .grad"
        if self._gradient is None:
            return "got a .grad"
        return "" if _same_numbers(self._gradient, gradient) else "has another .grad"


def _gradient(x: Tensor) -> Tensor | None:
    """Its ``.grad``; torch warns who asks for that of a value in between."""
    return x.grad if x.is_leaf or x.retains_grad else None


def _same_numbers(a: Tensor, b: Tensor) -> bool:
    """NaN is equal to NaN here: it is what it was."""
    if _equal(a, b):
        return True
    inexact = a.is_floating_point() or a.is_complex()
    return inexact and _allclose(a, b, rtol=0, atol=0, equal_nan=True)


def _same_value(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        nan = a.dtype.kind in "fc"
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=nan)
    try:
        return bool(a == b) or (a != a and b != b)
    except Exception:  # of an object with an opinion on equality
        return False
