"""What a recipe is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_utils.data import Pictures
from course_utils.training.fit import Epoch

Watch = Callable[[Epoch], None]


@dataclass(frozen=True)
class Run:
    """Where and how a recipe runs; ``resume`` holds its state, see ``fit``.

    ``share`` below 1 is a trial: that share of the images and of the epochs.
    """

    device: torch.device
    seed: int = 0
    watch: Watch = lambda _: None
    resume: Path | None = None
    share: float = 1.0

    def part(self, images: Pictures) -> Pictures:
        """The images that this run takes, every so many-th one."""
        if self.share == 1:
            return images
        return images.select(torch.arange(0, len(images), round(1 / self.share)))

    def length(self, epochs: int) -> int:
        """The epochs that this run takes."""
        return max(1, round(epochs * self.share))


@dataclass
class Trained:
    """A network's tensors and what was measured: a row of the table, and the curve.

    ``ships`` says whether the tensors travel in the package or stay where they were made.
    """

    tensors: dict[str, Tensor]
    row: dict[str, Any]
    curve: list[Epoch]
    ships: bool = True
