"""Arrays and images as several widgets take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

LARGEST = 64  # pixels along a side of an image


def array_of(values: ArrayLike) -> np.ndarray:
    """Any array or tensor, also one on another device or with a gradient."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = values.double() if values.is_floating_point() else values
    return np.asarray(values)


def pictures_of(images: ArrayLike, count: int) -> np.ndarray:
    """(count, C, h, w) uint8 with C 1 or 3.

    Raises:
        ValueError: another shape, number, size or dtype.
    """
    pixels = array_of(images)
    if pixels.ndim != 4 or len(pixels) != count or pixels.shape[1] not in (1, 3):
        raise ValueError(
            f"images ({count}, 3, h, w) or ({count}, 1, h, w) are needed, not {pixels.shape}"
        )
    if pixels.dtype != np.uint8:
        raise ValueError(f"images have dtype {pixels.dtype}: uint8, 0 to 255, is needed")
    height, width = pixels.shape[2:]
    if not 1 <= min(height, width) <= max(height, width) <= LARGEST:
        raise ValueError(
            f"images have {height} × {width} pixels: 1 to {LARGEST} a side are needed"
        )
    return pixels


def fits_float32(values: np.ndarray) -> bool:
    """Whether all are finite numbers of float32."""
    return bool((np.abs(values) <= np.finfo(np.float32).max).all())  # false for NaN, too
