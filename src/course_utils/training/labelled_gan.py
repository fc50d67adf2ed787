"""A GAN that is told the class, to stand beside a diffusion model that is told it, too.

Source: M. Mirza and S. Osindero, "Conditional generative adversarial nets", 2014: both networks
see the label. Here an image and its label are one thing, a *pair*: the image's channel and a
second one of a single grey that says the class. So the game of ``gan`` is played as it is, with
pairs for images.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.data import Pictures
from course_utils.reference.gan import Discriminator, Generator

CLASSES = 10
STEP = 25  # of 255, between the greys of two classes


def pairs(pictures: Pictures) -> Pictures:
    """Images (N, 1, H, W) uint8 with a second channel, the grey of their class."""
    grey = (pictures.labels * STEP).to(torch.uint8)[:, None, None, None]
    both = torch.cat([pictures.images, grey.expand_as(pictures.images)], 1)
    return Pictures(f"{pictures.name}, with labels", both, pictures.labels, pictures.classes)


def paired(images: Tensor, classes: Tensor) -> Tensor:
    """The same for images (B, 1, H, W) in −1 to 1: (B, 2, H, W)."""
    grey = (2 * STEP / 255 * classes - 1).to(images)[:, None, None, None]
    return torch.cat([images, grey.expand_as(images)], 1)


def classes_of(x: Tensor) -> Tensor:
    """The labels (B,) of pairs (B, 2, H, W) in −1 to 1."""
    return ((x[:, 1, 0, 0] + 1) * 255 / (2 * STEP)).round().long()


class LabelledGenerator(Generator):
    """Draws an image for a class. Its z has ten numbers more; the largest of them chooses.

    Of N(0, 1) numbers each is the largest equally often: the classes come as in the data.
    """

    def __init__(self, noise: int = 32) -> None:
        super().__init__(noise + CLASSES)

    def asked(self, z: Tensor) -> Tensor:
        """The classes that z (B, Z) asks for, (B,)."""
        return z[:, -CLASSES:].argmax(1)

    def forward(self, z: Tensor) -> Tensor:
        """(B, Z) -> pairs (B, 2, 28, 28) in −1 to 1."""
        classes = self.asked(z)
        one_hot = 2 * F.one_hot(classes, CLASSES).to(z) - 1
        return paired(super().forward(torch.cat([z[:, :-CLASSES], one_hot], 1)), classes)


class LabelledDiscriminator(Discriminator):
    """Judges pairs: whether such an image stands beside such a label.

    Each class adds numbers of its own to the maps of the first layer, as ten channels of 0 or 1
    beside the image would, and quicker.
    """

    def __init__(self, widths: tuple[int, int] = (32, 64)) -> None:
        super().__init__(widths)
        self.told = nn.Embedding(CLASSES, widths[0])
        nn.init.zeros_(self.told.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 2, 28, 28) -> logits (B,), above 0 for "a real pair".

        Raises:
            ValueError: x has another shape.
        """
        if x.shape[1:] != (2, 28, 28):
            raise ValueError(f"x must be (B, 2, 28, 28), not {tuple(x.shape)}")
        first, *others = self.layers
        h = first(x[:, :1]) + self.told(classes_of(x))[:, :, None, None]
        for layer in others:
            h = layer(h)
        return h.squeeze(1)
