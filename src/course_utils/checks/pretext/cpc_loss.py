"""Exercise 9.7, the loss of CPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.pretext.returned import chosen, comes_as, scalar
from course_utils.checks.probe import Probe, given


def below(z: Tensor, context: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Contexts, and the codes k rows further down."""
    return context[:, : z.shape[1] - k], z[:, k:]


def beside(z: Tensor, context: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Contexts, and the codes k columns to the right."""
    return context[:, :, : z.shape[2] - k], z[:, :, k:]


def one_problem(p: Tensor, t: Tensor) -> Tensor:
    """p, t (B, rows, cols, D): each prediction chooses among all targets -> (B·rows·cols,)."""
    return chosen(p.flatten(0, 2) @ t.flatten(0, 2).T)


def apart(p: Tensor, t: Tensor, axis: int) -> Tensor:
    """A problem for each index of an axis."""
    pairs = zip(p.split(1, axis), t.split(1, axis), strict=True)
    return torch.cat([one_problem(a, b) for a, b in pairs])


def mean(each: list[Tensor]) -> Tensor:
    return torch.stack([losses.mean() for losses in each]).mean()


def cpc(
    z: Tensor,
    context: Tensor,
    weights: list[Tensor],
    *,
    reads: Callable = lambda z: z,
    pairs: Callable = below,
    predicts: Callable = lambda c, weights, k: c @ weights[k - 1].T,
    losses: Callable = one_problem,
    averages: Callable = mean,
) -> Tensor:
    if len(weights) >= z.shape[1]:
        raise ValueError("nothing lies so many rows further down")
    each = []
    for k in range(1, len(weights) + 1):
        c, t = pairs(reads(z), context, k)
        each.append(losses(predicts(c, weights, k), t))
    return averages(each)


def codes(
    draw: Draw, ahead: int, rows: int, cols: int, batch: int = 2, d: int = 3, g: int = 3
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Codes, contexts and matrices; where d = g a transposed one is no error of shapes."""
    z, context = draw.normal(batch, rows, cols, d), draw.normal(batch, rows, cols, g)
    return z, context, [draw.normal(d, g) for _ in range(ahead)]


cpc_loss = Exercise("9.7", "cpc_loss", points=6, hidden=2, right=cpc, reads=scalar)


@cpc_loss.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield codes(draw, 2, 4, 3, d=5, g=4)
    yield codes(draw, 1, 5, 4, batch=1)
    yield codes(draw, 3, 4, 2, batch=3)
    yield codes(draw, 2, 5, 1, d=2, g=6)
    yield codes(draw, 4, 6, 5)
    yield codes(draw, 2, 3, 1, batch=1, d=4)  # for k = 2 one prediction has one target
    z, context, weights = codes(draw, 1, 2, 3, batch=3, d=4, g=4)
    yield given(z=z, context=context, weights=weights)


@cpc_loss.aspect(
    "the prediction is for the patch k rows further down, by a matrix for each k",
    0.75,
    {
        "k = 1 predicts the row itself, seen by the context: look k rows further down": {
            "pairs": lambda z, context, k: below(z, context, k - 1)
        },
        "predicts along the columns: expected z[b, r + k, c]": {"pairs": beside},
        "predicts upwards: k rows further down is z[b, r + k, c] for context[b, r, c]": {
            "pairs": lambda z, context, k: below(context, z, k)[::-1]
        },
        "looks k + 1 rows further down: the first matrix is for k = 1": {
            "pairs": lambda z, context, k: below(z, context, k + 1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for ahead, rows, cols in ((1, 4, 4), (2, 4, 5), (3, 5, 4)):
        yield codes(draw, ahead, rows, cols)


@cpc_loss.aspect(
    "all predictions of one k are one problem, the K losses are averaged",
    0.75,
    {
        "negatives of the same image alone: those of other images count as well": {
            "losses": lambda p, t: apart(p, t, 0)
        },
        "row by row: all predictions of one k are one problem": {
            "losses": lambda p, t: apart(p, t, 1)
        },
        "column by column: all predictions of one k are one problem": {
            "losses": lambda p, t: apart(p, t, 2)
        },
        "the predictions are chosen: each one chooses among all targets": {
            "losses": lambda p, t: one_problem(t, p)
        },
        "summed over k: expected the mean": {"averages": lambda each: mean(each) * len(each)},
        "the loss of k = 1 came back: is the return in the loop?": {
            "averages": lambda each: each[0].mean()
        },
        "weighted by the number of predictions: the K losses count the same": {
            "averages": lambda each: torch.cat(each).mean()
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for ahead, rows, cols in ((1, 4, 3), (1, 3, 5), (3, 5, 3)):
        yield codes(draw, ahead, rows, cols)


@cpc_loss.refuses("refuses to look further down than there are rows", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield codes(draw, 5, 3, 3)


comes_as(cpc_loss, "a tensor without axes, no number of Python", axes=0)
