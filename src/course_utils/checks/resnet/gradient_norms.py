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


def norms(
    x: Tensor,
    y: Tensor,
    weights: list[Tensor],
    residual: bool,
    *,
    product: Callable = lambda h, w: h @ w.mT,
    plain: Callable = lambda z, last: z.relu(),
    joins: Callable = lambda z, h, x: h + z.relu(),
    loss: Callable = F.cross_entropy,
    of: Callable = lambda gradients, weights: gradients,
    norm: Callable = torch.linalg.vector_norm,
) -> Tensor:
    """‖∂L / ∂W‖ of each layer."""
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        z = product(h, w)
        h = joins(z, h, x) if residual else plain(z, w is weights[-1])
    gradients = torch.autograd.grad(loss(h, y), weights)
    return torch.stack([norm(g).detach() for g in of(gradients, weights)])


def row(got: Any) -> Any:
    """A list of norms as a tensor: its type is judged by another property."""
    return torch.tensor([number(v) for v in got]).double() if isinstance(got, list) else got


gradient_norms = Exercise("4.7", "gradient_norms", 5, 2, right=norms, reads=row)


def network(draw: Draw, rows: int, d: int, layers: int) -> tuple[Tensor, Tensor, list[Tensor]]:
    """x, y and weights; no layer is dead, none like another."""
    weights = [draw.normal(d, d) * (1 + n / 4) / d**0.5 for n in range(layers)]
    return draw.normal(rows, d), draw.integers(0, d, rows), weights


@gradient_norms.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for rows, d, layers in ((5, 6, 3), (4, 9, 5), (7, 4, 2), (1, 8, 2), (6, 5, 1)):
        for residual in (False, True):
            yield *network(draw, rows, d, layers), residual
    x, y, weights = network(draw, 3, 7, 4)
    yield given(x=x, y=y, weights=weights, residual=True)


@gradient_norms.aspect(
    "the norm of each layer's gradient, the first layer first",
    0.5,
    {
        "W is not transposed: h Wᵀ": {"product": lambda h, w: h @ w},
        "no relu in the last layer": {"plain": lambda z, last: z if last else z.relu()},
        "the root is missing": {"norm": lambda g: g.square().sum()},
        "the norms of the weights, not of their gradients": {"of": lambda gradients, ws: ws},
        "the last layer comes first": {"of": lambda gradients, ws: gradients[::-1]},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *network(draw, 5, 6, 4), False


@gradient_norms.aspect(
    "residual: h + relu(h Wᵀ)",
    0.5,
    {
        "residual is ignored": {"joins": lambda z, h, x: z.relu()},
        "relu around the sum: h passes untouched": {"joins": lambda z, h, x: (h + z).relu()},
        "the shortcut starts at x each time": {"joins": lambda z, h, x: x + z.relu()},
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
        "the softmax runs over the images: each image has its own": {
            "loss": lambda h, y: F.nll_loss(h.log_softmax(0), y)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *network(draw, 5, 6, 3), False


gradient_norms.keeps(0.5)
