"""A caption network in the page: what it says, what it could have said, where it looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets as t
from ipywidgets import widget_serialization

from ..base import BookWidget, Cases, known
from ..network import Network

SEARCHES = ("greedy", "beam", "sample")
MOST = 8
STATE: dict[str, Any] = {
    "network": 0,
    "search": "greedy",
    "given": [],
    "covered": False,
    "cover": [20, 20, 44, 44],
}


class Captioner(BookWidget):
    """A trained network says what it sees in a scene, word by word, with the words that it
    could have said instead and the places it looks at.

    The network runs in the browser. Another word can be put at any place: the rest is written
    anew. It decodes greedily, with a beam of 3 that is drawn as a tree, or by drawing words at
    a temperature. A grey box can be laid over the scene: it shows what the network needs, which
    attention weights alone do not. Unless scenes are given, eight are chosen: cases worth
    seeing, which ``cases`` searches for with this network.

    Attributes:
        network: which of the networks, 0 is the first.
        scene: which of the scenes, 0 is the first.
        search: "greedy", "beam" or "sample".
        temperature, seed: of the words that are drawn.
        given: numbers of the words with which the caption must begin.
        covered, cover: whether a box covers the scene; its left, top, right, bottom in pixels.
        place: the word that is looked at.
        head: whose attention is shown; 0 is the mean over all heads.
    """

    _esm = Path(__file__).with_name("widget.js")

    encoders = t.List(t.Instance(Network)).tag(sync=True, **widget_serialization)
    decoders = t.List(t.Instance(Network)).tag(sync=True, **widget_serialization)
    names = t.List(t.Unicode()).tag(sync=True)
    words = t.List(t.Unicode()).tag(sync=True)
    heads = t.Int(4).tag(sync=True)
    longest = t.Int(26).tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    right = t.List(t.Unicode()).tag(sync=True)
    splits = t.List(t.Unicode()).tag(sync=True)
    presets = Cases()

    network = t.Int(0, min=0).tag(sync=True)
    scene = t.Int(0, min=0).tag(sync=True)
    search = t.Unicode("greedy").tag(sync=True)
    temperature = t.Float(1.0, min=0.1, max=2.0).tag(sync=True)
    seed = t.Int(0, min=0).tag(sync=True)
    given = t.List(t.Int(min=2)).tag(sync=True)
    covered = t.Bool(False).tag(sync=True)
    cover = t.List(t.Int(min=0, max=64), STATE["cover"], minlen=4, maxlen=4).tag(sync=True)
    place = t.Int(2, min=0).tag(sync=True)
    head = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        networks: str | Sequence[str] = "caption_gru",
        scenes: Sequence[int | tuple[str, int]] | None = None,
        **state: Any,
    ) -> None:
        """
        Args:
            networks: names of checkpoints, "caption_gru", "caption_gru_plain",
                "caption_transformer", "caption_vit"; several can be compared, each takes
                440 to 710 kB of a page.
            scenes: at most eight: an index of the split "test", or (split, index) of "test",
                "style" (drawings of a style that training lacks) or "combinations" (colours
                that a shape never has in training); None: eight with the first network's cases.
            state: what differs from the beginning, by the names of the attributes.

        Raises:
            ValueError: there is no such network, scene or number of them.
            CourseError: a checkpoint is missing.
        """
        from ...data.scenes.judged import target  # with all of training: for one page
        from ...training.captioning import vocabulary
        from . import cases
        from . import networks as shipped

        names = [networks] if isinstance(networks, str) else list(networks)
        if not names:
            raise ValueError("networks must name at least one network")
        where = cases.chosen(names[0]) if scenes is None else shipped.addressed(scenes)
        if not 1 <= len(where) <= MOST:
            raise ValueError(f"scenes must be 1 to {MOST}, not {len(where)}")
        found = cases.cases(names[0]) if scenes is None else {}
        numbers = vocabulary().numbers
        super().__init__(
            encoders=[shipped.in_the_page(name, "encoder") for name in names],
            decoders=[shipped.in_the_page(name, "decoder") for name in names],
            names=[shipped.NAMES[name] for name in names],
            words=vocabulary().words,
            heads=shipped.HEADS,
            longest=shipped.LENGTH,
            pixels=shipped.in_bytes(where),
            right=[target(shipped.scene(one)) for one in where],
            splits=[split for split, _ in where],
            presets={name: _preset(case, where, numbers) for name, case in found.items()},
            **state,
        )
        if self.scene >= len(where) or self.network >= len(names):
            raise ValueError("scene and network must be of those that are given")

    @t.validate("search")
    def _known_search(self, proposal: Any) -> str:
        return known("search", proposal["value"], SEARCHES)

    @t.validate("cover")
    def _with_an_area(self, proposal: Any) -> list[int]:
        left, top, right, bottom = proposal["value"]
        if left >= right or top >= bottom:
            raise t.TraitError("cover must be left < right, top < bottom")
        return proposal["value"]


def _preset(
    case: dict[str, Any], where: Sequence[tuple[str, int]], numbers: dict[str, int]
) -> dict[str, Any]:
    """A case as the state of this widget."""
    given = [numbers[word] for word in case.get("given", [])]
    return STATE | case | {"scene": where.index(case["scene"]), "given": given}
