"""How networks were trained: ``course train NAME``, one function each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from course_utils import data
from course_utils.course import UsageError
from course_utils.data import Batches, Pictures
from course_utils.reference import naive_bayes
from course_utils.reference.cnn import LeNet
from course_utils.reference.resnet import cifar_resnet, resnet18
from course_utils.results import provenance
from course_utils.training import representation
from course_utils.training.augment import chain, cutout, flipped, shifted
from course_utils.training.fit import accuracy, fit
from course_utils.training.run import Run, Trained


def lenet(run: Run) -> Trained:
    """LeNet on MNIST, pictures moved by up to two pixels."""
    return _lenet(data.digits, run)


def lenet_fashion(run: Run) -> Trained:
    """The same network on Fashion-MNIST."""
    return _lenet(data.fashion, run)


def _lenet(pictures: Callable[..., Pictures], run: Run) -> Trained:
    torch.manual_seed(run.seed)
    train = pictures("train").batches(
        128, seed=run.seed, device=run.device, augment=shifted(2, run.seed)
    )
    return _classifier(LeNet(), train, pictures("test"), 16, run, lr=4e-3)


# Nesterov's momentum and a strong decay: usual for residual networks since the paper.
SGD: dict[str, Any] = {"optimiser": "sgd", "weight_decay": 5e-4}


def resnet20_fashion(run: Run) -> Trained:
    """ResNet-20 on Fashion-MNIST, pictures moved by up to two pixels and mirrored."""
    torch.manual_seed(run.seed)
    augment = chain(shifted(2, run.seed), flipped(run.seed))
    train = data.fashion("train").batches(
        128, seed=run.seed, device=run.device, augment=augment
    )
    model = cifar_resnet(20, channels=1)
    return _classifier(model, train, data.fashion("test"), 8, run, lr=0.1, **SGD)


def resnet18_fashion(run: Run) -> Trained:
    """ResNet-18 on Fashion-MNIST, pictures moved by up to two pixels and mirrored."""
    torch.manual_seed(run.seed)
    augment = chain(shifted(2, run.seed), flipped(run.seed))
    train = data.fashion("train").batches(
        256, seed=run.seed, device=run.device, augment=augment
    )
    model = resnet18(classes=10, channels=1, stem="cifar")
    test = data.fashion("test")
    return _classifier(model, train, test, 20, run, lr=0.2, ships=False, **SGD)


def resnet18_cifar10(run: Run) -> Trained:
    """ResNet-18 on CIFAR-10, pictures moved, mirrored and with a square cut out."""
    torch.manual_seed(run.seed)
    augment = chain(shifted(4, run.seed), flipped(run.seed), cutout(8, run.seed))
    train = data.cifar10("train").batches(
        256, seed=run.seed, device=run.device, augment=augment
    )
    model = resnet18(classes=10, stem="cifar")
    options = {"lr": 0.2, "label_smoothing": 0.1, **SGD}
    return _classifier(model, train, data.cifar10("test"), 40, run, ships=False, **options)


def _classifier(
    model: nn.Module,
    train: Batches,
    test: Pictures,
    epochs: int,
    run: Run,
    ships: bool = True,
    **options: Any,
) -> Trained:
    """Train ``model`` and count its right answers on ``test``."""
    device = run.device
    curve = fit(model.to(device), train, epochs, watch=run.watch, resume=run.resume, **options)
    held_out = test.batches(1000, shuffle=False, device=device)
    row = {"test accuracy": round(accuracy(model, held_out), 4), "epochs": epochs}
    row["parameters"] = sum(p.numel() for p in model.parameters())
    return Trained(model.state_dict(), row, curve, ships)


def naive_bayes_digits(run: Run) -> Trained:
    """Bernoulli naive Bayes on binarised MNIST: counted, not trained."""
    return _naive_bayes(data.digits)


def naive_bayes_fashion(run: Run) -> Trained:
    """Bernoulli naive Bayes on binarised Fashion-MNIST: counted, not trained."""
    return _naive_bayes(data.fashion)


def _naive_bayes(pictures: Callable[..., Pictures]) -> Trained:
    train, held_out = pictures("train"), pictures("test")
    model = naive_bayes.fit(naive_bayes.binarise(train.images), train.labels, 10)
    right = model.predict(naive_bayes.binarise(held_out.images)) == held_out.labels
    row = {"test accuracy": round(right.float().mean().item(), 4), "epochs": 1}
    row["parameters"] = model.log_on.numel() + model.log_prior.numel()
    return Trained(vars(model), row, [])


def linear_fashion(run: Run) -> Trained:
    """One linear layer on Fashion-MNIST: softmax regression."""
    return _flat(lambda: nn.Linear(784, 10), run)


def mlp_fashion(run: Run) -> Trained:
    """Two hidden layers of 256 units on Fashion-MNIST."""
    layers = lambda: nn.Sequential(  # noqa: E731
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    )
    return _flat(layers, run)


def _flat(layers: Callable[[], nn.Module], run: Run) -> Trained:
    """A network that does not know which pixels are neighbours: pictures stay in place."""
    torch.manual_seed(run.seed)
    train = data.fashion("train").batches(128, seed=run.seed, device=run.device)
    model = nn.Sequential(nn.Flatten(), layers())
    return _classifier(model, train, data.fashion("test"), 16, run, lr=2e-3)


RECIPES: dict[str, Callable[[Run], Trained]] = {
    "lenet": lenet,
    "lenet_fashion": lenet_fashion,
    "resnet20_fashion": resnet20_fashion,
    "resnet18_fashion": resnet18_fashion,
    "resnet18_cifar10": resnet18_cifar10,
    "linear_fashion": linear_fashion,
    "mlp_fashion": mlp_fashion,
    "naive_bayes": naive_bayes_digits,
    "naive_bayes_fashion": naive_bayes_fashion,
}


def train(name: str, run: Run) -> tuple[Trained, dict[str, Any]]:
    """Run a recipe; what it gave, and the record for ``results/NAME.json``.

    Raises:
        UsageError: there is no such recipe.
    """
    known = RECIPES | representation.RECIPES
    if name not in known:
        raise UsageError(f"no recipe {name!r}; there are: {', '.join(known)}")
    went_on = run.resume is not None and run.resume.is_file()
    start = time.perf_counter()
    trained = known[name](run)
    record = {
        "caption": (known[name].__doc__ or "").strip().rstrip("."),
        "rows": [trained.row],
        "curve": [asdict(epoch) for epoch in trained.curve],
        **provenance(f"course train {name}", run.seed, time.perf_counter() - start, run.device),
    }
    if went_on:
        record["interrupted"] = "the seconds are those of the last part"
    return trained, record
