"""How large signals and gradients are at each depth of a random stack.

Sources: He et al., "Delving deep into rectifiers", ICCV 2015, section 2.2, for the gain; He,
Zhang, Ren and Sun, "Identity mappings in deep residual networks", ECCV 2016, for the order of a
block, relu before the weights; Yang et al., "A mean field theory of batch normalization", ICLR
2019, for what batch norm does to gradients.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Stack(NamedTuple):
    """What a random stack of L layers begins with."""

    x: Tensor  # (B, D), normal
    y: Tensor  # (B,), labels among D
    draws: Tensor  # (L, D, D), normal with variance 1: weights before their gain


class Sizes(NamedTuple):
    """Of each h_l from h_0 = x to h_L, and of each layer's weights."""

    signal: Tensor  # (L + 1,), root of the mean square of h_l
    gradient: Tensor  # (L + 1,), ‖∂L/∂h_l‖
    weights: Tensor  # (L,), ‖∂L/∂W_l‖


def random_stack(depth: int, width: int = 64, batch: int = 32, seed: int = 0) -> Stack:
    """Inputs, labels and weights of float64, the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64)

    labels = torch.randint(width, (batch,), generator=generator)
    return Stack(normal(batch, width), labels, normal(depth, width, width))


def sizes(
    stack: Stack, gain: float = 2.0, *, norm: bool = False, shortcut: bool = False
) -> Sizes:
    """h ← norm(W relu(h)), with a shortcut h ← h + norm(W relu(h)); W has variance gain / D.

    The last h are the logits of the mean cross entropy L. The norm is batch norm without γ
    and β, over the B rows.
    """
    weights = stack.draws * (gain / stack.x.shape[1]) ** 0.5
    layers = [w.requires_grad_() for w in weights.unbind()]
    h = stack.x.detach().requires_grad_()
    signals = [h]
    for w in layers:
        change = h.relu() @ w.T
        if norm:
            change = F.batch_norm(change, None, None, training=True)
        h = h + change if shortcut else change
        signals.append(h)
    gradients = torch.autograd.grad(F.cross_entropy(h, stack.y), signals + layers)
    lengths = torch.stack([g.norm() for g in gradients])
    spread = torch.stack([h.detach().square().mean().sqrt() for h in signals])
    return Sizes(spread, lengths[: len(signals)], lengths[len(signals) :])
