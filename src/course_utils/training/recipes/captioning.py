"""Captions of scenes, chapters 6 and 7."""

from __future__ import annotations

import torch
from torch import nn

from course_utils.data.scenes import scenes
from course_utils.reference.captioning import Captioner, ImageEncoder
from course_utils.reference.vit import ViT
from course_utils.training import checkpoints
from course_utils.training.captioners import untrained
from course_utils.training.captioning import (
    Dense,
    captions_row,
    decoder_then_all,
    dense_loss,
    dense_row,
    learn,
    rendered,
)
from course_utils.training.patches import fitted
from course_utils.training.run import Run, Trained

SCENES, SMALLEST = 64_000, 256  # images of a full run, of the smallest trial
DENSE, FROZEN, TOGETHER = 4_000, 6_000, 1_500  # steps of 64 scenes, alike for every network


def caption_encoder(run: Run) -> Trained:
    """The image encoder of the captions, pre-trained to name what lies in each cell, scenes."""
    torch.manual_seed(run.seed)
    return _dense(run, ImageEncoder())


def _dense(run: Run, encoder: nn.Module, times: int = 1) -> Trained:
    train = rendered("train", max(SMALLEST, round(SCENES * run.share)))
    network = Dense(encoder, encoder.size).to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = run.length(times * DENSE)
    curve = learn(network, dense_loss, train, steps, seed=run.seed, watch=run.watch)
    row = {"parameters": sum(p.numel() for p in encoder.parameters()), "steps": steps}
    return Trained(
        encoder.state_dict(), row | dense_row(network.cpu(), rendered("val", 1000)), curve
    )


def _captioner(run: Run, network: Captioner, times: int = 1) -> Trained:
    """Train from the given encoder; measured with the float16 weights that ship."""
    train = rendered("train", max(SMALLEST, round(SCENES * run.share)))
    network = network.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    frozen, together = run.length(times * FROZEN), run.length(times * TOGETHER)
    curve = decoder_then_all(network, train, frozen, together, run.seed, run.watch)
    network = network.cpu().half().float()
    steps = {"steps frozen": frozen, "steps end to end": together}
    row = steps | captions_row(network, 1000 if run.share == 1 else 50)
    return Trained(network.state_dict(), row, curve)


def _with_trained_encoder(run: Run, name: str) -> Captioner:
    torch.manual_seed(run.seed)
    network = untrained(name)
    network.encoder.load_state_dict(checkpoints.load("caption_encoder"))
    return network


def caption_gru(run: Run) -> Trained:
    """Captions by a GRU with attention, scenes."""
    return _captioner(run, _with_trained_encoder(run, "caption_gru"))


def caption_gru_plain(run: Run) -> Trained:
    """Captions by a GRU whose context is h₀ at each word, scenes."""
    return _captioner(run, _with_trained_encoder(run, "caption_gru_plain"))


def caption_transformer(run: Run) -> Trained:
    """Captions by a transformer with a sum vector, scenes."""
    return _captioner(run, _with_trained_encoder(run, "caption_transformer"))


def caption_vit(run: Run) -> Trained:
    """Captions by a vision transformer and a transformer, both from nothing, scenes."""
    return _from_patches(run, 1)


def caption_vit_long(run: Run) -> Trained:
    """The same as ``caption_vit`` with five times the steps, scenes."""
    trained = _from_patches(run, 5)
    trained.ships = False
    return trained


def _from_patches(run: Run, times: int) -> Trained:
    torch.manual_seed(run.seed)
    network = untrained("caption_vit")
    dense = _dense(run, network.encoder, times)
    trained = _captioner(run, network, times)
    trained.row["of things, after the dense task"] = dense.row["thing"]
    return trained


def caption_vit_readout(run: Run) -> Trained:
    """What a patch holds, read linearly from each layer of ``caption_vit``, scenes."""
    network = untrained("caption_vit")
    network.load_state_dict(checkpoints.load("caption_vit"))
    vit = network.eval().encoder
    assert isinstance(vit, ViT)
    source, others = scenes("train", size=64), scenes("test", size=64)
    number = max(20, round(1000 * run.share))
    found = fitted(vit, [source[i] for i in range(number)], [others[i] for i in range(300)])
    row = {"scenes": number}
    for layer, (right, things) in enumerate(zip(found.right, found.things, strict=True)):
        row |= {
            f"layer {layer}: right": round(right, 4),
            f"layer {layer}: things": round(things, 4),
        }
    return Trained({"weight": found.weight, "bias": found.bias}, row, [])
