"""Pictures cut to what is drawn in them, and the floor: the nearest of the known pixels.

Styles of emoji differ in the margin that they leave: 32 of 32 pixels are drawn in one, 25 in
another. What compares pictures of several styles should not have to guess the margin.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

FILL = 0.88  # of the new side that the longer side of the drawing takes
OPAQUE = 40  # of 255: what is fainter, such as a shadow's edge, does not count as drawn


def boxed(rgba: Tensor, size: int | None = None, fill: float = FILL) -> Tensor:
    """Each drawing in the middle, its longer side ``fill`` of the picture's.

    Args:
        rgba: (N, 4, S, S) uint8, colours weighted by the opacity, as ``Emoji.rgba`` has them.
        size: of the new pictures, S or a part of it such as S / 2; None: S. A larger S gives
            sharper pictures.
        fill: above 0, at most 1.

    Returns:
        (N, 4, size, size) uint8; ``emoji.on_ground`` puts them on white.

    Raises:
        ValueError: other shapes or types, a picture in which nothing is drawn, or a ``size``
            or ``fill`` that cannot be.
    """
    side = rgba.shape[-1]
    size = side if size is None else size
    if rgba.ndim != 4 or rgba.shape[1:3] != (4, side) or rgba.dtype != torch.uint8:
        raise ValueError(f"rgba must be (N, 4, S, S) uint8, not {rgba.dtype} {(*rgba.shape,)}")
    if size < 1 or side % size:
        raise ValueError(f"size must be {side} or a whole part of it, not {size}")
    if not 0 < fill <= 1:
        raise ValueError(f"fill must be above 0 and at most 1, not {fill}")
    empty = (rgba[:, 3] <= OPAQUE).flatten(1).all(1)
    if empty.any():
        raise ValueError(f"rgba[{int(empty.int().argmax())}] shows nothing: leave it out")
    parts = []
    for part in rgba.split(256):  # a few at a time: float copies are large
        grid = F.affine_grid(_window(part, fill), list(part.shape), align_corners=False)
        cut = F.grid_sample(part.float(), grid, align_corners=False)
        parts.append(F.avg_pool2d(cut, side // size).round().byte())
    return torch.cat(parts) if parts else rgba[:, :, :size, :size]


def _window(rgba: Tensor, fill: float) -> Tensor:
    """The square around each drawing as ``affine_grid`` has it, (N, 2, 3)."""
    drawn, side = rgba[:, 3] > OPAQUE, rgba.shape[-1]
    middles, lengths = [], []
    for along in (2, 1):  # over the columns, then over the rows
        there = drawn.any(3 - along).int()  # (N, S)
        first = there.argmax(1)
        last = side - there.flip(1).argmax(1)  # the first place after the drawing
        middles.append((first + last) / side - 1)
        lengths.append(last - first)
    half = torch.maximum(*lengths) / (side * fill)
    zero = torch.zeros_like(half)
    rows = [half, zero, middles[0], zero, half, middles[1]]
    return torch.stack(rows, 1).unflatten(1, (2, 3))


def pixel_similarity(
    known: Tensor, labels: Tensor, pictures: Tensor, candidates: Tensor
) -> Tensor:
    """How near the nearest known picture of each candidate is, pixel by pixel.

    What needs no training at all: a network should be better than this floor.

    Args:
        known: (N, C, H, W), and ``labels`` (N,) what they show.
        pictures: (Q, C, H, W), of the same kind (0 to 1, or 0 to 255).
        candidates: (K,) labels, each of at least one known picture.

    Returns:
        (Q, K) float32: minus the root mean square difference of the pixels.

    Raises:
        ValueError: the shapes do not fit, or nobody has drawn a candidate.
    """
    if known.shape[1:] != pictures.shape[1:] or labels.shape != known.shape[:1]:
        shapes = f"{tuple(known.shape)}, {tuple(labels.shape)}, {tuple(pictures.shape)}"
        raise ValueError(f"known, labels, pictures must be (N, …), (N,), (Q, …), not {shapes}")
    of = labels == candidates[:, None]  # (K, N)
    if not of.any(1).all():
        lacking = int(candidates[~of.any(1)][0])
        raise ValueError(f"candidates must be among the labels, and {lacking} is not")
    rows, place = torch.where(of.T)  # which known picture, and of which candidate
    x = known[rows].flatten(1).float()
    length = x.square().sum(1)
    parts = []
    for part in pictures.split(256):
        y = part.flatten(1).float()
        square = torch.addmm(length, y, x.T, alpha=-2)  # without the picture's own length
        square += y.square().sum(1, keepdim=True)
        best = square.new_full((len(y), len(candidates)), torch.inf)
        best.scatter_reduce_(1, place.expand_as(square), square, "amin")
        parts.append(-(best.clamp(min=0) / x.shape[1]).sqrt())
    return torch.cat(parts)
