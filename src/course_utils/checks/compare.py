"""Is a value the right one, and if not, where do the two part?"""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.checks.answer import Wrong

FLOATS = (torch.float64, torch.float32)
FINE, COARSE = 1e-5, 1e-4  # relative tolerance of values; of those computed from float32
EXACT = 1e-9  # what float64 throughout reaches


def same(got: object, want: object, rtol: float = FINE) -> bool:
    """Alike up to rounding; dtypes may differ, that is judged by another property."""
    if isinstance(want, Tensor):
        with contextlib.suppress(RuntimeError, TypeError, NotImplementedError):  # an odd tensor
            return isinstance(got, Tensor) and _alike(plain(got), want, rtol)
        return False
    if isinstance(want, tuple | list):
        if not isinstance(got, tuple | list) or len(got) != len(want):
            return False
        return all(same(g, w, rtol) for g, w in zip(got, want, strict=True))
    if isinstance(want, bool) or not isinstance(want, int | float):
        return type(got) is type(want) and got == want
    if isinstance(got, bool) or not isinstance(got, int | float):
        return False
    # Integers are compared as such: large ones have neighbours that are the same float.
    return math.isclose(got, want, rel_tol=rtol) if isinstance(want, float) else got == want


def complain(
    got: object, want: object, on: str, rtol: float = FINE, parts: tuple[str, ...] = ()
) -> None:
    """Raise ``Wrong`` with the first difference, in words a student can use.

    Args:
        on: the input in words.
        parts: names of the value's parts, where it has several.
    """
    if isinstance(want, tuple | list):
        if not isinstance(got, tuple | list) or len(got) != len(want):
            raise Wrong(f"returned {a(got)}, expected {len(want)} values ({on})")
        for n, (g, w) in enumerate(zip(got, want, strict=True)):
            if not same(g, w, rtol):
                name = parts[n] if n < len(parts) else f"value {n + 1}"
                complain(g, w, f"{name}; {on}", rtol)
    if isinstance(want, Tensor):
        _complain_of_tensor(got, want, on, rtol)
    if type(got) is not type(want) and not _number(got):
        raise Wrong(f"returned {a(got)}, expected {a(want)} ({on})")
    raise Wrong(f"got {_short(got)}, expected {_short(want)} ({on})")


def _complain_of_tensor(got: object, want: Tensor, on: str, rtol: float) -> None:
    if _values_and_indices(got):
        raise Wrong(
            "returned values and indices, as max, min, sort and topk along an axis give both: "
            f"the values alone are .values ({on})"
        )
    if not isinstance(got, Tensor):
        raise Wrong(
            f"returned {a(got)}, expected a torch.Tensor of shape {tuple(want.shape)} ({on})"
        )
    with contextlib.suppress(NotImplementedError):  # what has no numbers side by side
        got = plain(got).detach()
    if got.is_complex() or got.layout is not torch.strided:
        raise Wrong(f"{got.layout}, {got.dtype} came out, expected {want.dtype} ({on})")
    if got.shape != want.shape:
        raise Wrong(f"shape {tuple(got.shape)}, expected {tuple(want.shape)} ({on})")
    if not torch.isfinite(got).all() and torch.isfinite(want).all():
        raise Wrong(f"NaN or infinity among the values ({on})")
    raise Wrong(f"{_first_difference(got.double(), want.detach().double(), rtol)} ({on})")


def _values_and_indices(got: object) -> bool:
    """Whether it is the pair that torch's functions return which also tell where."""
    if not isinstance(got, tuple) or len(got) != 2:
        return False
    values, where = got
    pair = isinstance(values, Tensor) and isinstance(where, Tensor)
    return pair and where.dtype == torch.int64 and where.shape == values.shape


def plain(x: Tensor) -> Tensor:
    """Without the methods of a subclass: comparing must not ask the answer's own code."""
    with torch._C.DisableTorchFunctionSubclass():
        return x.as_subclass(Tensor)


def number(got: object) -> object:
    """A reader: a tensor that holds one number, or NumPy's number, counts as that number."""
    if isinstance(got, np.generic):
        return got.item()
    one = isinstance(got, Tensor) and got.numel() == 1 and not got.is_complex()
    return plain(got).item() if one else got  # type: ignore[arg-type]


def finite(value: Any) -> bool:
    """No NaN and no infinity among the floats of a value."""
    if isinstance(value, tuple | list):
        return all(finite(v) for v in value)
    if isinstance(value, Tensor):
        return bool(torch.isfinite(plain(value)).all())
    return not isinstance(value, float) or math.isfinite(value)


def a(value: object) -> str:
    """A value's type, with its article."""
    if value is None:
        return "nothing (is there a return?)"
    return f"{'an' if type(value).__name__[0] in 'aeiou' else 'a'} {type(value).__name__}"


def _alike(got: Tensor, want: Tensor, rtol: float) -> bool:
    if got.shape != want.shape or got.is_complex():
        return False
    got, want = got.detach().double(), want.detach().double()
    return bool(torch.allclose(got, want, rtol, _floor(want, rtol), equal_nan=True))


def _floor(want: Tensor, rtol: float) -> float:
    """Absolute tolerance: sums of large terms cancel to small values with their errors."""
    largest = want[torch.isfinite(want)].abs().max().item() if want.isfinite().any() else 0.0
    return rtol / 10 * max(1.0, largest)


def _first_difference(got: Tensor, want: Tensor, rtol: float) -> str:
    """Where the two part, with numbers."""
    off = ~((got - want).abs() <= _floor(want, rtol) + rtol * want.abs())
    index = tuple(int(i) for i in off.nonzero()[0])
    at = f"at index {index} " if index else ""
    here = f"{at}got {got[index].item():.6g}, expected {want[index].item():.6g}"
    return f"{here}; {int(off.sum())} of {off.numel()} values differ"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)[:80]
