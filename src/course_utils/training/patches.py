"""What can be read from each layer's tokens of a vision transformer: linear readouts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from course_utils.data.scenes import STUFF, THING_NAMES, Scene
from course_utils.reference.probe import linear_probe
from course_utils.reference.vit import ViT

CONTENTS = (*STUFF, *THING_NAMES)  # what a patch can hold


def contents(scene: Scene, patch: int = 8) -> Tensor:
    """What most pixels of each patch show, (N,) int64 into ``CONTENTS``, row by row."""
    cut = (
        scene.semantic.unfold(0, patch, patch).unfold(1, patch, patch).flatten(2).flatten(0, 1)
    )
    return one_hot(cut, len(CONTENTS)).sum(1).argmax(1)


@torch.no_grad()
def layer_tokens(vit: ViT, images: Tensor) -> Tensor:
    """Tokens of images before the first layer and behind each one, (layers + 1, B, N, d).

    All of them are normalised by the network's last norm, as its memory is: the last are that.

    Args:
        images: (B, 3, side, side), uint8; the network has position codes and no class token.
    """
    x = vit.patches(images.float() / 255 * 2 - 1) + vit.positions
    tokens = [x]
    for layer in vit.layers:
        tokens.append(layer(tokens[-1]))
    return torch.stack([vit.norm(x) for x in tokens])


@dataclass(frozen=True)
class Readouts:
    """A linear classifier of patches for each layer, the tokens before the first one included.

    Attributes:
        weight, bias: (layers + 1, K, d) and (layers + 1, K), K as ``CONTENTS``.
        right: shares of right answers on test scenes, of all patches.
        things: the same, of patches that hold a thing.
    """

    weight: Tensor
    bias: Tensor
    right: tuple[float, ...]
    things: tuple[float, ...]


def fitted(vit: ViT, train: list[Scene], test: list[Scene], steps: int = 60) -> Readouts:
    """Logistic regression from each layer's tokens to what the patches hold; no random numbers.

    Raises:
        ValueError: no scenes.
    """
    if not train or not test:
        raise ValueError("readouts need scenes to be fitted to, and others to be tested on")
    (x, y), (x_test, y_test) = _patches(vit, train), _patches(vit, test)
    has_thing = y_test >= len(STUFF)
    weights, biases, right, things = [], [], [], []
    for tokens, others in zip(x, x_test, strict=True):
        probe = linear_probe(tokens, y, others, y_test, steps=steps)
        answers = probe.predict(others) == y_test
        right.append(answers.double().mean().item())
        things.append(answers[has_thing].double().mean().item())
        lacks = len(CONTENTS) - len(probe.bias)  # the last classes, where no scene has them
        weights.append(torch.cat([probe.weight, probe.weight.new_zeros(lacks, x.shape[-1])]))
        biases.append(torch.cat([probe.bias, probe.bias.new_full((lacks,), -100.0)]))
    return Readouts(torch.stack(weights), torch.stack(biases), tuple(right), tuple(things))


def _patches(vit: ViT, scenes: list[Scene]) -> tuple[Tensor, Tensor]:
    """Tokens (layers + 1, patches, d) of all patches of scenes, and what they hold."""
    images = torch.stack([scene.image for scene in scenes])
    tokens = torch.cat([layer_tokens(vit, part) for part in images.split(250)], 1)
    return tokens.flatten(1, 2), torch.cat([contents(scene) for scene in scenes])
