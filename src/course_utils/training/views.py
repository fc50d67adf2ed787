"""Augmentations of SimCLR on whole batches, each picture with random numbers of its own.

Source: T. Chen, S. Kornblith, M. Norouzi and G. Hinton, "A simple framework for contrastive
learning of visual representations", ICML 2020: appendix A, appendix B.9 (32 × 32).

``random_…`` draw the numbers of ``training.transforms`` from a generator on the CPU, as in
``training.augment``, whose ``seeded`` makes an augmentation of each. Pictures are (B, C, H, W)
float in 0 to 1 and come out so.
"""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

from course_utils.training.transforms import (
    blur,
    colour_jitter,
    crop,
    cut,
    greyscale,
    mirror,
    noise,
    sobel,
    turn,
)


def _chosen(x: Tensor, generator: Generator, p: float) -> Tensor:
    return torch.rand(len(x), generator=generator) < p


def _uniform(x: Tensor, generator: Generator, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(len(x), generator=generator)


def crop_boxes(
    x: Tensor, generator: Generator, scale: tuple[float, float], ratio: tuple[float, float]
) -> Tensor:
    """Boxes (B, 4) as torchvision's RandomResizedCrop draws them.

    A share ``scale`` of the area and a shape w / h in ``ratio``, even in its logarithm; of ten
    tries the first that fits, or else as much of the picture as has such a shape, its middle.
    """
    h, w = x.shape[2:]
    tries = torch.rand(2, len(x), 10, generator=generator)
    area = h * w * (scale[0] + (scale[1] - scale[0]) * tries[0])
    low, high = map(math.log, ratio)
    shape = (low + (high - low) * tries[1]).exp()
    sides = torch.stack([(area / shape).sqrt(), (area * shape).sqrt()], -1).round()
    size = torch.tensor([h, w])
    fits = ((sides > 0) & (sides <= size)).all(-1)  # (B, 10)
    chosen = sides[torch.arange(len(x)), fits.int().argmax(1)]  # (B, 2), the first that fits
    most = [min(h, round(w / ratio[0])), min(w, round(h * ratio[1]))]
    none = ~fits.any(1, keepdim=True)
    chosen = torch.where(none, torch.tensor(most), chosen)
    first = (torch.rand(len(x), 2, generator=generator) * (size - chosen + 1)).floor()
    first = torch.where(none, ((size - chosen) / 2).floor(), first)
    return torch.cat([first, chosen], 1)


def random_crop(
    x: Tensor,
    generator: Generator,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
    mirrored: float = 0.0,
) -> Tensor:
    """A box of any place, size and shape, as large as the picture again; mirrored or not."""
    boxes = crop_boxes(x, generator, scale, ratio)
    return crop(x, boxes, mirrored=_chosen(x, generator, mirrored) if mirrored else None)


def random_mirror(x: Tensor, generator: Generator, p: float = 0.5) -> Tensor:
    """Left for right with probability p."""
    return mirror(x, _chosen(x, generator, p))


def random_turn(x: Tensor, generator: Generator) -> Tensor:
    """By 0, 90, 180 or 270 degrees."""
    return turn(x, torch.randint(4, (len(x),), generator=generator))


def random_cut(x: Tensor, generator: Generator, side: int) -> Tensor:
    """A black square, its middle anywhere: DeVries and Taylor's cutout."""
    middle = torch.rand(len(x), 2, generator=generator) * torch.tensor(x.shape[2:])
    first = middle.floor() - side // 2
    return cut(x, torch.cat([first, torch.full_like(first, side)], 1))


def random_jitter(
    x: Tensor, generator: Generator, strength: float = 0.5, p: float = 0.8
) -> Tensor:
    """SimCLR's colour distortion (appendix A): factors in 1 ± 0.8 s, hue in ± 0.2 s.

    Each picture has its own factors; the order, drawn anew each time, is the batch's.
    """
    rest = torch.tensor([1.0, 1, 1, 0])
    reach = strength * torch.tensor([0.8, 0.8, 0.8, 0.2])
    factors = rest + reach * (2 * torch.rand(len(x), 4, generator=generator) - 1)
    factors[:, :3].clamp_(min=0)
    factors = torch.where(_chosen(x, generator, p)[:, None], factors, rest)
    return colour_jitter(x, factors, torch.randperm(4, generator=generator).tolist())


def random_greyscale(x: Tensor, generator: Generator, p: float = 0.2) -> Tensor:
    """No colours with probability p."""
    return greyscale(x, _chosen(x, generator, p))


def random_blur(
    x: Tensor,
    generator: Generator,
    size: int = 3,
    sigma: tuple[float, float] = (0.1, 2.0),
    p: float = 0.5,
) -> Tensor:
    """Blurred with probability p, by ``sigma`` pixels."""
    chosen = _chosen(x, generator, p)
    return blur(x, _uniform(x, generator, *sigma) * chosen, size)


def random_noise(
    x: Tensor, generator: Generator, sigma: tuple[float, float] = (0.0, 0.1)
) -> Tensor:
    """Gaussian noise, its standard deviation each picture's own."""
    sigmas = _uniform(x, generator, *sigma)
    return noise(x, sigmas, torch.randn(x.shape, generator=generator))


def random_sobel(x: Tensor, generator: Generator, p: float = 0.5) -> Tensor:
    """Edges alone with probability p."""
    return sobel(x, _chosen(x, generator, p))


def two_views(x: Tensor, generator: Generator, strength: float = 0.5) -> tuple[Tensor, Tensor]:
    """SimCLR's two views for 32 × 32 pixels: crop, mirror, jitter, grey; no blur (B.9).

    Args:
        x: (B, C, H, W) float in 0 to 1, C 1 or 3.
        strength: of the colour distortion, 0.5 for CIFAR-10.

    Returns:
        (B, C, H, W) twice, row k of both from picture k.
    """

    def view() -> Tensor:
        y = random_crop(x, generator, mirrored=0.5)
        return random_greyscale(random_jitter(y, generator, strength), generator)

    return view(), view()
