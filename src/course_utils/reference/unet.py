"""A U-Net that says what a noisy image hides, told the time and the class.

Sources: O. Ronneberger, P. Fischer and T. Brox, "U-Net: convolutional networks for biomedical
image segmentation", MICCAI 2015 (the U: down, up, and skips across); for diffusion J. Ho,
A. Jain and P. Abbeel, 2020, appendix B (blocks of group norm and SiLU, the time in each);
A. Nichol and P. Dhariwal, 2021 (scale and shift by the time).

Four neighbouring pixels become four channels first (W. Shi et al., "Real-time single image and
video super-resolution using an efficient sub-pixel convolutional neural network", CVPR 2016):
at 14 × 14 a layer costs a quarter of what it costs at 28 × 28.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference import autoencoders
from course_utils.reference.autoencoders import require_floats, require_sizes
from course_utils.reference.diffusion import NO_CLASS

GROUPS = 8  # of every group norm


def time_embedding(t: Tensor, size: int) -> Tensor:
    """Sines and cosines of t at frequencies from 1 to near 1/10 000: (B,) -> (B, size).

    As a transformer's positions, for whole numbers: times between 0 and 1 would all look alike.
    """
    half = size // 2
    frequency = (-math.log(10_000) / half * torch.arange(half, device=t.device)).exp()
    angle = t[:, None].float() * frequency
    return torch.cat([angle.sin(), angle.cos()], 1)


def _silent(layer: nn.Conv2d) -> None:
    """What comes out is 0 until the layer has learned."""
    for p in layer.parameters():
        nn.init.zeros_(p)


class Block(nn.Module):
    """x + f(x, condition), f of two convolutions; the condition scales and shifts between them.

    The second convolution begins at 0, so that the block begins as the way around it.
    """

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.film = nn.Linear(condition, 2 * outputs)
        self.norm2 = nn.GroupNorm(GROUPS, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.around = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        _silent(self.conv2)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(B, inputs, H, W) and (B, condition) -> (B, outputs, H, W)."""
        scale, shift = self.film(condition)[..., None, None].chunk(2, 1)
        h = self.conv1(F.silu(self.norm1(x)))
        h = torch.addcmul(shift, self.norm2(h), 1 + scale)
        return self.around(x) + self.conv2(F.silu(h))


class UNet(nn.Module):
    """From x_t, t and a class to v, or to what else it is taught; 166,580 parameters.

    14 × 14 and back: a block, half the size, two blocks, double the size, and a block that sees
    the first one's output too. No dropout and no running statistics: it is the same in training
    and evaluation, and a moving average of its weights is a network.

    Args:
        classes: K labels, 0 to K − 1; one more row is for ``NO_CLASS``, −1.
        widths: channels at 14 × 14 and at 7 × 7, multiples of 8.
        condition: numbers that tell time and class, even.
        patch: pixels a side that become channels, 1 or 2; at 1 all is twice as large.

    Raises:
        ValueError: no class, widths or a condition that do not fit.
    """

    unconditional = True  # it can be asked without a class: see ``samplers.guided``

    def __init__(
        self,
        classes: int = 10,
        widths: tuple[int, int] = (32, 48),
        condition: int = 32,
        patch: int = 2,
    ) -> None:
        super().__init__()
        require_sizes(classes=classes)
        if any(width < GROUPS or width % GROUPS for width in widths):
            raise ValueError(f"widths must be multiples of {GROUPS}, not {widths}")
        if condition < 2 or condition % 2:
            raise ValueError(f"condition must be at least 2 and even, not {condition}")
        if patch not in (1, 2):
            raise ValueError(f"patch must be 1 or 2, not {patch}")
        wide, deep = widths
        self.classes, self.size, self.patch = classes, condition, patch
        self.time = nn.Sequential(
            nn.Linear(condition, condition), nn.SiLU(), nn.Linear(condition, condition)
        )
        self.label = nn.Embedding(classes + 1, condition)
        self.enter = nn.Conv2d(patch**2, wide, 3, padding=1)
        self.down = Block(wide, wide, condition)
        self.halve = nn.Conv2d(wide, deep, 3, 2, 1)
        self.middle = nn.ModuleList([Block(deep, deep, condition) for _ in range(2)])
        self.up = Block(deep + wide, wide, condition)
        self.norm = nn.GroupNorm(GROUPS, wide)
        self.leave = nn.Conv2d(wide, patch**2, 3, padding=1)
        _silent(self.leave)

    def forward(self, x: Tensor, t: Tensor, classes: Tensor | None = None) -> Tensor:
        """One number a pixel: (B, 1, 28, 28) -> (B, 1, 28, 28).

        Args:
            x: x_t.
            t: (B,), whole numbers.
            classes: (B,), −1 for an image whose class is not told; None: for none of them.

        Raises:
            ValueError: another shape or kind of numbers, or a class that there is not.
        """
        label = self._label(x, t, classes)
        condition = F.silu(self.time(time_embedding(t, self.size)) + label)  # (B, condition)
        h = self.enter(F.pixel_unshuffle(x, self.patch))  # (B, wide, 14, 14)
        skip = self.down(h, condition)
        h = self.halve(skip)  # (B, deep, 7, 7)
        for block in self.middle:
            h = block(h, condition)
        h = F.interpolate(h, scale_factor=2.0)  # (B, deep, 14, 14)
        h = self.up(torch.cat([h, skip], 1), condition)
        return F.pixel_shuffle(self.leave(F.silu(self.norm(h))), self.patch)

    def _label(self, x: Tensor, t: Tensor, classes: Tensor | None) -> Tensor:
        """The embedding of each image's class, after a look at all that came in."""
        require_floats("x", x, "(B, 1, 28, 28)", 1, 28, 28)
        classes = torch.full_like(t, NO_CLASS) if classes is None else classes
        for name, whole in (("t", t), ("classes", classes)):
            if whole.shape != x.shape[:1] or whole.is_floating_point():
                kind = f"{tuple(whole.shape)} {whole.dtype}"
                raise ValueError(f"{name} must be ({len(x)},), whole numbers, not {kind}")
        if not autoencoders.holds((classes >= NO_CLASS) & (classes < self.classes)):
            raise ValueError(f"classes must be 0 to {self.classes - 1}, or −1 for no class")
        return self.label(classes.where(classes != NO_CLASS, self.classes))
