"""What linear readouts of the shipped vision transformer say of patches, and where to look."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor

from ...data.scenes import STUFF
from ...training import checkpoints
from ...training.patches import contents, layer_tokens
from ..captioner import networks as shipped
from ..captioner.networks import Where
from ..network import Network

NAME = "caption_vit_readout"
POOL, SHOWN = 60, 6  # scenes of the split "test" among which is searched; how many are shown


def weights() -> dict[str, Tensor]:
    """``weight`` (layers + 1, K, d) and ``bias`` (layers + 1, K).

    Raises:
        CourseError: the checkpoint is missing.
    """
    return checkpoints.load(NAME)


@functools.cache
def in_the_page() -> Network:
    """The same for ``kit/nn.js``; one object, so that a page holds it once."""
    return Network(tensors=weights())


@torch.no_grad()
def shares(where: Sequence[Where]) -> Tensor:
    """What each layer's readout gives to what a patch could hold: (layers + 1, N, 64, K)."""
    encoder, own = shipped.captioner("caption_vit").encoder, weights()
    images = torch.stack([shipped.scene(one).image for one in where])
    tokens = layer_tokens(encoder, images)  # type: ignore[arg-type]
    logits = tokens @ own["weight"].mT[:, None] + own["bias"][:, None, None]
    return logits.softmax(-1)


def helped(where: Sequence[Where]) -> tuple[Tensor, Tensor]:
    """For each scene, on how many patches of things the layers help, and which one the most.

    They help where the readout is wrong before the first layer and right after the last. The
    most: where the share of what is there rises most, if it is a patch of a thing.
    """
    said, truth = shares(where), torch.stack([contents(shipped.scene(one)) for one in where])
    of_truth = said.gather(-1, truth.expand(len(said), -1, -1)[..., None]).squeeze(-1)
    thing = truth >= len(STUFF)
    right = said.argmax(-1) == truth
    number = (thing & ~right[0] & right[-1]).sum(1)
    rise = torch.where(thing, of_truth[-1] - of_truth[0], -2)
    return number, rise.argmax(1)


@functools.cache
def chosen() -> list[Where]:
    """The six scenes of the pool in which the layers help on most patches of things."""
    pool: list[Where] = [("test", index) for index in range(POOL)]
    number, _ = helped(pool)
    return [pool[n] for n in number.argsort(descending=True, stable=True)[:SHOWN].tolist()]
