"""Exercise 2.7, the strength of edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, experiment, given


def sobel(x: Tensor, middle: float = 2) -> tuple[Tensor, Tensor]:
    """g_x and g_y of a padded x: a difference along one axis, weights along the other."""
    dx, dy = x[..., 2:] - x[..., :-2], x[..., 2:, :] - x[..., :-2, :]
    gx = dx[..., :-2, :] + middle * dx[..., 1:-1, :] + dx[..., 2:, :]
    gy = dy[..., :-2] + middle * dy[..., 1:-1] + dy[..., 2:]
    return gx, gy


def gradient_length(
    x: Tensor,
    *,
    border: str = "replicate",
    gradient: Callable = sobel,
    length: Callable = torch.hypot,
    shown: Callable = lambda s: s,
) -> Tensor:
    """(B, C, H, W) stays."""
    return shown(length(*gradient(F.pad(x, (1, 1, 1, 1), mode=border))))


edge_strength = Exercise("2.7", "edge_strength", points=5, hidden=1, right=gradient_length)


@edge_strength.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield (draw.normal(2, 3, 7, 9),)
    yield given(x=0.02 * draw.normal(1, 2, 8, 5))
    yield (40 * draw.normal(3, 1, 6, 6),)
    yield (draw.uniform(2, 4, 5, 8),)
    yield (draw.normal(2, 2, 1, 6),)
    yield (0.02 * draw.normal(2, 3, 5, 1),)
    # No gradient is asked for where the strength is zero: these are no plain calls.
    for flat in (draw.normal(1, 2, 1, 1), draw.normal(2, 3, 1, 1).expand(-1, -1, 3, 4).clone()):
        yield experiment(lambda f, x: f(x), flat, about=f"{tuple(flat.shape)}, flat")


@edge_strength.aspect(
    "the length of the gradient, in both directions",
    0.5,
    {
        "only changes from left to right are found": {"length": lambda gx, gy: gx.abs()},
        "only changes from top to bottom are found": {"length": lambda gx, gy: gy.abs()},
        "the two directions are added with their signs and cancel each other": {
            "length": lambda gx, gy: gx + gy
        },
        "|gx| + |gy|: the length of a vector is √(gx² + gy²)": {
            "length": lambda gx, gy: gx.abs() + gy.abs()
        },
        "the larger of |gx| and |gy|: the length of a vector is √(gx² + gy²)": {
            "length": lambda gx, gy: torch.maximum(gx.abs(), gy.abs())
        },
        "the square root is missing": {"length": lambda gx, gy: gx**2 + gy**2},
        "plain differences, 1 1 1: Sobel's weights are 1 2 1": {
            "gradient": lambda x: sobel(x, middle=1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield (0.02 * draw.normal(2, 2, 6, 8),)
    yield (0.02 * draw.normal(2, 2, 7, 5),)


@edge_strength.aspect(
    "a flat image has no edges, its border included",
    0.5,
    {
        "zeros around the image make a false edge along its border: repeat the border pixels": {
            "border": "constant"
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    flat = torch.full((2, 2, 5, 6), 0.04, dtype=torch.float64)
    yield (flat,)
    dark = flat.clone()
    dark[..., 2:, 3:] = 0.01
    yield (dark,)
    yield (0.02 * draw.normal(2, 2, 6, 7),)


@edge_strength.aspect(
    "each channel by itself",
    0.5,
    {
        "every channel gets the strength of all together: each channel by itself": {
            "shown": lambda s: s.norm(dim=1, keepdim=True).expand_as(s)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield (0.02 * draw.normal(2, 3, 7, 6),)


@edge_strength.aspect(
    "the strength grows with the contrast",
    0.25,
    {
        "divided by 8: the weights stand as they are": {"shown": lambda s: s / 8},
        "cut off at 1: clamping is for display, not for the value": {
            "shown": lambda s: s.clamp(max=1)
        },
        "scaled by its largest value: two images can no longer be compared": {
            "shown": lambda s: s / s.max()
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    noise = draw.normal(2, 2, 5, 6)
    yield (noise,)
    yield (100 * noise,)


edge_strength.keeps(points=0.25)
