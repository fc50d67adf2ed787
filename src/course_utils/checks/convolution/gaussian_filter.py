"""Exercise 2.2, the weights of a Gaussian filter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def bell(
    radius: int,
    sigma: float,
    *,
    allowed: Callable = lambda sigma: sigma > 0,
    positions: Callable = lambda r: torch.arange(-r, r + 1, dtype=torch.float64),
    falls: Callable = lambda x, s: x**2 / (2 * s**2),
    scales: Callable = lambda g, s: g / g.sum(),
) -> Tensor:
    """(2 · radius + 1,) float64 that sums to one."""
    if not allowed(sigma):
        raise ValueError("sigma is not positive")
    return scales(torch.exp(-falls(positions(radius), sigma)), sigma)


gaussian_filter = Exercise("2.2", "gaussian_filter", points=4, hidden=1, right=bell)


@gaussian_filter.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield 3, 1.3
    yield 4, 0.8
    yield given(radius=6, sigma=2.5)
    yield 2, 3
    yield 1, 0.4
    yield 5, 40.0
    yield 2, 0.05
    yield from ((0, 0.7), (0, 1), (0, 3.0))


@gaussian_filter.aspect(
    "weights fall as exp(−x² / 2σ²)",
    0.5,
    {
        "the 2 in exp(−x² / 2σ²) is missing": {"falls": lambda x, s: x**2 / s**2},
        "sigma is not squared in exp(−x² / 2σ²)": {"falls": lambda x, s: x**2 / (2 * s)},
        "x**2 / 2 * sigma**2 multiplies by σ²: 2σ² belongs in parentheses": {
            "falls": lambda x, s: x**2 / 2 * s**2
        },
        "the minus is missing: the weights grow outwards": {
            "falls": lambda x, s: -(x**2) / (2 * s**2)
        },
        "the filter is not centred: x has to run from −radius to radius": {
            "positions": lambda r: torch.arange(2 * r + 1, dtype=torch.float64)
        },
        "one weight is missing: x runs from −radius to radius, both included": {
            "positions": lambda r: torch.arange(-r, r, dtype=torch.float64)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield 2, 0.7
    yield 3, 1.9


@gaussian_filter.aspect(
    "sums to one, for a point and for a narrow or wide bell",
    0.5,
    {
        "the weights are not scaled to sum to one": {"scales": lambda g, s: g},
        "divided by √(2π)·σ, the integral of the bell; the sum of the samples is another "
        "number": {"scales": lambda g, s: g / (s * math.sqrt(2 * math.pi))},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from ((0, 1.0), (2, 0.05), (2, 100.0))


@gaussian_filter.refuses(
    "refuses a sigma that is not positive",
    0.25,
    {
        "a sigma that is not positive should raise a ValueError: no such bell exists": {
            "allowed": lambda sigma: True
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield 2, -1.0


gaussian_filter.keeps(points=0.5, name="gives float64 throughout")
