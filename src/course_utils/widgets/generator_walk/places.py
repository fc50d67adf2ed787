"""The planes through noise that ``GeneratorWalk`` shows; training images near what G draws."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass

import torch
from torch import Tensor

from ... import data, training
from ...reference.cnn import LeNet
from ...reference.dcgan import Generator
from ..dice import dice, normals

SEEDS = (28, 43, 52, 30)  # of the first 60: four kinds, and several in each plane
REACH, GRID = 3.0, 7  # a plane's half side; places along a side at which is searched
AXES = 1000  # is added to a seed for the dice of its axes
COMPARED = 500  # test images that say how near a nearest training image usually is


@functools.cache
def generator() -> Generator:
    """The shipped generator in evaluation mode.

    Raises:
        CourseError: the checkpoint is missing.
    """
    model = Generator()
    model.load_state_dict(training.load("gan_fashion"))
    return model.eval()


@functools.cache
def judge() -> LeNet:
    """The classifier that names what is drawn."""
    model = LeNet()
    model.load_state_dict(training.load("lenet_fashion"))
    return model.eval()


def start(seed: int, noise: int) -> Tensor:
    """z in the middle of a plane, (noise,)."""
    return torch.tensor(normals(dice(seed), noise), dtype=torch.float64)


def axes(seed: int, noise: int) -> tuple[Tensor, Tensor]:
    """Two directions of length 1, at right angles to the middle and to each other."""
    random, found = dice(seed + AXES), [start(seed, noise)]
    found[0] /= found[0].norm()
    while len(found) < 3:
        way = torch.tensor(normals(random, noise), dtype=torch.float64)
        for other in found:
            way -= (way @ other) * other
        found.append(way / way.norm())
    return found[1], found[2]


def grid(seed: int, noise: int) -> Tensor:
    """z at GRID × GRID places of a plane, (GRID², noise)."""
    right, up = axes(seed, noise)
    steps = torch.arange(GRID, dtype=torch.float64)
    sides = REACH * ((2 * steps + 1) / GRID - 1)
    x, y = torch.meshgrid(sides, sides, indexing="ij")
    return start(seed, noise) + x.flatten()[:, None] * right + y.flatten()[:, None] * up


def nearest(images: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """Root mean squared distance to the nearest of others, and its index: (B,) and (B,).

    Args:
        images: (B, 784) in 0 to 1.
        among: (N, 784) uint8.
    """
    parts = among.split(10_000)
    far = torch.cat([torch.cdist(images, part.float() / 255) for part in parts], 1)
    least = far.min(1)
    return least.values / images.shape[1] ** 0.5, least.indices


@dataclass(frozen=True)
class Neighbours:
    """The training images that are nearest at the grids' places, each once.

    ``pixels`` are (N, 28, 28) bytes made smaller by zlib; ``usual`` is the median distance of a
    test image to the nearest of all training images.
    """

    pixels: bytes
    labels: bytes
    usual: float


@functools.cache
@torch.no_grad()
def neighbours() -> Neighbours:
    """Of all 60 000 training images."""
    g = generator()
    z = torch.cat([grid(seed, g.noise) for seed in SEEDS]).float()
    train = data.fashion("train")
    flat = train.images.flatten(1)
    found = nearest((g(z).flatten(1) + 1) / 2, flat)[1].unique()
    real = data.fashion("test").images[:COMPARED].flatten(1).float() / 255
    return Neighbours(
        zlib.compress(flat[found].numpy().tobytes(), 9),
        bytes(train.labels[found].tolist()),
        nearest(real, flat)[0].median().item(),
    )
