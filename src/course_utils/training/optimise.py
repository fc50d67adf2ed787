"""What moves the weights: optimisers, schedules of the learning rate, their moving average."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def optimiser(name: str, model: nn.Module, lr: float, weight_decay: float) -> Optimizer:
    """``adamw``, or ``sgd`` with Nesterov's momentum 0.9; fused into one kernel on CUDA.

    Raises:
        ValueError: another name.
    """
    weights = list(model.parameters())
    fused = True if weights[0].is_cuda else None  # None: as torch chooses, unfused on a CPU
    if name == "adamw":
        return AdamW(weights, lr, weight_decay=weight_decay, fused=fused)
    if name == "sgd":
        return SGD(weights, lr, 0.9, weight_decay=weight_decay, nesterov=True, fused=fused)
    raise ValueError(f"no optimiser {name!r}; there are: adamw, sgd")


def schedule(name: str, optimiser: Optimizer, lr: float, steps: int) -> LRScheduler:
    """``one-cycle`` or ``cosine``, over all ``steps``.

    One cycle rises to ``lr`` and falls again (Smith and Topin, "Super-convergence", 2018);
    cosine falls from ``lr`` to 0 (Loshchilov and Hutter, "SGDR", 2017, without restarts).

    Raises:
        ValueError: another name.
    """
    if name == "one-cycle":
        return OneCycleLR(optimiser, lr, total_steps=steps)
    if name == "cosine":
        return CosineAnnealingLR(optimiser, steps)
    raise ValueError(f"no schedule {name!r}; there are: one-cycle, cosine")


def averaged(model: nn.Module, decay: float = 0.999) -> AveragedModel:
    """A copy of ``model`` for ``fit(…, ema=…)``: w̄ ← decay · w̄ + (1 − decay) · w each step.

    Running statistics of batch norm are averaged alike. It is called as the model is; its
    tensors for a checkpoint are ``averaged.module.state_dict()``.
    """
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
