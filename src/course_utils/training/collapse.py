"""Contrastive learning that goes wrong: short trainings of chapter 10.

A narrow network learns from two views of a few thousand halved images. What is changed is the
views, the partners or the loss.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from course_utils.data import Pictures
from course_utils.reference.simclr import SimCLR
from course_utils.training import views
from course_utils.training.augment import Change, seeded
from course_utils.training.fit import Objective, fit
from course_utils.training.representation import agreement, small_encoder


def narrow(seed: int = 0) -> SimCLR:
    """The network of the chapter at half its width, untrained."""
    torch.manual_seed(seed)
    return SimCLR(small_encoder(widths=(16, 32, 64)), 64, 32)


def two(x: Tensor, generator: Generator) -> Tensor:
    """SimCLR's two views of each image: (B, C, H, W) -> (B, 2, C, H, W)."""
    return torch.stack(views.two_views(x, generator), 1)


def twice_the_same(x: Tensor, generator: Generator) -> Tensor:
    """One view of each image, twice."""
    view, _ = views.two_views(x, generator)
    return torch.stack([view, view], 1)


def crops_alone(x: Tensor, generator: Generator) -> Tensor:
    """Two crops of each image in its own colours."""
    return torch.stack([views.random_crop(x, generator) for _ in range(2)], 1)


def no_negatives(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Partners are pulled together, and nothing is pushed apart."""
    _, z = model(x.transpose(0, 1).flatten(0, 1))
    a, b = normalize(z, dim=1).chunk(2)
    return (a - b).square().sum(1).mean(), y.new_zeros(())


def next_images(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A mistake: the second views belong to the next image of the batch."""
    mixed = torch.stack([x[:, 0], x[:, 1].roll(1, 0)], 1)
    return agreement(model, mixed, y)


TRIES: dict[str, tuple[Change, Objective]] = {
    "as it should be": (two, agreement),
    "no negatives": (two, no_negatives),
    "both views are the same": (twice_the_same, agreement),
    "crops alone": (crops_alone, agreement),
    "partners one row off": (two, next_images),
}


def learned(
    images: Pictures, change: Change, objective: Objective, epochs: int = 6, seed: int = 0
) -> SimCLR:
    """A narrow network trained on two views that ``change`` makes of each image."""
    model = narrow(seed)
    batches = images.batches(100, seed=seed, augment=seeded(change, seed), drop_last=True)
    fit(model, batches, epochs, lr=2e-3, objective=objective)
    return model.eval()


@torch.no_grad()
def distances(model: SimCLR, images: Pictures, seed: int = 2) -> tuple[float, float]:
    """Mean squared distances of normalised projections: of partners, and of any two views."""
    x = images.images.float() / 255
    pairs = torch.cat(views.two_views(x, Generator().manual_seed(seed)))
    z = normalize(model.eval()(pairs)[1], dim=1)
    a, b = z.chunk(2)
    return (a - b).square().sum(1).mean().item(), torch.pdist(z).square().mean().item()
