"""Inputs and modules on the device that a test asks for; it need not be there.

``FakeTensorMode`` computes shapes, dtypes and devices, no values, and refuses an operator whose
tensors are on two devices: a tensor that was made on the CPU and left there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

DEVICE = "cuda"  # or "meta", see ``elsewhere``


def x(*shape: int) -> Tensor:
    """An input; with a gradient where one can be computed."""
    return torch.rand(*shape, device=DEVICE, requires_grad=torch.is_grad_enabled())


def labels(n: int, classes: int) -> Tensor:
    return torch.zeros(n, dtype=torch.int64, device=DEVICE)


def yes(n: int) -> Tensor:
    return torch.ones(n, dtype=torch.bool, device=DEVICE)


def on(x: Tensor, make: Callable[[], nn.Module]) -> Any:
    """The value of a module whose weights are on the device."""
    return made(make)(x)


def made(make: Callable[[], nn.Module]) -> Any:
    """A module whose weights are on the device."""
    with torch.device(DEVICE):  # for its making alone: what it makes later must say where
        return make()


def running(n: int) -> tuple[Tensor, Tensor]:
    return torch.zeros(n, device=DEVICE), torch.ones(n, device=DEVICE)


def tensors(value: Any) -> list[Tensor]:
    return [t for t in tree_leaves(value) if isinstance(t, Tensor)]
