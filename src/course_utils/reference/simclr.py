"""SimCLR: two views of each image agree, views of different images do not.

Source: T. Chen, S. Kornblith, M. Norouzi and G. Hinton, "A simple framework for contrastive
learning of visual representations", ICML 2020: algorithm 1, equation 1 and section 2.1.

Symbols: N images, two views of each; a and b (N, D) hold their embeddings, row k of both from
image k. Algorithm 1 numbers the views so that 2k − 1 and 2k are partners (``interleave``);
here a lies before b, and row k has row k + N as its partner (``concatenated``). The loss is the
same for any order.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn


def interleave(a: Tensor, b: Tensor) -> Tensor:
    """Algorithm 1's order, partners in rows 2k and 2k + 1 from 0: (N, …) twice -> (2N, …)."""
    return torch.stack([a, b], 1).flatten(0, 1)


def concatenated(a: Tensor, b: Tensor) -> Tensor:
    """First all of a, then all of b, partners N rows apart: (N, …) twice -> (2N, …)."""
    return torch.cat([a, b])


def nt_xent(a: Tensor, b: Tensor, temperature: float = 0.5) -> Tensor:
    """The normalised temperature-scaled cross entropy, as it is written (equation 1).

    Every one of the 2N views is to tell its partner from the 2N − 2 views of other images, by
    cosine similarity over ``temperature``; the mean over all views, in nats.

    Args:
        a, b: (N, D) each, any length of the rows; halves are computed in float32.
        temperature: τ > 0.

    Returns:
        A scalar. It holds matrices of (2N)² numbers; ``nt_xent_tiled`` does not.

    Raises:
        ValueError: a and b are not of one shape (N, D), there is no pair, or τ is not positive.
    """
    z = _unit(a, b, temperature)  # (2N, D)
    logits = z @ z.T / temperature
    logits.fill_diagonal_(float("-inf"))  # no view is compared with itself
    partner = torch.arange(len(z), device=z.device).roll(len(a))
    return F.cross_entropy(logits, partner)


def _unit(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """All views, each of length 1: (2N, D), float32 or float64."""
    if a.shape != b.shape or a.ndim != 2 or not len(a):
        shapes = f"{tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(f"two views of N > 0 images are (N, D) each, not {shapes}")
    if not temperature > 0:
        raise ValueError(f"a temperature is positive, not {temperature}")
    z = concatenated(a, b)
    return F.normalize(z if z.dtype == torch.float64 else z.float(), dim=1)


def nt_xent_tiled(
    a: Tensor, b: Tensor, temperature: float = 0.5, tile: int | None = None
) -> Tensor:
    """``nt_xent``, value and gradient, in strips of ``tile`` rows: memory O(tile · N).

    Faster, too: the matrix of similarities is symmetric, so that half of it is enough.

    Args:
        a, b, temperature: as for ``nt_xent``; temperature at least 1/700.
        tile: rows of a strip; None: 256, which fit into the cache of a CPU, 2048 on a GPU.

    Returns:
        A scalar that can be differentiated once.

    Raises:
        ValueError: as ``nt_xent``; the temperature is below 1/700, or the tile below 1.
    """
    z = _unit(a, b, temperature)
    tile = (2048 if z.is_cuda else 256) if tile is None else tile
    if temperature < 1 / 700:
        raise ValueError(f"exp(1 / {temperature}) is too large for float64; use nt_xent")
    if tile < 1:
        raise ValueError(f"a strip has one row or more, not {tile}")
    return _Tiled.apply(z, temperature, tile)


def _strip(scaled: Tensor, z: Tensor, first: int, tile: int, dtype: torch.dtype) -> Tensor:
    """e_ij = exp(z_i·z_j / τ), e_ii = 0: (tile, 2N − first), rows and columns from ``first``.

    What lies left of it is in earlier strips, transposed.
    """
    with torch.autocast(z.device.type, enabled=False):  # bfloat16 is too coarse for s / τ
        e = torch.mm(scaled[first : first + tile], z[first:].T).to(dtype).exp_()
    e.diagonal().zero_()
    return e


class _Tiled(torch.autograd.Function):
    """L = mean_i (log d_i − z_i·z_p(i) / τ) with d_i = Σ_j≠i e_ij, p(i) the partner of i.

    The logits lie in ±1/τ, so that no maximum need be subtracted: from τ = 1/75 on neither e
    nor a sum of thousands leaves float32's normal numbers; below it the strips are float64.

    ∂L/∂z_i = (Σ_j e_ij (1/d_i + 1/d_j) z_j − 2 z_p(i)) / (2N τ): view i is in the sum of row i
    and in those of all rows j, and it is the partner of its partner.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, temperature: float, tile: int) -> Tensor:
        dtype = torch.float64 if temperature < 1 / 75 else z.dtype
        scaled, d = z / temperature, torch.zeros(len(z), dtype=dtype, device=z.device)
        for i in range(0, len(z), tile):
            e = _strip(scaled, z, i, tile, dtype)
            d[i : i + tile] += e.sum(1)
            d[i + tile :] += e[:, tile:].sum(0)  # the strip serves the rows below as well
        partner = z.roll(len(z) // 2, 0)
        ctx.save_for_backward(z, d)
        ctx.temperature, ctx.tile = temperature, tile
        return (d.log() - (scaled * partner).sum(1)).mean().to(z.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        if torch.is_grad_enabled():  # by create_graph
            raise RuntimeError(
                "nt_xent_tiled is differentiated once; nt_xent as often as wanted"
            )
        z, d = ctx.saved_tensors
        tile, scaled, inverse = ctx.tile, z / ctx.temperature, 1 / d
        dz = z.roll(len(z) // 2, 0).mul_(-2)
        for i in range(0, len(z), tile):
            rows, below = slice(i, i + tile), slice(i + tile, None)
            e = _strip(scaled, z, i, tile, d.dtype)
            weights = e.mul_(inverse[rows, None] + inverse[i:]).to(z.dtype)
            dz[rows].addmm_(weights, z[i:])
            dz[below].addmm_(weights[:, tile:].T, z[rows])
        return dz * (gradient / (len(z) * ctx.temperature)), None, None


def nt_xent_gathered(a: Tensor, b: Tensor, temperature: float = 0.5) -> Tensor:
    """The loss of all processes' views together, each process bringing its own.

    Every process gets the same value. Its gradient is the process's part of that of the whole
    batch, times the number of processes, because DistributedDataParallel takes their mean: the
    weights then move as if one process had had all images. Norms over the batch still see
    the images of their own process alone.

    Args:
        a, b: (n, D) each, a process's views; n may differ between processes.
        temperature: as for ``nt_xent_tiled``.

    Raises:
        ValueError: as ``nt_xent_tiled``.
    """
    _unit(a.detach(), b.detach(), temperature)  # says what is wrong before it is sent around
    if dist.is_initialized() and dist.get_world_size() > 1:
        a, b = _Gathered.apply(torch.cat([a, b], 1)).chunk(2, 1)
    return nt_xent_tiled(a, b, temperature)


class _Gathered(torch.autograd.Function):
    """The rows of all processes, in their order: (n, D) -> (N, D)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        world, rank = dist.get_world_size(), dist.get_rank()
        counts = [torch.zeros(1, dtype=torch.long, device=x.device) for _ in range(world)]
        dist.all_gather(counts, torch.full_like(counts[0], len(x)))
        sizes = [int(n) for n in counts]
        padded = F.pad(x, (0, 0, 0, max(sizes) - len(x)))  # all_gather wants equal shapes
        parts = [torch.empty_like(padded) for _ in range(world)]
        dist.all_gather(parts, padded)
        first = sum(sizes[:rank])
        ctx.rows, ctx.world = slice(first, first + len(x)), world
        return torch.cat([part[:n] for part, n in zip(parts, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # All processes hold the whole loss and so the whole gradient: nothing is sent back.
        return gradient[ctx.rows] * ctx.world


class Projection(nn.Module):
    """g(h) = W₂ relu(W₁ h), one hidden layer as wide as h (section 2.1), here with biases."""

    def __init__(self, dim: int, projected: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, projected))

    def forward(self, h: Tensor) -> Tensor:
        """(B, dim) -> (B, projected)."""
        return self.layers(h)


class SimCLR(nn.Module):
    """An encoder f and the head g that is thrown away after training.

    Args:
        encoder: (B, C, H, W) -> (B, dim).
        dim: length of its features h, on which probes and later tasks stand (section 4.2).
        projected: length of z, for the loss alone.
    """

    def __init__(self, encoder: nn.Module, dim: int, projected: int = 128) -> None:
        super().__init__()
        self.encoder, self.head = encoder, Projection(dim, projected)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, H, W) -> h (B, dim), z (B, projected)."""
        h = self.encoder(x)
        return h, self.head(h)
