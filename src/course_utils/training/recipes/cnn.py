"""LeNet, chapter 3, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from course_utils import data
from course_utils.data import Pictures
from course_utils.reference.cnn import LeNet
from course_utils.training.augment import shifted
from course_utils.training.classifier import classifier
from course_utils.training.run import Run, Trained


def lenet(run: Run) -> Trained:
    """LeNet on MNIST, images moved by up to two pixels."""
    return _lenet(data.digits, run)


def lenet_fashion(run: Run) -> Trained:
    """The same network on Fashion-MNIST."""
    return _lenet(data.fashion, run)


def _lenet(images: Callable[..., Pictures], run: Run) -> Trained:
    torch.manual_seed(run.seed)
    train = images("train").batches(
        128, seed=run.seed, device=run.device, augment=shifted(2, run.seed)
    )
    return classifier(LeNet(), train, images("test"), 16, run, lr=4e-3)


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
    """A network that does not know which pixels are neighbours: images stay in place."""
    torch.manual_seed(run.seed)
    train = data.fashion("train").batches(128, seed=run.seed, device=run.device)
    model = nn.Sequential(nn.Flatten(), layers())
    return classifier(model, train, data.fashion("test"), 16, run, lr=2e-3)
