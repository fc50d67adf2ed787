"""Augmentations on the device, a whole batch at once: (B, C, H, W) -> (B, C, H, W).

Random numbers come from generators on the CPU: the same pictures on every device, and a
training that goes on later can store where the generators were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor, nn

from course_utils.training.transforms import cut, mirror

Change = Callable[[Tensor, Generator], Tensor]


@dataclass(frozen=True)
class Augmentation:
    """Changes one after the other, each with a generator of its own."""

    changes: tuple[Change, ...]
    generators: tuple[Generator, ...]

    def __call__(self, x: Tensor) -> Tensor:
        for change, generator in zip(self.changes, self.generators, strict=True):
            x = change(x, generator)
        return x


def chain(*augmentations: Augmentation) -> Augmentation:
    """One after the other, from left to right."""
    return Augmentation(
        tuple(change for a in augmentations for change in a.changes),
        tuple(generator for a in augmentations for generator in a.generators),
    )


def seeded(change: Change, seed: int) -> Augmentation:
    """A change with a generator of its own; its options by ``functools.partial``."""
    return Augmentation((change,), (Generator().manual_seed(seed),))


def shifted(most: int, seed: int = 0) -> Augmentation:
    """Each picture moved by up to ``most`` pixels, black comes in."""
    return seeded(partial(_shift, most), seed)


def flipped(seed: int = 0) -> Augmentation:
    """Each picture as its mirror image, left for right, with probability 1/2."""
    # Seeds differ by kind: else one number would move, flip and cut the same picture.
    return seeded(_flip, seed + 10_000)


def cutout(side: int, seed: int = 0) -> Augmentation:
    """A black square in each picture, its middle anywhere, cut off at the border.

    Source: T. DeVries and G. Taylor, "Improved regularization of convolutional neural networks
    with cutout", 2017.
    """
    return seeded(partial(_cut, side), seed + 20_000)


def _shift(most: int, x: Tensor, generator: Generator) -> Tensor:
    b, _, h, w = x.shape
    windows = nn.functional.pad(x, (most,) * 4).unfold(2, h, 1).unfold(3, w, 1)  # views
    rows, columns = torch.randint(0, 2 * most + 1, (2, b), generator=generator).to(x.device)
    return windows[torch.arange(b, device=x.device), :, rows, columns]


def _flip(x: Tensor, generator: Generator) -> Tensor:
    return mirror(x, torch.rand(len(x), generator=generator) < 0.5)


def _cut(side: int, x: Tensor, generator: Generator) -> Tensor:
    size = torch.tensor(x.shape[2:])[:, None]
    middle = (torch.rand(2, len(x), generator=generator) * size).long()  # a row, a column
    first = (middle - side // 2).T
    return cut(x, torch.cat([first, torch.full_like(first, side)], 1))
