"""Sets of features, their covariances, and roots of those."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.core import Draw


def covariance(x: Tensor) -> Tensor:
    away = x - x.mean(0)
    return away.T @ away / (len(x) - 1)


def root(c: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(c)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def trace_of_root(c: Tensor, other: Tensor) -> Tensor:
    """Tr (C C')^½: the roots of the product's eigenvalues, which are real and 0 or more."""
    both = c @ other
    if not both.isfinite().all():  # of a slip: LAPACK may crash
        return both.sum()
    return torch.linalg.eigvals(both).real.clamp(min=0).sqrt().sum()


def features(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d), correlated, of means and spreads of their own."""
    mixes = (0.5 + draw.uniform(d)).diag() + 0.5 * draw.normal(d, d) / d**0.5
    return draw.normal(n, d) @ mixes + draw.normal(d)


def centred(draw: Draw, n: int, d: int) -> Tensor:
    x = features(draw, n, d)
    return x - x.mean(0)
