"""Gradients of a module beside those of another."""

import torch
from torch import nn


def same_gradients(ours: nn.Module, theirs: nn.Module) -> None:
    other = dict(theirs.named_parameters())
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(
            weight.grad, other[name].grad, msg=lambda m, n=name: f"{n}: {m}"
        )
