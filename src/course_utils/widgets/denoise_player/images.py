"""What ``DenoisePlayer`` brings into the page: the network, and training images."""

from __future__ import annotations

import functools
import zlib

import torch
from torch import Tensor

from ... import data, training
from ...reference.unet import UNet
from ..generator_walk.places import nearest
from ..network import Network

EACH = 20  # training images of each class
COMPARED = 500  # test images that say how near a nearest one usually is


@functools.cache
def network() -> UNet:
    """The checkpoint ``diffusion_fashion``, which predicts v.

    Raises:
        CourseError: it is missing.
    """
    model = UNet()
    model.load_state_dict(training.load("diffusion_fashion"))
    return model.eval()


@functools.cache
def in_the_page() -> Network:
    """Its weights, once in a page."""
    return Network(tensors=network().state_dict())


@functools.cache
def training_images() -> Tensor:
    """The first ``EACH`` of each class, class by class: (200, 784) uint8."""
    train = data.fashion("train")
    classes = range(len(train.classes))
    rows = [(train.labels == label).nonzero()[:EACH, 0] for label in classes]
    return train.images[torch.cat(rows)].flatten(1)


@functools.cache
def in_bytes() -> bytes:
    """``training_images``, deflated."""
    return zlib.compress(training_images().numpy().tobytes(), 9)


@functools.cache
def usual() -> float:
    """The median distance of a test image to the nearest of ``training_images``."""
    real = data.fashion("test").images[:COMPARED].flatten(1).float() / 255
    return nearest(real, training_images())[0].median().item()
