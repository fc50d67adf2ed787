"""Features from SimCLR, chapter 10."""

from __future__ import annotations

from functools import partial

from torch import nn

from course_utils.reference.resnet import resnet18
from course_utils.reference.simclr import SimCLR
from course_utils.training.representation import agreement, learned, paired, small_encoder
from course_utils.training.run import Run, Trained


def simclr_small(run: Run) -> Trained:
    """Features from SimCLR, CIFAR-10."""

    def make() -> tuple[nn.Module, nn.Module]:
        encoder = small_encoder()
        return SimCLR(encoder, 128, 64), encoder

    # The temperature that results/simclr.json finds best for this network.
    return learned(make, partial(agreement, temperature=0.1), paired(run.seed), run, 24)


def simclr_resnet18(run: Run) -> Trained:
    """Features from SimCLR with a ResNet-18, CIFAR-10, for a GPU."""

    def make() -> tuple[nn.Module, nn.Module]:
        encoder = resnet18(stem="cifar")
        encoder.fc = nn.Identity()  # type: ignore[assignment]
        return SimCLR(encoder, 512), encoder

    return learned(make, agreement, paired(run.seed), run, 200, size=512, ships=False)
