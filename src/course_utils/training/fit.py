"""The fit loop: it learns, says how, and goes on where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from course_utils.data import Batches
from course_utils.training import distributed, optimise
from course_utils.training import resume as state
from course_utils.training.augment import shifted

__all__ = ["Epoch", "accuracy", "classify", "device", "fit", "shifted"]

# (model, x, y) -> the mean loss of a batch, and how many of its questions were answered right.
Objective = Callable[[nn.Module, Tensor, Tensor], tuple[Tensor, Tensor]]


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


def classify(
    model: nn.Module, x: Tensor, y: Tensor, label_smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Cross entropy of the logits model(x) (B, K) with the labels y (B,)."""
    logits = model(x)
    loss = cross_entropy(logits.float(), y, label_smoothing=label_smoothing)
    return loss, (logits.argmax(1) == y).sum()


def fit(
    model: nn.Module,
    batches: Batches,
    epochs: int,
    *,
    lr: float = 3e-3,
    weight_decay: float = 1e-2,
    label_smoothing: float = 0.0,
    objective: Objective | None = None,
    optimiser: str = "adamw",
    schedule: str = "one-cycle",
    max_norm: float | None = None,
    ema: AveragedModel | None = None,
    bfloat16: bool | None = None,
    compile: bool = False,
    resume: Path | None = None,
    watch: Callable[[Epoch], None] = lambda _: None,
) -> list[Epoch]:
    """Train a model in place, a classifier by default; loss and accuracy of each epoch.

    Pictures lie channels last, which is faster on GPUs and CPUs alike. Started by torchrun,
    it shares every batch with the other processes (``training.distributed``).

    Args:
        batches: (B, C, H, W) pictures with (B,) labels, on the device of ``model``.
        lr: the highest learning rate.
        objective: what to learn in place of ``classify``; of the options of this kind,
            ``label_smoothing`` belongs to that one. A count of right answers of the batch's
            length makes ``Epoch.accuracy`` a share.
        optimiser: ``adamw``, or ``sgd`` with Nesterov's momentum.
        schedule: ``one-cycle`` or ``cosine``, over the whole training.
        max_norm: the gradient of all weights together is cut to this length.
        ema: from ``averaged(model)``; follows the weights.
        bfloat16: the forward pass in mixed precision; None: on CUDA. A CPU of today halves
            the time by it, an older one is slowed down.
        compile: for long trainings: compiling takes a minute.
        resume: a file that holds the state after each epoch. Where it exists already the
            training goes on from it, to the same weights as without the interruption;
            of the augmentations, those in ``training.augment`` alone are stored.
        watch: is told each epoch, those before an interruption too.
    """
    device = next(model.parameters()).device
    bfloat16 = device.type == "cuda" if bfloat16 is None else bfloat16
    settings: dict[str, Any] = {
        "epochs": epochs, "batches": len(batches), "lr": lr, "weight_decay": weight_decay,
        "label_smoothing": label_smoothing, "optimiser": optimiser, "schedule": schedule,
        "max_norm": max_norm, "ema": ema is not None, "bfloat16": bfloat16,
    }  # fmt: skip
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    weights = optimise.optimiser(optimiser, model, lr, weight_decay)
    rates = optimise.schedule(schedule, weights, lr, epochs * len(batches))
    parts = {"model": model, "optimiser": weights, "schedule": rates, "ema": ema}
    parts = {name: part for name, part in parts.items() if part is not None}

    def step() -> None:
        if max_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        weights.step()
        rates.step()
        if ema is not None:
            ema.update_parameters(model)

    objective = objective or partial(classify, label_smoothing=label_smoothing)
    run = distributed.wrap(model)
    run = torch.compile(run) if compile else run  # type: ignore[assignment]

    def epoch(number: int) -> Epoch:
        return _epoch(number, run, batches, objective, step, bfloat16)

    return state.epochs(epochs, epoch, Epoch, resume, parts, batches, settings, watch)


def _epoch(
    number: int,
    model: nn.Module,
    batches: Batches,
    objective: Objective,
    step: Callable[[], None],
    bfloat16: bool,
) -> Epoch:
    """One pass over the data; ``step`` moves the weights once their gradients are there."""
    model.train()
    losses, right, seen = [], torch.tensor(0), 0
    # A bar where a person looks at a terminal; a notebook has ``LiveCurve``.
    silent = None if distributed.rank() == 0 else True
    for x, y in tqdm(batches, f"epoch {number}", leave=False, disable=silent):
        model.zero_grad(set_to_none=True)
        loss, hits = _backward(model, (x, y), objective, bfloat16)
        step()
        losses.append(loss)  # no .item(): the GPU need not wait
        right = right.to(y.device) + hits
        seen += len(y)
    loss = distributed.total(torch.stack(losses).mean()) / distributed.world()
    return Epoch(number, loss.item(), distributed.total(right).item() / seen)


def _backward(
    model: nn.Module, batch: tuple[Tensor, Tensor], objective: Objective, bfloat16: bool
) -> tuple[Tensor, Tensor]:
    """Gradients of the mean loss of a batch; this process's part of loss and right answers."""
    x, y = distributed.shard(batch)
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
        loss, hits = objective(model, x, y)
    loss = loss * distributed.share(len(y), len(batch[1]))
    loss.backward()
    return loss.detach(), hits


@torch.no_grad()
def accuracy(model: nn.Module, batches: Batches) -> float:
    """The share of right answers in evaluation mode, 0 to 1."""
    model.eval()
    right = [(model(x).argmax(1) == y).sum() for x, y in batches]
    return torch.stack(right).sum().item() / len(batches.labels)
