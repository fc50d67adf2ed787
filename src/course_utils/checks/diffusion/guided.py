"""Exercise 13.6, guidance."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.diffusion.parts import KEEPS, allowed
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def led(
    network: list[Tensor], xt: Tensor, classes: Tensor, scale: float, *,
    fits: Callable = lambda scale: scale >= 0,
    told: Callable = lambda classes: classes,
    nobody: Callable = lambda rows: rows[-1],
    passes: Callable = lambda u: u,
    way: Callable = lambda u, c, scale: u + scale * (c - u),
) -> Tensor:  # fmt: skip
    """u + scale · (c − u): c said with the classes, u without."""
    if not fits(scale):
        raise ValueError("scale must be 0 or more")
    w, b, rows = network
    of_x = torch.tanh(xt @ w.T + b)
    return way(passes(of_x + nobody(rows)), of_x + rows[told(classes)], scale)


guided = Exercise("13.6", "guided", points=6, hidden=2, right=led)


def noisy(draw: Draw, b: int, d: int, k: int, without: int = 0) -> tuple:
    """A network for d numbers and k classes, b rows, and classes, some of them −1."""
    network = [draw.normal(d, d) / d**0.5, draw.normal(d), draw.normal(k + 1, d)]
    classes = draw.normal(b).argsort() % k
    return network, draw.normal(b, d), torch.where(torch.arange(b) < without, -1, classes)


@guided.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for scale in (0.0, 1.0, 3.0, 0.4, 7.5):
        yield *noisy(draw, 5, 3, 4), scale
        yield *noisy(draw, 4, 4, 3, without=2), scale
    yield *noisy(draw, 3, 6, 2, without=1), 2
    yield *noisy(draw, 2, 1, 5), 3
    network, xt, classes = noisy(draw, 6, 2, 3, without=2)
    yield given(scale=1.5, classes=classes, xt=xt, network=network)


@guided.aspect(
    "u + scale · (c − u)",
    0.75,
    {
        "starts at c, as for w = scale − 1, not at u": {"way": lambda u, c, s: c + s * (c - u)},
        "c and u have changed places: scale 0 is u": {"way": lambda u, c, s: c + s * (u - c)},
        "away from the class: c − u leads to it": {"way": lambda u, c, s: u + s * (u - c)},
        "u is not subtracted: scale · (c − u)": {"way": lambda u, c, s: u + s * c},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for scale in (2.0, 0.5, 0):
        yield *noisy(draw, 4, 3, 3), scale


@guided.aspect(
    'u is said of the class −1, "no class": a row whose class is −1 stays u',
    1,
    {
        'class 0 stands for "no class": −1 does': {"nobody": lambda rows: rows[0]},
        "u without a row of E: it has one, the last": {"nobody": lambda rows: 0 * rows[0]},
        "the mean of E: take its last row": {"nobody": lambda rows: rows.mean(0)},
        "a row of class −1 is led to class 0": {"told": lambda classes: classes.clamp(min=0)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *noisy(draw, 3, 5, 4), 0.0
    yield *noisy(draw, 4, 3, 3, without=2), 4.0
    yield *noisy(draw, 5, 3, 2, without=3), 0.5


@guided.refuses("refuses a scale below 0", 0.25, allowed("fits", "a scale below 0"))
def _(draw: Draw) -> Iterator[tuple]:
    yield *noisy(draw, 3, 2, 4), -2.0


NO_SLOPE = {"no gradient through u: the weights learn from both": {"passes": Tensor.detach}}
guided.gradients("network", 0.25, NO_SLOPE)
guided.keeps(points=0.25, name=KEEPS)
