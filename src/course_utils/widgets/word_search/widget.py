"""Words find pictures and pictures find words, by two small towers that share 64 numbers."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import traitlets as t
from ipywidgets import widget_serialization

from ...reference.clip import LARGEST
from ...training.clip import emoji_words
from ..base import BookWidget, Cases, case, known
from ..network import Network
from . import pictures

CHANGES = ("as drawn", "grey", "red and blue exchanged", "mirrored", "upside down")
QUERY, LABELS = 64, 200  # characters at most; 64 hold no more than the 32 words of ``Words``

_AS_DRAWN = {"change": "as drawn"}
PRESETS: dict[str, dict[str, Any]] = {
    "fruit": _AS_DRAWN
    | {"query": "fruit", "picture": "lemon", "labels": "fruit, animal, tool, clothes"},
    "never seen together": _AS_DRAWN
    | {
        "query": "green heart",
        "picture": "green heart",
        "labels": "green heart, blue heart, green circle, red heart",
    },
    "another order": _AS_DRAWN
    | {
        "query": "eyes heart cat",
        "picture": "smiling cat with heart-eyes",
        "labels": "cat heart eyes, eyes heart cat, heart eyes",
    },
    "an unknown word": _AS_DRAWN
    | {"query": "polar bear", "picture": "polar bear", "labels": "polar bear, koala, panda"},
    "labels of several texts": _AS_DRAWN
    | {
        "query": "food",
        "picture": "fondue",
        "labels": "animal | bird | fish, food | fruit | drink, clothes | shoe | hat, "
        "vehicle | car | boat",
    },
}


@functools.cache
def _network() -> Network:
    towers = pictures.model()
    state = {f"text.{name}": v for name, v in towers.text.state_dict().items()}
    state |= {f"image.{name}": v for name, v in towers.image.state_dict().items()}
    return Network(tensors=state)


class WordSearch(BookWidget):
    """Type words, and 300 pictures of emoji come in the order of their cosines with them;
    choose one, and see which names and words are nearest to it and how your labels share it.

    The model is the shipped checkpoint ``clip_emoji``. Both towers run in the page, the text
    tower (a mean of word vectors and one layer) for what is typed, the image tower for a
    picture that is changed. The pictures are of a style that was never trained on; their
    features were computed by the image tower in float32 and are sent as float16. Their pixels
    have at most 32 colours each, and so the tower saw them.

    A label may have several texts: "cat | cat face". Its row of the classifier is that of
    ``reference.clip.zero_shot_head``, and the shares are those of ``classify``. Words that the
    vocabulary lacks are named and left out; a text of nothing else is not looked up, because
    the tower would say the same of all such texts.

    Attributes:
        query: what is looked for, at most 64 characters.
        labels: of the zero-shot bench, 2 to 6 between commas, at most 200 characters.
        picture: the name of the chosen picture, one of ``names``.
        change: what is done to it: one of ``CHANGES``.
        scale: s of the shares, 1 to 100; the learned one where none is given.
    """

    _esm = Path(__file__).with_name("widget.js")

    network = t.Instance(Network).tag(sync=True, **widget_serialization)
    presets = Cases(PRESETS)
    words = t.List(t.Unicode()).tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    features = t.Bytes().tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    album = t.Dict().tag(sync=True)
    own = t.List(t.List(t.Int())).tag(sync=True)
    new = t.List(t.Bool()).tag(sync=True)
    learned = t.Float().tag(sync=True)
    longest = t.Dict({"query": QUERY, "labels": LABELS}).tag(sync=True)

    query = t.Unicode().tag(sync=True)
    labels = t.Unicode().tag(sync=True)
    picture = t.Unicode().tag(sync=True)
    change = t.Unicode().tag(sync=True)
    scale = t.Float(min=1.0, max=LARGEST).tag(sync=True)

    def __init__(self, preset: str = "fruit", **state: Any) -> None:
        """
        Args:
            preset: a case to begin with.
            state: what differs from it, by the names of the attributes.

        Raises:
            ValueError: there is no such preset.
            TraitError: a text is too long, there is no such picture or change, or s is out of
                range.
            CourseError: the checkpoint is missing.
        """
        chosen, shown = case(preset, PRESETS), pictures.pictures()
        learned = pictures.model().scale().item()
        super().__init__(
            network=_network(),
            words=list(emoji_words().words),
            names=list(shown.names),
            features=shown.features.numpy().astype("<f2").tobytes(),
            pixels=shown.packed,
            album={
                "count": len(shown.names), "side": pictures.SIDE, "colours": pictures.COLOURS,
            },
            own=[list(numbers) for numbers in shown.own],
            new=list(shown.new),
            learned=learned,
            **{"scale": learned} | chosen | state,
        )  # fmt: skip

    @t.validate("query", "labels")
    def _short(self, proposal: Any) -> str:
        name, text = proposal["trait"].name, proposal["value"]
        if len(text) > self.longest[name]:
            raise t.TraitError(
                f"{name} may have {self.longest[name]} characters, not {len(text)}"
            )
        return text

    @t.validate("picture")
    def _known_picture(self, proposal: Any) -> str:
        return known("picture", proposal["value"], pictures.pictures().names)

    @t.validate("change")
    def _known_change(self, proposal: Any) -> str:
        return known("change", proposal["value"], CHANGES)
