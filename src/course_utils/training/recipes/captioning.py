"""Captions of scenes, chapters 6 and 7."""

from __future__ import annotations

import torch
from torch import nn

from course_utils.reference.captioning import Captioner, GRUDecoder, ImageEncoder
from course_utils.reference.transformer import TransformerDecoder
from course_utils.reference.vit import ViT
from course_utils.training import checkpoints
from course_utils.training.captioning import (
    Dense,
    captions_row,
    decoder_then_all,
    dense_loss,
    dense_row,
    learn,
    rendered,
    vocabulary,
)
from course_utils.training.run import Run, Trained

SCENES, SMALLEST = 64_000, 256  # images of a full run, of the smallest trial
DENSE, FROZEN, TOGETHER = 4_000, 6_000, 3_000  # steps of 64 scenes, of every network alike


def caption_encoder(run: Run) -> Trained:
    """The image encoder of the captions, pre-trained to name what lies in each cell, scenes."""
    torch.manual_seed(run.seed)
    return _dense(run, ImageEncoder())


def _dense(run: Run, encoder: ImageEncoder | ViT) -> Trained:
    train = rendered("train", max(SMALLEST, round(SCENES * run.share)))
    network = Dense(encoder, encoder.size).to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = run.length(DENSE)
    curve = learn(network, dense_loss, train, steps, seed=run.seed, watch=run.watch)
    row = {"parameters": sum(p.numel() for p in encoder.parameters()), "steps": steps}
    return Trained(
        encoder.state_dict(), row | dense_row(network.cpu(), rendered("val", 1000)), curve
    )


def _captioner(
    run: Run, encoder: nn.Module, decoder: nn.Module, frozen: int, together: int
) -> Trained:
    """Train from the given encoder; measured with the float16 weights that ship."""
    train = rendered("train", max(SMALLEST, round(SCENES * run.share)))
    network = Captioner(encoder, decoder).to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    frozen, together = run.length(frozen), run.length(together)
    curve = decoder_then_all(network, train, frozen, together, run.seed, run.watch)
    network = network.cpu().half().float()
    steps = {"steps frozen": frozen, "steps end to end": together}
    row = steps | captions_row(network, 1000 if run.share == 1 else 50)
    return Trained(network.state_dict(), row, curve)


def _trained_encoder() -> ImageEncoder:
    encoder = ImageEncoder()
    encoder.load_state_dict(checkpoints.load("caption_encoder"))
    return encoder


def caption_gru(run: Run) -> Trained:
    """Captions by a GRU with attention, scenes."""
    torch.manual_seed(run.seed)
    encoder = _trained_encoder()
    decoder = GRUDecoder(len(vocabulary()), encoder.size)
    return _captioner(run, encoder, decoder, FROZEN, TOGETHER)


def caption_gru_plain(run: Run) -> Trained:
    """Captions by a GRU whose context is h₀ at each word, scenes."""
    torch.manual_seed(run.seed)
    encoder = _trained_encoder()
    decoder = GRUDecoder(len(vocabulary()), encoder.size, attention=False, reduced=4)
    return _captioner(run, encoder, decoder, FROZEN, TOGETHER)


def caption_transformer(run: Run) -> Trained:
    """Captions by a transformer with a sum vector, scenes."""
    torch.manual_seed(run.seed)
    encoder = _trained_encoder()
    decoder = TransformerDecoder(
        len(vocabulary()), 56, 2, 4, 112, 32, features=encoder.size, summed=48
    )
    return _captioner(run, encoder, decoder, FROZEN, TOGETHER)


def caption_vit(run: Run) -> Trained:
    """Captions by a vision transformer and a transformer, both from nothing, scenes."""
    torch.manual_seed(run.seed)
    encoder = ViT(64, 8, 64, 3, 4, 128, class_token=False)
    _dense(run, encoder)
    decoder = TransformerDecoder(
        len(vocabulary()), 56, 2, 4, 112, 32, features=encoder.size, summed=48
    )
    return _captioner(run, encoder, decoder, FROZEN, TOGETHER)
