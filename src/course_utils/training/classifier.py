"""Train a classifier and count its right answers: what most recipes are made of."""

from __future__ import annotations

from typing import Any

from torch import nn

from course_utils.data import Batches, Pictures
from course_utils.training.fit import accuracy, fit
from course_utils.training.run import Run, Trained


def classifier(
    model: nn.Module,
    train: Batches,
    test: Pictures,
    epochs: int,
    run: Run,
    ships: bool = True,
    **options: Any,
) -> Trained:
    """Train ``model`` and count its right answers on ``test``."""
    device, epochs = run.device, run.length(epochs)
    curve = fit(model.to(device), train, epochs, watch=run.watch, resume=run.resume, **options)
    held_out = run.part(test).batches(1000, shuffle=False, device=device)
    row = {"test accuracy": round(accuracy(model, held_out), 4), "epochs": epochs}
    row["parameters"] = sum(p.numel() for p in model.parameters())
    return Trained(model.state_dict(), row, curve, ships)
