"""Exercise 4.7, gradients in deep networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.compare import number
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def own(weights: list[Tensor]) -> list[Tensor]:
    return [w.detach().clone().requires_grad_() for w in weights]


def shared(weights: list[Tensor]) -> list[Tensor]:
    """A matrix that stands in several places is one tensor, and has one gradient."""
    made = dict(zip(map(id, weights), own(weights), strict=True))
    return [made[id(w)] for w in weights]


def norms(
    x: Tensor,
    y: Tensor,
    weights: list[Tensor],
    residual: bool,
    *,
    copies: Callable = own,
    product: Callable = lambda h, w: h @ w.mT,
    act: Callable = lambda z, last: z.relu(),
    adds: Callable = lambda residual: residual,
    joins: Callable = lambda h, a, z: h + a,
    loss: Callable = F.cross_entropy,
    of: Callable = lambda gradients: gradients,
    norm: Callable = torch.linalg.vector_norm,
) -> Tensor:
    """‖∂L / ∂W‖ of each layer."""
    weights, h = copies(weights), x.detach()
    for n, w in enumerate(weights, 1):
        z = product(h, w)
        a = act(z, n == len(weights))
        h = joins(h, a, z) if adds(residual) else a
    gradients = torch.autograd.grad(loss(h, y), weights)
    return torch.stack([norm(g).detach() for g in of(gradients)])


def row(got: Any) -> Any:
    """A list of norms as a tensor: its type is judged by another property."""
    return torch.tensor([number(v) for v in got]).double() if isinstance(got, list) else got


gradient_norms = Exercise("4.7", "gradient_norms", 5, 2, right=norms, reads=row)


def network(draw: Draw, rows: int, d: int, layers: int) -> tuple[Tensor, Tensor, list[Tensor]]:
    """x, y and weights; no layer is dead, none like another."""
    weights = [draw.normal(d, d) * (1 + n / 4) / d**0.5 for n in range(layers)]
    return draw.normal(rows, d), draw.integers(0, d, rows), weights


def trained(inputs: tuple) -> tuple:
    """The same, in the middle of training: x and the weights hold gradients."""
    x, y, weights = inputs
    for leaf in (x, *weights):
        leaf.requires_grad_().grad = torch.ones_like(leaf)
    return x, y, weights


@gradient_norms.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    sizes = (5, 6, 3), (3, 7, 5), (1, 8, 2), (6, 5, 1), (4, 4, 4)
    for residual in (False, True):
        for size in sizes:
            yield *network(draw, *size), residual
        x, y, ws = network(draw, 4, 6, 1)
        yield x, y, 3 * ws, residual
        yield *trained(network(draw, 6, 5, 3)), residual
    x, y, weights = network(draw, 3, 7, 4)
    yield given(x=x, y=y, weights=weights, residual=True)


@gradient_norms.aspect(
    "the norm of each layer's gradient, the first layer first",
    0.5,
    {
        "W is not transposed: h Wᵀ": {"product": lambda h, w: h @ w},
        "no relu in the last layer": {"act": lambda z, last: z if last else z.relu()},
        "no relu: expected one after each product": {"act": lambda z, last: z},
        "the root is missing": {"norm": lambda g: g.square().sum()},
        "the last layer comes first": {"of": lambda gradients: gradients[::-1]},
        "a matrix in several layers: each layer has a norm of its own": {"copies": shared},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *network(draw, 5, 6, 4), False
    x, y, (w, v) = network(draw, 5, 6, 2)
    yield x, y, [w, v, w], False


@gradient_norms.aspect(
    "residual: h + relu(h Wᵀ)",
    0.5,
    {
        "residual is ignored": {"adds": lambda residual: False},
        "residual is the wrong way round": {"adds": lambda residual: not residual},
        "relu around the sum: h passes untouched": {"joins": lambda h, a, z: (h + z).relu()},
        "the gradient does not pass the shortcut: it comes to h through W and past it": {
            "joins": lambda h, a, z: h.detach() + a
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *network(draw, 5, 6, 4), True


@gradient_norms.aspect(
    "the loss is the mean cross entropy of the logits",
    0.5,
    {
        "the losses of the images are summed: expected their mean": {
            "loss": lambda h, y: F.cross_entropy(h, y, reduction="sum")
        },
        "softmax twice: cross entropy takes logits, softmax is in it": {
            "loss": lambda h, y: F.cross_entropy(h.softmax(1), y)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *network(draw, 5, 6, 3), False


gradient_norms.keeps(0.5)
