"""A GAN that is told the class, to stand beside a diffusion model that is told it, too.

Source: M. Mirza and S. Osindero, "Conditional generative adversarial nets", 2014: both networks
see the label. Here an image and its label are one thing, a *pair*: the image's channel and one
more for each class, 1 everywhere in its own and −1 in the others. So the game of ``gan`` is
played as it is, with pairs for images.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.data import Pictures
from course_utils.reference.gan import Discriminator, Generator

CLASSES = 10


def planes(classes: Tensor, like: Tensor) -> Tensor:
    """Labels (B,) as channels (B, 10, H, W), −1 or 1, for images ``like`` (B, 1, H, W)."""
    one_hot = 2 * F.one_hot(classes, CLASSES).to(like) - 1
    return one_hot[:, :, None, None].expand(-1, -1, *like.shape[2:])


def pairs(pictures: Pictures) -> Pictures:
    """Images (N, 1, H, W) uint8 with their labels as ten more channels, 0 or 255."""
    shown = (planes(pictures.labels, pictures.images) > 0).to(torch.uint8) * 255
    both = torch.cat([pictures.images, shown], 1)
    return Pictures(f"{pictures.name}, with labels", both, pictures.labels, pictures.classes)


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
        """(B, Z) -> pairs (B, 11, 28, 28) in −1 to 1."""
        classes = self.asked(z)
        told = torch.cat([z[:, :-CLASSES], 2 * F.one_hot(classes, CLASSES).to(z) - 1], 1)
        images = super().forward(told)
        return torch.cat([images, planes(classes, images)], 1)


class LabelledDiscriminator(Discriminator):
    """Judges pairs: whether such an image stands beside such a label."""

    def __init__(self, widths: tuple[int, int] = (32, 64)) -> None:
        super().__init__(widths)
        first = nn.Conv2d(1 + CLASSES, widths[0], 4, 2, 1)
        nn.init.normal_(first.weight, 0, 0.02)
        nn.init.zeros_(first.bias)  # type: ignore[arg-type]
        self.layers[0] = first

    def forward(self, x: Tensor) -> Tensor:
        """(B, 11, 28, 28) -> logits (B,), above 0 for "a real pair".

        Raises:
            ValueError: x has another shape.
        """
        if x.shape[1:] != (1 + CLASSES, 28, 28):
            raise ValueError(f"x must be (B, {1 + CLASSES}, 28, 28), not {tuple(x.shape)}")
        return self._run(x).squeeze(1)
