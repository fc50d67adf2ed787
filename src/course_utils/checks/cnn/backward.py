"""Layers to go backward through."""

from __future__ import annotations

from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, experiment

PARTS = ("dx", "dw", "db")


def layer(
    draw: Draw, size: tuple, kernel: tuple, stride: int = 1, padding: int = 0, only: str = ""
) -> Probe:
    """A layer's backward pass with random numbers: all of it, or one of its parts."""
    H, W = ((size[n] + 2 * padding - kernel[n]) // stride + 1 for n in (2, 3))
    dy = draw.normal(size[0], kernel[0], H, W)
    args = dy, draw.normal(*size), draw.normal(*kernel), stride, padding
    if not only:
        return Probe(args, parts=PARTS)
    n, on = PARTS.index(only), f"{only}; x {size}, w {kernel}, stride {stride}"
    return experiment(lambda f, *x: f(*x)[n], *args, about=f"{on}, padding {padding}")
