"""How networks were trained: ``course train NAME``, one function each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import data
from course_utils.course import UsageError
from course_utils.data import Batches, Pictures
from course_utils.reference import naive_bayes
from course_utils.reference.cnn import LeNet
from course_utils.reference.resnet import cifar_resnet, resnet18
from course_utils.results import provenance
from course_utils.training.augment import chain, cutout, flipped, shifted
from course_utils.training.fit import Epoch, accuracy, fit

Watch = Callable[[Epoch], None]


@dataclass
class Trained:
    """A network's tensors and what was measured: a row of the table, and the curve.

    ``ships`` says whether the tensors travel in the package or stay where they were made.
    """

    tensors: dict[str, Tensor]
    row: dict[str, Any]
    curve: list[Epoch]
    ships: bool = True


def lenet(device: torch.device, seed: int, watch: Watch) -> Trained:
    """LeNet on MNIST, pictures moved by up to two pixels."""
    return _lenet(data.digits, device, seed, watch)


def lenet_fashion(device: torch.device, seed: int, watch: Watch) -> Trained:
    """The same network on Fashion-MNIST."""
    return _lenet(data.fashion, device, seed, watch)


def _lenet(
    pictures: Callable[..., Pictures], device: torch.device, seed: int, watch: Watch
) -> Trained:
    torch.manual_seed(seed)
    train = pictures("train").batches(128, seed=seed, device=device, augment=shifted(2, seed))
    return _classifier(LeNet(), train, pictures("test"), 16, watch, lr=4e-3)


# Nesterov's momentum and a strong decay: usual for residual networks since the paper.
SGD: dict[str, Any] = {"optimiser": "sgd", "weight_decay": 5e-4}


def resnet20_fashion(device: torch.device, seed: int, watch: Watch) -> Trained:
    """ResNet-20 on Fashion-MNIST, pictures moved by up to two pixels and mirrored."""
    torch.manual_seed(seed)
    augment = chain(shifted(2, seed), flipped(seed))
    train = data.fashion("train").batches(128, seed=seed, device=device, augment=augment)
    model = cifar_resnet(20, channels=1)
    return _classifier(model, train, data.fashion("test"), 8, watch, lr=0.1, **SGD)


def resnet18_fashion(device: torch.device, seed: int, watch: Watch) -> Trained:
    """ResNet-18 on Fashion-MNIST, pictures moved by up to two pixels and mirrored."""
    torch.manual_seed(seed)
    augment = chain(shifted(2, seed), flipped(seed))
    train = data.fashion("train").batches(256, seed=seed, device=device, augment=augment)
    model = resnet18(classes=10, channels=1, stem="cifar")
    test = data.fashion("test")
    return _classifier(model, train, test, 20, watch, lr=0.2, ships=False, **SGD)


def resnet18_cifar10(device: torch.device, seed: int, watch: Watch) -> Trained:
    """ResNet-18 on CIFAR-10, pictures moved, mirrored and with a square cut out."""
    torch.manual_seed(seed)
    augment = chain(shifted(4, seed), flipped(seed), cutout(8, seed))
    train = data.cifar10("train").batches(256, seed=seed, device=device, augment=augment)
    model = resnet18(classes=10, stem="cifar")
    options = {"lr": 0.2, "label_smoothing": 0.1, **SGD}
    return _classifier(model, train, data.cifar10("test"), 40, watch, ships=False, **options)


def _classifier(
    model: nn.Module,
    train: Batches,
    test: Pictures,
    epochs: int,
    watch: Watch,
    ships: bool = True,
    **options: Any,
) -> Trained:
    """Train ``model`` on the device of ``train`` and count its right answers on ``test``."""
    device = train.labels.device
    curve = fit(model.to(device), train, epochs, watch=watch, **options)
    held_out = test.batches(1000, shuffle=False, device=device)
    row = {"test accuracy": round(accuracy(model, held_out), 4), "epochs": epochs}
    row["parameters"] = sum(p.numel() for p in model.parameters())
    return Trained(model.state_dict(), row, curve, ships)


def naive_bayes_digits(device: torch.device, seed: int, watch: Watch) -> Trained:
    """Bernoulli naive Bayes on binarised MNIST: counted, not trained."""
    return _naive_bayes(data.digits)


def naive_bayes_fashion(device: torch.device, seed: int, watch: Watch) -> Trained:
    """Bernoulli naive Bayes on binarised Fashion-MNIST: counted, not trained."""
    return _naive_bayes(data.fashion)


def _naive_bayes(pictures: Callable[..., Pictures]) -> Trained:
    train, held_out = pictures("train"), pictures("test")
    model = naive_bayes.fit(naive_bayes.binarise(train.images), train.labels, 10)
    right = model.predict(naive_bayes.binarise(held_out.images)) == held_out.labels
    row = {"test accuracy": round(right.float().mean().item(), 4), "epochs": 1}
    row["parameters"] = model.log_on.numel() + model.log_prior.numel()
    return Trained(vars(model), row, [])


def linear_fashion(device: torch.device, seed: int, watch: Watch) -> Trained:
    """One linear layer on Fashion-MNIST: softmax regression."""
    return _flat(lambda: nn.Linear(784, 10), device, seed, watch)


def mlp_fashion(device: torch.device, seed: int, watch: Watch) -> Trained:
    """Two hidden layers of 256 units on Fashion-MNIST."""
    layers = lambda: nn.Sequential(  # noqa: E731
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    )
    return _flat(layers, device, seed, watch)


def _flat(
    layers: Callable[[], nn.Module], device: torch.device, seed: int, watch: Watch
) -> Trained:
    """A network that does not know which pixels are neighbours: pictures stay in place."""
    torch.manual_seed(seed)
    train = data.fashion("train").batches(128, seed=seed, device=device)
    model = nn.Sequential(nn.Flatten(), layers())
    return _classifier(model, train, data.fashion("test"), 16, watch, lr=2e-3)


RECIPES: dict[str, Callable[[torch.device, int, Watch], Trained]] = {
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
