"""What the exercises on a layer have in common, here and in chapter 3."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import exchange


def framed(x: Tensor, p: int) -> Tensor:
    """Zeros on all four sides."""
    return F.pad(x, (p, p, p, p))


def unoriented(w: Tensor) -> Tensor:
    """Kernels that look the same flipped: which way they run is judged by another property."""
    return w + w.flip(-1) + w.flip(-2) + w.flip(-1, -2)


def mixed(w: Tensor) -> Tensor:
    """The kernels with their numbers in another order: reshaped, not transposed."""
    return w.reshape(-1, len(w)).T.reshape(w.shape)


def strided(draw: Draw) -> Iterator[tuple]:
    """Layers with stride, with padding and with both."""
    for stride, padding in ((2, 0), (1, 2), (2, 1), (3, 1)):
        yield (
            draw.normal(2, 2, 8, 9),
            unoriented(draw.normal(3, 2, 3, 3)),
            None,
            stride,
            padding,
        )


FLIPPED = exchange(
    "kernel",
    {
        "the kernel is flipped: this is true convolution; a layer computes cross-correlation": (
            lambda w: w.flip(-1, -2)
        )
    },
)
NO_PADDING = exchange("pads", {"the padding is ignored": lambda x, p: x})
NO_BIAS = exchange("adds", {"the bias is ignored": lambda y, bias: y})


def any_channels(**change: Callable) -> dict[str, dict]:
    """The slip of a layer that lets kernels for other channels pass."""
    return {
        "kernels for another number of channels should raise a ValueError: broadcasting hides "
        "the mistake": change
    }
