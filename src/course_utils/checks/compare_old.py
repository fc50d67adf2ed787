"""Is a value the right one, and if not, which misconception made it?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.core import Draw

FLOATS = (torch.float64, torch.float32)
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}


def expect(
    got: object,
    want: Tensor,
    on: str,
    misconceptions: Mapping[str, Tensor] | None = None,
    same_dtype: bool = False,
) -> None:
    """Compare an answer's value with the right one.

    Args:
        got: what the student's function returned.
        want: the right value, worked out from the definition.
        on: the input in words, for the message.
        misconceptions: sentence -> the value that this misconception gives. When ``got`` is
            one of them, the sentence becomes the message.
        same_dtype: whether another dtype is wrong. One property of an exercise asks for it;
            the others judge the values alone, so that one slip is not counted many times.

    Raises:
        Wrong: type, shape, dtype or values differ.
    """
    if not isinstance(got, Tensor):
        raise Wrong(f"returned {_a(got)}, expected a torch.Tensor of shape {tuple(want.shape)}")
    got = _plain(got)
    if not got.is_floating_point():
        raise Wrong(f"{got.dtype} came out where {want.dtype} is expected ({on})")
    tolerance = max(_tolerance(got), _tolerance(want))
    for sentence, value in (misconceptions or {}).items():
        if not _close(value, want, tolerance) and _close(got, value, tolerance):
            raise Wrong(f"{sentence} ({on})")
    if got.shape != want.shape:
        raise Wrong(f"shape {tuple(got.shape)}, expected {tuple(want.shape)} ({on})")
    if same_dtype and got.dtype != want.dtype:
        raise Wrong(f"{got.dtype} came out where {want.dtype} is expected ({on})")
    if not torch.isfinite(got.detach()).all():
        raise Wrong(f"NaN or infinity among the values ({on})")
    if not _close(got, want, tolerance):
        if _close(got, want, 1e-6):
            raise Wrong(
                "right to about seven digits only: a step computes in float32, keep the dtype "
                f"throughout ({on})"
            )
        raise Wrong(f"{_first_difference(got, want)} ({on})")


def expect_inside(
    got: object,
    want: Tensor,
    r: int,
    on: str,
    misconceptions: Mapping[str, Tensor] | None = None,
    same_dtype: bool = False,
) -> None:
    """``expect`` for the pixels (…, H, W) that are at least ``r`` away from the border."""

    def inside(x: Tensor) -> Tensor:
        return x[..., r:-r, r:-r]

    if not isinstance(got, Tensor) or got.shape[-2:] != want.shape[-2:]:
        expect(got, want, on)
        return
    wrong = {sentence: inside(value) for sentence, value in (misconceptions or {}).items()}
    expect(inside(got), inside(want), f"{on}, without the border", wrong, same_dtype)


def expect_gradients(
    value: object, wanted: Tensor, inputs: Mapping[str, Tensor], on: str
) -> None:
    """Compare d(Σ weights·value)/d(input) of an answer with the right one, for every input.

    Every input needs ``requires_grad``; ``wanted`` is the right value with its own graph.

    Raises:
        Wrong: the value, or a gradient, differs or does not exist.
    """
    expect(value, wanted, on)
    assert isinstance(value, Tensor)
    value = _plain(value)
    weights = torch.linspace(-1, 2, wanted.numel(), dtype=wanted.dtype).reshape(wanted.shape)
    leaves = list(inputs.values())
    right = torch.autograd.grad((wanted * weights).sum(), leaves, retain_graph=True)
    if not value.requires_grad:
        raise Wrong(
            f"the result has no gradient: the path to {', '.join(inputs)} is cut ({on})"
        )
    try:
        got = torch.autograd.grad((value * weights).sum(), leaves, allow_unused=True)
    except RuntimeError as error:
        raise Wrong(f"the backward pass failed: {str(error).splitlines()[0]} ({on})") from None
    for name, mine, theirs in zip(inputs, got, right, strict=True):
        if mine is None:
            raise Wrong(f"no gradient reaches {name} ({on})")
        if not _close(mine, theirs, max(_tolerance(value), _tolerance(wanted))):
            raise Wrong(f"gradient of {name}: {_first_difference(mine, theirs)} ({on})")


Inputs = dict[str, Tensor]
Graph = Callable[[Inputs], Tensor]


def slopes(f: Graph, leaves: Inputs, weights: Tensor) -> list[Tensor | None]:
    """Gradients of Σ weights·f, none where there is no path."""
    value = f(leaves)
    if value.shape != weights.shape:
        return [None] * len(leaves)
    total = (value * weights).sum()
    return list(torch.autograd.grad(total, list(leaves.values()), allow_unused=True))


def expect_own_gradients(
    call: Callable[[Inputs], Any],
    right: Graph,
    inputs: Inputs,
    draw: Draw,
    on: str,
    wrong: Mapping[str, Graph] | None = None,
) -> None:
    """Gradients must be the right ones, or those of the value that the answer gives itself.

    What the value is, other properties ask.
    """
    leaves = {name: x.clone().requires_grad_() for name, x in inputs.items()}
    value = call(leaves)
    if not isinstance(value, Tensor):
        raise Wrong(f"returned {_a(value)}, expected a torch.Tensor ({on})")
    if not value.requires_grad:
        names = ", ".join(inputs) if len(inputs) < 5 else "its inputs"
        raise Wrong(f"the result has no gradient: the path to {names} is cut ({on})")
    weights = draw.normal(*value.shape)
    try:
        got = slopes(lambda _: value, leaves, weights)
    except RuntimeError as error:
        raise Wrong(f"the backward pass failed: {str(error).splitlines()[0]} ({on})") from None
    wanted = slopes(right, leaves, weights)
    for n, (name, x) in enumerate(inputs.items()):
        g, want = got[n], wanted[n]
        if want is not None and same(g, want):
            continue
        for text, mistake in (wrong or {}).items():
            other = slopes(mistake, leaves, weights)[n]
            if other is not None and same(g, other):
                raise Wrong(f"gradient of {name}: {text} ({on})")
        way = draw.normal(*x.shape)
        ahead, behind = (call({**inputs, name: x + h * way}) for h in (1e-6, -1e-6))
        rise = ((ahead - behind) * weights).sum().item() / 2e-6
        said = 0.0 if g is None else (g * way).sum().item()
        if math.isclose(said, rise, rel_tol=1e-5, abs_tol=1e-5):
            continue
        if g is None:
            raise Wrong(f"no gradient reaches {name} ({on})")
        raise Wrong(
            f"gradient of {name}: it says {said:.6g} along a random direction, but small steps "
            f"change the result by {rise:.6g} ({on})"
        )


def same(got: object, want: Tensor, rtol: float = 1e-5, atol: float = 1e-8) -> bool:
    """Alike to five digits: in what precision it was computed is another property."""
    if not isinstance(got, Tensor) or got.shape != want.shape:
        return False
    return torch.allclose(got.detach().double(), want.detach().double(), rtol, atol)


def as_floats(got: object) -> object:
    """Truth values and integers as numbers; their dtype is another property's matter."""
    whole = isinstance(got, Tensor) and not got.is_floating_point()
    return got.double() if whole else got  # type: ignore[attr-defined]


def expect_dtype(got: object, dtype: torch.dtype, name: str = "") -> None:
    """The dtype alone: whether it is a tensor, and of what values, are other properties."""
    if isinstance(got, Tensor) and got.dtype != dtype:
        of = f" for {name}" if name else ""
        raise Wrong(f"{got.dtype} came out{of} where {dtype} is expected")


def keeps_dtype_and_input(
    answer: Answer, right: Callable[..., Tensor], *inputs: Tensor | int
) -> None:
    """Both floating types come back as they went in, and the arguments are not written to."""
    for dtype in FLOATS:
        given = [x.to(dtype) if isinstance(x, Tensor) else x for x in inputs]
        expect(answer(*given), right(*given), f"{dtype} in", same_dtype=True)
    refuse_change(answer)


def refuse_change(answer: Answer) -> None:
    """The arguments of the calls so far must be what they were."""
    if answer.changed_input:
        raise Wrong("the input was changed in place: the caller's data is overwritten")


def _plain(x: Tensor) -> Tensor:
    """Without the methods of a subclass: comparing must not ask the answer's own code."""
    with torch._C.DisableTorchFunctionSubclass():
        return x.as_subclass(Tensor)


def _tolerance(x: Tensor) -> float:
    return TOLERANCE.get(x.dtype, 1e-4)


def _close(a: Tensor, b: Tensor, tolerance: float) -> bool:
    if a.shape != b.shape:
        return False
    a, b = a.detach().double(), b.detach().double()
    return torch.allclose(a, b, rtol=tolerance, atol=tolerance)


def _first_difference(got: Tensor, want: Tensor) -> str:
    """Where the two part, with numbers."""
    got, want = got.detach(), want.detach()
    off = (got - want).abs() > max(_tolerance(got), _tolerance(want)) * (1 + want.abs())
    index = tuple(int(i) for i in off.nonzero()[0])
    here = f"at index {index} got {got[index].item():.6g}, expected {want[index].item():.6g}"
    return f"{here}; {int(off.sum())} of {off.numel()} values differ"


def _a(value: object) -> str:
    name = type(value).__name__
    return "nothing (is there a return?)" if value is None else f"a {name}"
