"""The moving average of a network's weights, which draws better than the weights themselves."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def follow(mean: nn.Module, network: nn.Module, decay: float, steps: int) -> None:
    """w̄ ← d w̄ + (1 − d) w with statistics of norms alike, after so many steps.

    d is ``decay`` or, for the first steps, (1 + steps) / (10 + steps): untrained weights are
    soon forgotten.
    """
    now = min(decay, (1 + steps) / (10 + steps))
    mine, theirs = mean.state_dict(), network.state_dict()  # which share memory with them
    floats = [name for name, tensor in mine.items() if tensor.is_floating_point()]
    torch._foreach_lerp_([mine[n] for n in floats], [theirs[n] for n in floats], 1 - now)
    for name in mine.keys() - set(floats):  # how many batches a norm has seen
        mine[name].copy_(theirs[name])
