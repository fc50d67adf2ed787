"""Features from pretext tasks, chapter 9."""

from __future__ import annotations

from torch import Tensor, nn

from course_utils import data, training
from course_utils.data import Pictures
from course_utils.reference.cpc import CPC
from course_utils.reference.probe import features, linear_probe
from course_utils.reference.rotation import rotations
from course_utils.training.augment import flipped
from course_utils.training.representation import (
    Codes,
    learned,
    prediction,
    recoloured,
    rotation,
    small_encoder,
)
from course_utils.training.run import Run, Trained


def rotation_small(run: Run) -> Trained:
    """Features from predicting rotations, CIFAR-10."""

    def make() -> tuple[nn.Module, nn.Module]:
        encoder = small_encoder()
        return nn.Sequential(encoder, nn.Linear(128, 4)), encoder

    return learned(make, rotation, flipped(run.seed), run, 12, size=128)


def rotation_head(run: Run) -> Trained:
    """The layer that names one of four turns, fitted anew to the shipped features, CIFAR-10."""
    encoder = small_encoder().to(run.device)
    encoder.load_state_dict(training.load("rotation_small"))

    def turned(images: Pictures) -> tuple[Tensor, Tensor]:
        x, by = rotations(images.images.float() / 255)
        return features(encoder, x), by.to(run.device)

    train, test = data.cifar10("train"), data.cifar10("test")
    learned_from = train.per_class(min(1000, len(train) // 10), run.seed)
    probe = linear_probe(*turned(learned_from), *turned(test))
    row = {"turns told": round(probe.accuracy, 4), "images": len(learned_from)}
    return Trained({"weight": probe.weight, "bias": probe.bias}, row, [])


def _small_cpc() -> tuple[nn.Module, nn.Module]:
    model = CPC(dim=64, context=64)
    return model, Codes(model)


def cpc_small(run: Run) -> Trained:
    """Features from contrastive predictive coding, CIFAR-10."""
    return learned(_small_cpc, prediction, flipped(run.seed), run, 4, size=64)


def cpc_recoloured(run: Run) -> Trained:
    """Features from contrastive predictive coding of recoloured patches, CIFAR-10."""
    return learned(_small_cpc, prediction, recoloured(run.seed), run, 4, size=64)
