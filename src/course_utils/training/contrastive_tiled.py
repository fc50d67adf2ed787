"""CLIP's loss for large batches, in strips that leave no matrix of all pairs in memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from course_utils.reference.clip import unit_pairs


def contrastive_loss_tiled(
    images: Tensor,
    texts: Tensor,
    logit_scale: Tensor | float,
    tile: int | None = None,
    keep: bool | None = None,
) -> Tensor:
    """``contrastive_loss``, value and gradients, in strips of ``tile`` images.

    Faster, too: one product of x and y and one exponential serve rows and columns.

    Args:
        images, texts, logit_scale: as for ``contrastive_loss``; s at most 700. For s on a GPU
            the program waits.
        tile: images of a strip; None: 256 on a CPU, 2048 on a GPU.
        keep: whether the strips wait for the backward pass, N² numbers; else they are computed
            again, a third more products, memory O(tile · N). None: kept up to N = 2048.

    Returns:
        A scalar that can be differentiated once.

    Raises:
        ValueError: as ``contrastive_loss``; s is above 700, or the tile below 1.
    """
    x, y, s = unit_pairs(images, texts, logit_scale)
    tile = (2048 if x.is_cuda else 256) if tile is None else tile
    if tile < 1:
        raise ValueError(f"tile must be 1 or more, not {tile}")
    if (largest := torch.as_tensor(logit_scale).item()) > 700:
        raise ValueError(f"logit_scale must be at most 700 here, not {largest:g}")
    dtype = torch.float64 if largest > 75 else x.dtype  # e^s and sums of it stay finite
    return _Tiled.apply(x, y, s, tile, len(x) <= 2048 if keep is None else keep, dtype)


def _strip(x: Tensor, y: Tensor, s: Tensor) -> Tensor:
    """Logits l_ij = s x_i·y_j of some images with all texts: (tile, N)."""
    with torch.autocast(x.device.type, enabled=False):  # bfloat16 is too coarse for s x·y
        return torch.mm(s * x, y.T)


class _Tiled(torch.autograd.Function):
    """L = mean_i (ln r_i + ln c_i − 2 l_ii) / 2; e = exp l, r_i = Σ_j e_ij, c_j = Σ_i e_ij.

    With w_ij = e_ij (1 / r_i + 1 / c_j), ∂L/∂x_i = s (Σ_j w_ij y_j − 2 y_i) / 2N, and so for y.
    L sees s only beside x: s ∂L/∂s = Σ x · ∂L/∂x.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, s: Tensor, tile: int, keep: bool,
                dtype: torch.dtype) -> Tensor:  # fmt: skip
        rows, own, kept = [], [], []
        columns = torch.zeros_like(x[:, 0], dtype=dtype)
        for i in range(0, len(x), tile):
            logits = _strip(x[i : i + tile], y, s)
            own.append(logits.diagonal(i).to(torch.float64, copy=True))
            e = logits.to(dtype).exp_()
            rows.append(e.sum(1))
            columns += e.sum(0)
            kept += [e] if keep else []
        r = torch.cat(rows)
        ctx.save_for_backward(x, y, s, r, columns, *kept)
        ctx.tile = tile
        logs = (r.double().log() + columns.double().log()) / 2
        return (logs - torch.cat(own)).mean().to(x.dtype)  # differences of large numbers

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():  # by create_graph
            raise RuntimeError(
                "contrastive_loss_tiled is differentiated once; contrastive_loss more often"
            )
        x, y, s, r, columns, *kept = ctx.saved_tensors
        dx, dy = -2 * y, -2 * x
        for n, i in enumerate(range(0, len(x), ctx.tile)):
            rows = slice(i, i + ctx.tile)
            e = kept[n] if kept else _strip(x[rows], y, s).to(r.dtype).exp_()
            w = (1 / r[rows, None] + 1 / columns).mul_(e).to(x.dtype)
            dx[rows].addmm_(w, y)
            dy.addmm_(w.T, x[rows])
        share = gradient / (2 * len(x))
        ds = (x * dx).sum() * share
        return dx.mul_(s * share), dy.mul_(s * share), ds, None, None, None
