"""Images, and what a variational autoencoder says of them."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.core import Draw

Four = tuple[Tensor, Tensor, Tensor, Tensor]


def encoded(draw: Draw, b: int, d: int, z: int) -> Four:
    """Pixels (b, d), black, white and grey, logits (b, d), means and log variances (b, z)."""
    x = draw.uniform(b, d)
    x = torch.where(draw.uniform(b, d) < 0.4, x.round(), x)
    return x, 2 * draw.normal(b, d), draw.normal(b, z) + 0.3, draw.normal(b, z) - 0.5


def without_code(draw: Draw, b: int, d: int) -> Four:
    """The code says nothing: its divergence is 0."""
    x, logits, mean, log_variance = encoded(draw, b, d, 2)
    return x, logits, 0 * mean, 0 * log_variance


def without_pixels(draw: Draw, b: int, z: int) -> Four:
    """One pixel, as good as certain: the log likelihood is next to 0."""
    x, _, mean, log_variance = encoded(draw, b, 1, z)
    return x.round(), 60 * x.round() - 30, mean, log_variance
