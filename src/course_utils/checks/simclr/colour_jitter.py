"""Exercise 10.2, colour jitter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given
from course_utils.checks.simclr.rows import keeps_digits
from course_utils.checks.watch import Ban


def weighed(x: Tensor) -> Tensor:
    """Grey, (B, 3, H, W) -> (B, 1, H, W)."""
    return (x * x.new_tensor([0.2989, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)


def jittered(
    x: Tensor,
    brightness: Tensor,
    contrast: Tensor,
    saturation: Tensor,
    *,
    grey: Callable = weighed,
    middle: Callable = lambda x, grey: grey.mean((2, 3), keepdim=True),
    pale: Callable = lambda grey: grey,
    blend: Callable = lambda x, other, factor: factor * x + (1 - factor) * other,
    cut: Callable = lambda x, last: x.clamp(0, 1),
    order: str = "bcs",
) -> Tensor:
    """Brightness, contrast, saturation of (B, 3, H, W), clamped after each."""
    b, c, s = (factor[:, None, None, None] for factor in (brightness, contrast, saturation))
    steps: dict[str, Callable] = {
        "b": lambda x: b * x,
        "c": lambda x: blend(x, middle(x, grey(x)), c),
        "s": lambda x: blend(x, pale(grey(x)), s),
    }
    for step in order:
        x = cut(steps[step](x), step == order[-1])
    return x


BY_HAND = Ban("write the three steps yourself", modules=("torchvision", "PIL"))
# The tolerance: many people weigh red 0.299.
colour_jitter = Exercise("10.2", "colour_jitter", 6, 1, (BY_HAND,), right=jittered, rtol=3e-3)


def factors(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@colour_jitter.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    x = draw.uniform(3, 3, 4, 5)
    yield x, factors(1.7, 0.6, 1.4), factors(1.8, 2.2, 0.6), factors(1.9, 0.5, 2.5)
    x = 0.3 + 0.3 * draw.uniform(2, 3, 5, 3)
    yield x, factors(0.9, 0.7), factors(1.3, 0.7), factors(0.8, 1.4)
    yield draw.uniform(1, 3, 2, 6), factors(1.6), factors(2.0), factors(2.5)
    b, c, s = factors(1.5, 1.0, 0.0, 1.3), factors(2.0, 0.0, 1.5, 2.1), factors(0, 2, 1, 1.8)
    yield given(saturation=s, contrast=c, brightness=b, x=draw.uniform(4, 3, 3, 2))


def tame(draw: Draw) -> Tensor:
    """Images without black and white: with factors near 1 nothing has to be clamped."""
    return 0.3 + 0.3 * draw.uniform(3, 3, 4, 3)


ONE, SOME = factors(1, 1, 1), factors(0.6, 1.4, 1.2)


@colour_jitter.aspect(
    "brightness and contrast, about the mean grey of each image",
    1,
    {
        "about 0.5: m is the mean of the image's grey": {"middle": lambda x, grey: 0.5},
        "about the mean of each channel: m is one number, the mean of the image's grey": {
            "middle": lambda x, grey: x.mean((2, 3), keepdim=True)
        },
        "about the mean of the whole batch: each image has its own": {
            "middle": lambda x, grey: grey.mean()
        },
        "about the mean of all numbers of an image: m is the mean of its grey": {
            "middle": lambda x, grey: x.mean((1, 2, 3), keepdim=True)
        },
        "about the grey of each pixel: m is one number, the mean of the image's grey": {
            "middle": lambda x, grey: grey
        },
        "blended the wrong way round: factor · x + (1 − factor) · grey": {
            "blend": lambda x, other, factor: (1 - factor) * x + factor * other
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield tame(draw), SOME, ONE, ONE
    yield tame(draw), ONE, SOME, ONE


@colour_jitter.aspect(
    "saturation: away from the grey of each pixel",
    0.5,
    {
        "blended with the image's mean grey: each pixel has its own grey": {
            "pale": lambda grey: grey.mean((2, 3), keepdim=True)
        },
        "grey is the plain mean of the channels: weigh them 0.2989, 0.587, 0.114": {
            "grey": lambda x: x.mean(1, keepdim=True)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield tame(draw), ONE, ONE, SOME
    yield tame(draw), ONE, ONE, 0 * ONE


@colour_jitter.aspect(
    "in this order, clamped after each step",
    0.5,
    {
        "clamped at the end alone: each step's result is cut to 0 to 1": {
            "cut": lambda x, last: x.clamp(0, 1) if last else x
        },
        "nothing is clamped: each step's result is cut to 0 to 1": {"cut": lambda x, last: x},
        "saturation comes before contrast": {"order": "bsc"},
        "contrast comes before brightness": {"order": "cbs"},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for b, c, s in ((1.9, 1.5, 1.0), (0.6, 2.2, 0.5), (0.8, 3.0, 3.0), (1.7, 1.8, 1.9)):
        yield draw.uniform(3, 3, 3, 4), b * ONE, c * ONE, s * ONE


colour_jitter.keeps(points=0.25)
keeps_digits(colour_jitter, 0.25, lambda draw: (tame(draw), SOME, SOME, SOME))
