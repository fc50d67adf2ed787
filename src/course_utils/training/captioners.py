"""The captioners of chapters 6 and 7, by the names of their recipes."""

from __future__ import annotations

from torch import nn

from course_utils.reference.captioning import Captioner, GRUDecoder, ImageEncoder
from course_utils.reference.transformer import TransformerDecoder
from course_utils.reference.vit import ViT
from course_utils.training.captioning import vocabulary


def _vit() -> ViT:
    return ViT(64, 8, 64, 3, 4, 128, class_token=False)


def _gru(words: int, features: int) -> nn.Module:
    return GRUDecoder(words, features)


def _gru_plain(words: int, features: int) -> nn.Module:
    return GRUDecoder(words, features, attention=False, reduced=4)


def _transformer(words: int, features: int) -> nn.Module:
    return TransformerDecoder(words, 56, 2, 4, 112, 32, features=features, summed=48)


CAPTIONERS = {
    "caption_gru_plain": (ImageEncoder, _gru_plain),
    "caption_gru": (ImageEncoder, _gru),
    "caption_transformer": (ImageEncoder, _transformer),
    "caption_vit": (_vit, _transformer),
    "caption_vit_long": (_vit, _transformer),
}


def untrained(name: str) -> Captioner:
    """A captioner with random weights; those of a recipe fit in.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in CAPTIONERS:
        raise ValueError(f"name must be one of {', '.join(CAPTIONERS)}, not {name!r}")
    make_encoder, make_decoder = CAPTIONERS[name]
    encoder = make_encoder()
    return Captioner(encoder, make_decoder(len(vocabulary()), encoder.size))
