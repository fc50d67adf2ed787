"""The captioners of chapters 6 and 7, by the names of their recipes."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from course_utils.reference.captioning import Captioner, GRUDecoder, ImageEncoder
from course_utils.reference.transformer import TransformerDecoder
from course_utils.reference.vit import ViT
from course_utils.training import checkpoints
from course_utils.training.captioning import vocabulary

# side, patch, d, layers, heads, hidden; and d, layers, heads, hidden, length
VIT, VIT_LARGE = (64, 8, 64, 3, 4, 128), (64, 8, 256, 6, 8, 1024)
DECODER, DECODER_LARGE = (56, 2, 4, 112, 32), (256, 4, 8, 1024, 32)


def _vit() -> ViT:
    return ViT(*VIT, class_token=False)


def _vit_large() -> ViT:
    return ViT(*VIT_LARGE, class_token=False)


def _encoder_large() -> ImageEncoder:
    return ImageEncoder((64, 128, 256))


def _gru(words: int, features: int) -> nn.Module:
    return GRUDecoder(words, features)


def _gru_plain(words: int, features: int) -> nn.Module:
    return GRUDecoder(words, features, attention=False)


def _gru_wide(words: int, features: int) -> nn.Module:
    return GRUDecoder(words, features, attention=False, hidden=160, summed=160)


def _transformer(words: int, features: int) -> nn.Module:
    return TransformerDecoder(words, *DECODER, features=features, summed=48)


def _transformer_large(words: int, features: int) -> nn.Module:
    return TransformerDecoder(words, *DECODER_LARGE, features=features, summed=128)


Makers = tuple[Callable[[], ImageEncoder | ViT], Callable[[int, int], nn.Module]]
CAPTIONERS: dict[str, Makers] = {
    "caption_gru_plain": (ImageEncoder, _gru_plain),
    "caption_gru_wide": (ImageEncoder, _gru_wide),
    "caption_gru": (ImageEncoder, _gru),
    "caption_transformer": (ImageEncoder, _transformer),
    "caption_vit": (_vit, _transformer),
    "caption_vit_long": (_vit, _transformer),
    "caption_transformer_large": (_encoder_large, _transformer_large),
    "caption_vit_large": (_vit_large, _transformer_large),
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


def trained(name: str) -> Captioner:
    """The captioner that ships, ready to speak.

    Raises:
        CourseError: its checkpoint is missing or of another network; with the command that
            makes it.
    """
    network = untrained(name)
    checkpoints.restore(network, name)
    return network.eval()
