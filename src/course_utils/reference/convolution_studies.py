"""Experiments of chapter 2: each gives the numbers of one figure or cell."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.reference.convolution import KERNELS


def response(b: Tensor, period: float) -> float:
    """The share of a wave's height that the filter ``b`` (K,) keeps; its period in samples."""
    angles = 2 * math.pi * torch.arange(len(b), dtype=torch.float64) / period
    return math.hypot((b * angles.cos()).sum().item(), (b * angles.sin()).sum().item())


def learned(
    x: Tensor, kernel: str, start: Tensor, *, flip: bool = False, steps: int = 300
) -> tuple[Tensor, list[float]]:
    """A kernel that follows the gradient until it does to ``x`` what ``KERNELS[kernel]`` does.

    Args:
        x: (B, 1, H, W).
        start: (3, 3), where it begins; with ``flip`` it begins flipped.
        flip: whether the layer is a true convolution, which flips its kernel.

    Returns:
        The kernel (3, 3), and the loss before each step.
    """
    target = F.conv2d(x, KERNELS[kernel].to(x)[None, None])
    w = (start.flip(0, 1) if flip else start).to(x).clone().requires_grad_()
    optimiser, losses = torch.optim.Adam([w], lr=0.1), []
    for _ in range(steps):
        applied = w.flip(0, 1) if flip else w
        loss = (F.conv2d(x, applied[None, None]) - target).square().mean()
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return w.detach(), losses
