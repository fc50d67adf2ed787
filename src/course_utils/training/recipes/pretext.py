"""Features from pretext tasks, chapter 9."""

from __future__ import annotations

from torch import nn

from course_utils.reference.cpc import CPC
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


def _small_cpc() -> tuple[nn.Module, nn.Module]:
    model = CPC(dim=64, context=64)
    return model, Codes(model)


def cpc_small(run: Run) -> Trained:
    """Features from contrastive predictive coding, CIFAR-10."""
    return learned(_small_cpc, prediction, flipped(run.seed), run, 4, size=64)


def cpc_recoloured(run: Run) -> Trained:
    """Features from contrastive predictive coding of recoloured patches, CIFAR-10."""
    return learned(_small_cpc, prediction, recoloured(run.seed), run, 4, size=64)
