"""The shipped caption networks and the scenes that widgets show with them."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence

import torch
from torch import nn

from ...data.scenes import Scene, Scenes, scenes
from ...reference.captioning import Captioner, GRUDecoder, ImageEncoder
from ...reference.transformer import TransformerDecoder
from ...reference.vit import ViT
from ...training import checkpoints
from ..network import Network

HEADS = 4  # of all transformers here; weights do not say it
SIDE, LENGTH = 64, 26  # pixels along a side; the most words that a search says
POOL = 240  # scenes of the split "test" among which cases are looked for

NAMES = {
    "caption_gru": "GRU with attention",
    "caption_gru_plain": "GRU, c = h₀",
    "caption_transformer": "transformer",
    "caption_vit": "ViT and transformer",
}


def _encoder(shapes: dict[str, torch.Size]) -> ImageEncoder | ViT:
    """Of the sizes that its weights have."""
    if "conv1.weight" in shapes:
        a, b, c = (
            shapes[f"{name}.weight"][0] for name in ("conv1", "layer1.conv1", "layer2.conv1")
        )
        return ImageEncoder((a, b, c))
    d, _, patch, _ = shapes["patches.proj.weight"]
    hidden, positions = shapes["layers.0.linear1.weight"][0], "positions" in shapes
    return ViT(SIDE, patch, d, _layers(shapes), HEADS, hidden, class_token=False,
               positions=positions)  # fmt: skip


def _decoder(shapes: dict[str, torch.Size], features: int) -> nn.Module:
    words, embedding = shapes["words.weight"]
    if "cell.weight_hh" in shapes:
        hidden, attends = shapes["cell.weight_hh"][1], "attention.score.weight" in shapes
        return GRUDecoder(words, features, attention=attends, hidden=hidden,
                          embedding=embedding, reduced=shapes["reduce.weight"][0])  # fmt: skip
    summed = shapes.get("what.weight", (0,))[0]
    hidden, length = shapes["layers.0.linear1.weight"][0], shapes["places"][0]
    return TransformerDecoder(words, embedding, _layers(shapes), HEADS, hidden, length,
                              features=features, summed=summed)  # fmt: skip


def _layers(shapes: dict[str, torch.Size]) -> int:
    return sum(name.endswith("norm1.weight") for name in shapes)


def built(weights: dict[str, torch.Tensor]) -> Captioner:
    """The network of these weights: their shapes say all sizes, but not the heads."""

    def under(part: str) -> dict[str, torch.Size]:
        own = ((k.split(".", 1), w.shape) for k, w in weights.items())
        return {name[1]: shape for name, shape in own if name[0] == part}

    encoder = _encoder(under("encoder"))
    network = Captioner(encoder, _decoder(under("decoder"), encoder.size))
    network.load_state_dict(weights)
    return network.eval()


@functools.cache
def captioner(name: str) -> Captioner:
    """A trained network of this name, as torch runs it.

    Raises:
        ValueError: there is no such network.
        CourseError: its checkpoint is missing.
    """
    if name not in NAMES:
        raise ValueError(f"networks must be of {[*NAMES]}, not {name!r}")
    return built(checkpoints.load(name))


@functools.cache
def in_the_page(name: str) -> Network:
    """The same for ``kit/captions.js``; one object, so that a page holds it once."""
    return Network(tensors=captioner(name).state_dict())


@functools.cache
def _source() -> Scenes:
    return scenes("test", size=SIDE)


@functools.cache
def scene(index: int) -> Scene:
    """A scene of the split "test", 64 pixels a side.

    Raises:
        ValueError: there is none of this index.
    """
    source = _source()
    if not 0 <= index < len(source):
        raise ValueError(f"scenes must be from 0 to {len(source) - 1}, not {index}")
    return source[index]


def in_bytes(chosen: Sequence[int]) -> bytes:
    """Pixels (N, 3, 64, 64) of scenes, deflated: a network must not read those of a JPEG."""
    images = torch.stack([scene(index).image for index in chosen])
    return zlib.compress(images.numpy().tobytes(), 9)
