"""Rotation as a task without labels: by how much was this image turned?

Source: S. Gidaris, P. Singh and N. Komodakis, "Unsupervised representation learning by
predicting image rotations", ICLR 2018. All four copies of a image are in one batch, as in the
paper's trainings, and the loss is the cross entropy of four classes (equations 2 and 3).
"""

from __future__ import annotations

import torch
from torch import Tensor


def rotations(x: Tensor) -> tuple[Tensor, Tensor]:
    """Each image turned by 0, 90, 180 and 270 degrees counterclockwise.

    First all images as they are, then all turned once, and so on: row r·B + i is image i
    turned r times by 90 degrees, and ``unflatten(0, (4, -1))`` has the turn as its first axis.

    Args:
        x: (B, C, H, W) with H = W, any dtype.

    Returns:
        (4B, C, H, W), and r for each of them, (4B,) int64 from 0 to 3.

    Raises:
        ValueError: the images are not (B, C, H, W), or not square: turned by 90 degrees
            they would have another shape, and it would give the answer away.
    """
    if x.ndim != 4 or x.shape[2] != x.shape[3]:
        raise ValueError(f"square images (B, C, H, H) are turned, not {tuple(x.shape)}")
    turned = torch.cat([x.rot90(r, (2, 3)) for r in range(4)])
    return turned, torch.arange(4, device=x.device).repeat_interleave(len(x))
