"""Which of the places where real samples lie a generator reaches: mode collapse, counted."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def nearby(samples: Tensor, centres: Tensor, radius: float) -> Tensor:
    """How many samples have each centre as their nearest, at most ``radius`` away: (K,) int64.

    Args:
        samples: (N, D).
        centres: (K, D).
        radius: above 0.

    Raises:
        ValueError: the shapes do not fit, there is no centre, or the radius is not positive.
    """
    fit = samples.ndim == centres.ndim == 2 and samples.shape[1] == centres.shape[1]
    if not fit or not len(centres):
        shapes = f"{tuple(samples.shape)} and {tuple(centres.shape)}"
        raise ValueError(f"samples (N, D) and centres (K, D), K > 0, do not fit: {shapes}")
    if not radius > 0:
        raise ValueError(f"radius must be positive, not {radius}")
    distances = (samples[:, None] - centres).norm(dim=-1)  # (N, K)
    which = F.one_hot(distances.argmin(1), len(centres))
    return (which * (distances <= radius)).sum(0)


def modes(samples: Tensor, centres: Tensor, radius: float, least: int) -> Tensor:
    """How many of the K centres are covered: have ``least`` samples or more ``nearby``.

    Returns:
        A scalar, int64.

    Raises:
        ValueError: as ``nearby``, or ``least`` is below 1.
    """
    if least < 1:
        raise ValueError(f"least must be 1 or more, not {least}")
    return (nearby(samples, centres, radius) >= least).sum()
