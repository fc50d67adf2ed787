"""How the shipped checkpoints were made: ``course train NAME``, one function each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from course_utils import data
from course_utils.course import UsageError
from course_utils.reference import naive_bayes
from course_utils.reference.cnn import LeNet
from course_utils.results import provenance
from course_utils.training.fit import Epoch, accuracy, fit, shifted

Watch = Callable[[Epoch], None]


@dataclass
class Trained:
    """A network's tensors and what was measured: a row of the table, and the curve."""

    tensors: dict[str, Tensor]
    row: dict[str, Any]
    curve: list[Epoch]


def lenet(device: torch.device, seed: int, watch: Watch) -> Trained:
    """LeNet on MNIST, pictures moved by up to two pixels."""
    return _lenet(data.digits, device, seed, watch)


def lenet_fashion(device: torch.device, seed: int, watch: Watch) -> Trained:
    """The same network on Fashion-MNIST."""
    return _lenet(data.fashion, device, seed, watch)


def _lenet(
    pictures: Callable[..., Any], device: torch.device, seed: int, watch: Watch
) -> Trained:
    epochs = 16
    torch.manual_seed(seed)
    model = LeNet().to(device)
    train = pictures("train").batches(128, seed=seed, device=device, augment=shifted(2, seed))
    curve = fit(model, train, epochs, lr=4e-3, watch=watch)
    held_out = pictures("test").batches(1000, shuffle=False, device=device)
    row = {"test accuracy": round(accuracy(model, held_out), 4), "epochs": epochs}
    row["parameters"] = sum(p.numel() for p in model.parameters())
    return Trained(model.state_dict(), row, curve)


def naive_bayes_digits(device: torch.device, seed: int, watch: Watch) -> Trained:
    """Bernoulli naive Bayes on binarised MNIST: counted, not trained."""
    train, held_out = data.digits("train"), data.digits("test")
    model = naive_bayes.fit(naive_bayes.binarise(train.images), train.labels, 10)
    right = model.predict(naive_bayes.binarise(held_out.images)) == held_out.labels
    row = {"test accuracy": round(right.float().mean().item(), 4), "epochs": 1}
    row["parameters"] = model.log_on.numel() + model.log_prior.numel()
    return Trained(vars(model), row, [])


RECIPES: dict[str, Callable[[torch.device, int, Watch], Trained]] = {
    "lenet": lenet,
    "lenet_fashion": lenet_fashion,
    "naive_bayes": naive_bayes_digits,
}


def train(
    name: str, device: torch.device, seed: int = 0, watch: Watch = lambda _: None
) -> tuple[Trained, dict[str, Any]]:
    """Run a recipe; what it gave, and the record for ``results/NAME.json``.

    Raises:
        UsageError: there is no such recipe.
    """
    if name not in RECIPES:
        raise UsageError(f"no recipe {name!r}; there are: {', '.join(RECIPES)}")
    start = time.perf_counter()
    trained = RECIPES[name](device, seed, watch)
    record = {
        "caption": (RECIPES[name].__doc__ or "").strip().rstrip("."),
        "rows": [trained.row],
        "curve": [asdict(epoch) for epoch in trained.curve],
        **provenance(f"course train {name}", seed, time.perf_counter() - start, device),
    }
    return trained, record
