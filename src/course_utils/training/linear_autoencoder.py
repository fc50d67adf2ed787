"""A linear autoencoder that follows the gradient, to lay beside PCA (chapter 11)."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.enable_grad()
def linear_autoencoder(
    x: Tensor, k: int, seed: int = 0, steps: int = 1000
) -> tuple[Tensor, Tensor]:
    """E (k, D) and D (D, k), from random starts, that make ‖x − D E x‖² small over all rows.

    The error depends on the images through their covariance C alone,
    tr C − 2 tr(E C D) + tr(DᵀD · E C Eᵀ), so that a step costs the same for any number of them.

    Args:
        x: (N, D), centred.
        k: numbers in a code, 1 to D.

    Raises:
        ValueError: x is no (N, D), is not centred, or k is out of range.
    """
    if x.ndim != 2 or len(x) == 0 or not x.is_floating_point():
        raise ValueError(f"x must be (N, D) of floating point numbers, not {tuple(x.shape)}")
    if not 1 <= k <= x.shape[1]:
        raise ValueError(f"k must be from 1 to D = {x.shape[1]}, not {k}")
    if x.mean(0).abs().max() > 1e-3 * x.abs().max():
        raise ValueError("x must be centred: subtract its mean, x - x.mean(0)")
    c = x.T @ x / len(x)
    generator = torch.Generator().manual_seed(seed)
    e, d = (
        (torch.randn(shape, generator=generator) / x.shape[1] ** 0.5).to(x).requires_grad_()
        for shape in ((k, x.shape[1]), (x.shape[1], k))
    )
    weights = torch.optim.Adam([e, d], lr=1e-2)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(weights, steps)
    for _ in range(steps):
        weights.zero_grad()
        ec = e @ c
        (((d.T @ d) * (ec @ e.T)).sum() - 2 * (ec * d.T).sum()).backward()
        weights.step()
        rates.step()
    return e.detach(), d.detach()
