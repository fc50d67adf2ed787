"""What a small denoiser learns in the plane, to lay beside the formula (chapter 11)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def spiral(count: int, seed: int = 0) -> Tensor:
    """Points on one and a half turns of a spiral, (count, 2), within -1 to 1.

    Raises:
        ValueError: no point is asked for.
    """
    if count < 1:
        raise ValueError(f"count must be 1 or more, not {count}")
    generator = torch.Generator().manual_seed(seed)
    turn = 3 * math.pi * torch.rand(count, generator=generator).sqrt()  # even along the curve
    return torch.stack([turn.cos(), turn.sin()], 1) * turn[:, None] / (3 * math.pi)


@torch.enable_grad()
def planar_denoiser(
    points: Tensor, sigma: float, seed: int = 0, steps: int = 1000
) -> nn.Module:
    """A network (B, 2) -> (B, 2) that learned to take noise of one strength from the points.

    Its loss is the squared distance to the clean point, as for images.

    Raises:
        ValueError: points of another shape, or sigma not positive.
    """
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"points must be (N, 2), N ≥ 1, not {tuple(points.shape)}")
    if not sigma > 0:
        raise ValueError(f"sigma must be > 0, not {sigma}")
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        layers = [
            nn.Linear(2, 128),
            nn.SiLU(),
            nn.Linear(128, 128),
            nn.SiLU(),
            nn.Linear(128, 2),
        ]
        network = nn.Sequential(*layers).to(points.device)
    weights = torch.optim.Adam(network.parameters(), lr=3e-3)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(weights, steps)
    for _ in range(steps):
        chosen = torch.randint(len(points), (512,), generator=generator)
        noise = torch.randn(512, 2, generator=generator).to(points.device)
        clean = points[chosen]
        weights.zero_grad()
        (network(clean + sigma * noise) - clean).square().sum(1).mean().backward()
        weights.step()
        rates.step()
    return network
