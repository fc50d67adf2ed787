"""Residual networks, chapter 4."""

from __future__ import annotations

from typing import Any

import torch

from course_utils import data
from course_utils.reference.resnet import cifar_resnet, resnet18
from course_utils.training.augment import chain, cutout, flipped, shifted
from course_utils.training.classifier import classifier
from course_utils.training.run import Run, Trained

# Nesterov's momentum and a strong decay: usual for residual networks since the paper.
SGD: dict[str, Any] = {"optimiser": "sgd", "weight_decay": 5e-4}


def resnet20_fashion(run: Run) -> Trained:
    """ResNet-20 on Fashion-MNIST, images moved by up to two pixels and mirrored."""
    torch.manual_seed(run.seed)
    augment = chain(shifted(2, run.seed), flipped(run.seed))
    train = run.part(data.fashion("train")).batches(
        128, seed=run.seed, device=run.device, augment=augment
    )
    model = cifar_resnet(20, channels=1)
    return classifier(model, train, data.fashion("test"), 8, run, lr=0.1, **SGD)


def resnet18_fashion(run: Run) -> Trained:
    """ResNet-18 on Fashion-MNIST, images moved by up to two pixels and mirrored."""
    torch.manual_seed(run.seed)
    augment = chain(shifted(2, run.seed), flipped(run.seed))
    train = run.part(data.fashion("train")).batches(
        256, seed=run.seed, device=run.device, augment=augment
    )
    model = resnet18(classes=10, channels=1, stem="cifar")
    test = data.fashion("test")
    return classifier(model, train, test, 20, run, lr=0.2, ships=False, **SGD)


def resnet18_cifar10(run: Run) -> Trained:
    """ResNet-18 on CIFAR-10, images moved, mirrored and with a square cut out."""
    torch.manual_seed(run.seed)
    augment = chain(shifted(4, run.seed), flipped(run.seed), cutout(8, run.seed))
    train = run.part(data.cifar10("train")).batches(
        256, seed=run.seed, device=run.device, augment=augment
    )
    model = resnet18(classes=10, stem="cifar")
    options = {"lr": 0.2, "label_smoothing": 0.1, **SGD}
    return classifier(model, train, data.cifar10("test"), 40, run, ships=False, **options)
