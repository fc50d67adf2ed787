"""Captions of scenes, chapters 6 and 7."""

from __future__ import annotations

from dataclasses import replace

import torch

from course_utils.data.scenes import scenes
from course_utils.reference.captioning import Captioner, ImageEncoder
from course_utils.reference.vit import ViT
from course_utils.training import checkpoints
from course_utils.training.caption_plan import Plan
from course_utils.training.captioners import trained, untrained
from course_utils.training.patches import fitted
from course_utils.training.run import Run, Trained

PLAN = Plan(64_000, 4_000, 6_000, 1_500)  # scenes and steps, alike for every network
LONGER = replace(PLAN, together=4 * PLAN.together, ships=False)


def caption_encoder(run: Run) -> Trained:
    """The image encoder of the captions, pre-trained to name what lies in each cell, scenes."""
    torch.manual_seed(run.seed)
    return PLAN.train_encoder(run, ImageEncoder())


def _with_trained_encoder(run: Run, name: str) -> Captioner:
    torch.manual_seed(run.seed)
    network = untrained(name)
    checkpoints.restore(network.encoder, "caption_encoder")
    return network


def caption_gru(run: Run) -> Trained:
    """Captions by a GRU with attention, scenes."""
    return PLAN.train_captioner(run, _with_trained_encoder(run, "caption_gru"))


def caption_gru_plain(run: Run) -> Trained:
    """Captions by a GRU whose context is h₀ at each word, 92 numbers, scenes."""
    return PLAN.train_captioner(run, _with_trained_encoder(run, "caption_gru_plain"))


def caption_gru_wide(run: Run) -> Trained:
    """Captions by a GRU whose context is h₀ at each word, 160 numbers, scenes."""
    return PLAN.train_captioner(run, _with_trained_encoder(run, "caption_gru_wide"))


def caption_transformer(run: Run) -> Trained:
    """Captions by a transformer with a sum vector, scenes."""
    return PLAN.train_captioner(run, _with_trained_encoder(run, "caption_transformer"))


def caption_gru_long(run: Run) -> Trained:
    """The same as ``caption_gru`` with four times the steps end to end, scenes."""
    return LONGER.train_captioner(run, _with_trained_encoder(run, "caption_gru"))


def caption_transformer_long(run: Run) -> Trained:
    """The same as ``caption_transformer`` with four times the steps end to end, scenes."""
    return LONGER.train_captioner(run, _with_trained_encoder(run, "caption_transformer"))


def caption_vit(run: Run) -> Trained:
    """Captions by a vision transformer and a transformer, both from nothing, scenes."""
    torch.manual_seed(run.seed)
    return PLAN.train_both(run, untrained("caption_vit"))


def caption_vit_long(run: Run) -> Trained:
    """The same as ``caption_vit`` with five times the steps, scenes."""
    torch.manual_seed(run.seed)
    steps = {"dense": 5 * PLAN.dense, "frozen": 5 * PLAN.frozen, "together": 5 * PLAN.together}
    return replace(PLAN, **steps, ships=False).train_both(run, untrained("caption_vit"))


def caption_vit_readout(run: Run) -> Trained:
    """What a patch holds, read linearly from each layer of ``caption_vit``, scenes."""
    vit = trained("caption_vit").encoder
    assert isinstance(vit, ViT)
    source, others = scenes("train", size=64), scenes("test", size=64)
    number = max(20, round(1000 * run.share))
    found = fitted(vit, [source[i] for i in range(number)], [others[i] for i in range(300)])
    row: dict[str, float] = {"scenes": number}
    for layer, (right, things) in enumerate(zip(found.right, found.things, strict=True)):
        row |= {
            f"layer {layer}: right": round(right, 4),
            f"layer {layer}: things": round(things, 4),
        }
    return Trained({"weight": found.weight, "bias": found.bias}, row, [])
