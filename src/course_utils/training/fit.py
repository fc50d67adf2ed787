"""The fit loop: one cycle of the learning rate, mixed precision on a GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR

from course_utils.data import Batches


@dataclass(frozen=True)
class Epoch:
    """What one pass over the data gave."""

    number: int
    loss: float
    accuracy: float


def device() -> torch.device:
    """A GPU where there is one: CUDA, then Apple's, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def fit(
    model: nn.Module,
    batches: Batches,
    epochs: int,
    *,
    lr: float = 3e-3,
    weight_decay: float = 1e-2,
    label_smoothing: float = 0.0,
    watch: Callable[[Epoch], None] = lambda _: None,
) -> list[Epoch]:
    """Train a classifier in place with AdamW; loss and accuracy of each epoch.

    The learning rate rises to ``lr`` and falls again once over the whole training (Smith and
    Topin, "Super-convergence", 2018). On CUDA the forward pass runs in bfloat16.

    Args:
        batches: (B, C, H, W) pictures with (B,) labels, on the device of ``model``.
        watch: is told each epoch.
    """
    optimiser = torch.optim.AdamW(model.parameters(), lr, weight_decay=weight_decay)
    schedule = OneCycleLR(optimiser, lr, total_steps=epochs * len(batches))
    mixed = next(model.parameters()).is_cuda
    history = []
    for number in range(1, epochs + 1):
        model.train()
        losses, right, seen = [], torch.tensor(0), 0
        for x, y in batches:
            with torch.autocast("cuda", torch.bfloat16, enabled=mixed):
                logits = model(x)
            loss = cross_entropy(logits.float(), y, label_smoothing=label_smoothing)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())  # no .item(): the GPU need not wait
            right = right.to(y.device) + (logits.argmax(1) == y).sum()
            seen += len(y)
        history.append(Epoch(number, torch.stack(losses).mean().item(), right.item() / seen))
        watch(history[-1])
    return history


@torch.no_grad()
def accuracy(model: nn.Module, batches: Batches) -> float:
    """The share of right answers in evaluation mode, 0 to 1."""
    model.eval()
    right = [(model(x).argmax(1) == y).sum() for x, y in batches]
    return torch.stack(right).sum().item() / len(batches.labels)


def shifted(most: int, seed: int = 0) -> Callable[[Tensor], Tensor]:
    """An augmentation: each picture moved by up to ``most`` pixels, black comes in.

    (B, C, H, W) -> (B, C, H, W), one gather for the whole batch.
    """
    generator = torch.Generator().manual_seed(seed)

    def move(x: Tensor) -> Tensor:
        b, _, h, w = x.shape
        padded = nn.functional.pad(x, (most,) * 4)
        by = torch.randint(0, 2 * most + 1, (2, b), generator=generator).to(x.device)
        rows = by[0, :, None] + torch.arange(h, device=x.device)  # (B, H)
        columns = by[1, :, None] + torch.arange(w, device=x.device)  # (B, W)
        index = torch.arange(b, device=x.device)[:, None, None]
        # (B, H, W, C): advanced indices around a slice come first
        return padded[index, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)

    return move
