"""What a network learns in place of what was meant: short trainings of chapter 9.

A narrow network tells the turns of a few thousand halved images. What is changed is the images
or the labels; the features are judged on clean images, whatever the network has learned from.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from course_utils.data import Pictures
from course_utils.reference.probe import features, linear_probe
from course_utils.reference.rotation import rotations
from course_utils.training.fit import Objective, fit
from course_utils.training.representation import rotation, small_encoder


def narrow(seed: int = 0) -> nn.Module:
    """The network of the chapter at half its width, untrained: 64 features."""
    torch.manual_seed(seed)
    return small_encoder(widths=(16, 32, 64))


def learned(
    images: Pictures, objective: Objective = rotation, epochs: int = 6, seed: int = 0
) -> nn.Sequential:
    """A narrow encoder, then the layer that tells turns, trained on these images."""
    model = nn.Sequential(narrow(seed), nn.Linear(64, 4))
    fit(model, images.batches(64, seed=seed), epochs, lr=4e-3, objective=objective)
    return model.eval()


def stamped(images: Pictures) -> Pictures:
    """The images with a white mark in the lower left corner."""
    pixels = images.images.clone()
    pixels[:, :, -2:, :4] = 255
    return Pictures(images.name, pixels, images.labels, images.classes)


def without_up(images: Pictures, seed: int = 0) -> Pictures:
    """Each image turned by a quarter, a half, three quarters or not, before anyone asks."""
    draw = torch.Generator().manual_seed(seed)
    quarters = torch.randint(4, (len(images),), generator=draw).tolist()
    pixels = [x.rot90(r, (1, 2)) for x, r in zip(images.images, quarters, strict=True)]
    return Pictures(images.name, torch.stack(pixels), images.labels, images.classes)


def labels_by_image(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A mistake: the four copies of an image are said to lie together, but lie turn by turn."""
    logits = model(rotations(x)[0])
    wrong = torch.arange(4).repeat(len(x))
    return cross_entropy(logits, wrong), (logits.argmax(1) == wrong).sum() / 4


@torch.no_grad()
def told(model: nn.Module, images: Pictures) -> float:
    """The share of turns that the model tells."""
    x, by = rotations(images.images.float() / 255)
    return (model(x).argmax(1) == by).float().mean().item()


def judged(encoder: nn.Module, train: Pictures, test: Pictures) -> float:
    """The accuracy of a linear probe on the encoder's features of these images."""
    x, tests = (features(encoder, p.images.float() / 255) for p in (train, test))
    return linear_probe(x, train.labels, tests, test.labels, weight_decay=1e-2).accuracy


@torch.no_grad()
def covered(model: nn.Module, images: Pictures, side: int = 4) -> Tensor:
    """The share of turns that is lost when one square is grey: (H / side, W / side).

    The square is a place of the image itself and turns with it.
    """
    x = images.images.float() / 255
    whole, steps = told(model, images), range(0, x.shape[2], side)
    lost = torch.zeros(len(steps), len(steps))
    for i, top in enumerate(steps):
        for j, left in enumerate(steps):
            part = x.clone()
            part[:, :, top : top + side, left : left + side] = 0.5
            turned, by = rotations(part)
            lost[i, j] = whole - (model(turned).argmax(1) == by).float().mean()
    return lost
