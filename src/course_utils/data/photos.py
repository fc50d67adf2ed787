"""A few photographs to filter."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from skimage import data as skimage_data
from torch import Tensor

SOURCES = {"cat": "chelsea", "coffee": "coffee", "bricks": "brick", "camera": "camera"}


def photos() -> dict[str, Tensor]:
    """Openly licensed photographs that ship with scikit-image.

    Returns:
        name -> (3, H, W) uint8, 0 to 255; grey photographs have three equal channels.
    """
    return {name: _load(source) for name, source in SOURCES.items()}


def _load(source: str) -> Tensor:
    pixels = np.array(getattr(skimage_data, source)())
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()  # (3, H, W)


def grey(photo: Tensor, size: int | None = None) -> Tensor:
    """Brightness of a photo, cut to its middle square and scaled down where ``size`` is given.

    Args:
        photo: (3, H, W) uint8.
        size: side of the result in pixels, or None for the whole picture.

    Returns:
        (1, 1, H, W) or (1, 1, size, size), float64 in 0 to 1.
    """
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)  # ITU-R BT.601
    x = torch.einsum("c,chw->hw", weights, photo.double() / 255)[None, None]
    if size is None:
        return x
    H, W = x.shape[2:]
    side = min(H, W)
    top, left = (H - side) // 2, (W - side) // 2
    square = x[..., top : top + side, left : left + side]
    small = F.interpolate(square, (size, size), mode="bilinear", antialias=True)
    return small.clamp(0, 1)
