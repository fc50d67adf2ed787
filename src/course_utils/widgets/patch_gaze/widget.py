"""Where a patch of an image looks, layer by layer of a vision transformer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets as t
from ipywidgets import widget_serialization

from ..base import BookWidget
from ..network import Network

PLACES, MOST = 8, 8


class PatchGaze(BookWidget):
    """Where one patch of a scene looks in each layer and head of a trained vision transformer,
    and what can be read from its token there.

    The network is the encoder of the shipped checkpoint ``caption_vit``, run in the browser;
    its decoder stays away. A linear readout for each layer, of the checkpoint
    ``caption_vit_readout``, says what the patch holds. The patches can be shuffled, the codes
    of their places left out: without codes the patches are a set, and each looks at the same
    others wherever they lie.

    Attributes:
        scene: which of the scenes, 0 is the first.
        patch: the one that looks, 0 to 63, row by row of the scene as it was.
        layer: 1 is the first; one that the network does not have counts as its last.
        head: 0 is the mean over all heads.
        shuffled: whether the patches lie in an order that ``seed`` draws.
        positions: whether the codes of the places are added.
    """

    _esm = Path(__file__).with_name("widget.js")

    encoder = t.Instance(Network).tag(sync=True, **widget_serialization)
    readout = t.Instance(Network).tag(sync=True, **widget_serialization)
    contents = t.List(t.Unicode()).tag(sync=True)
    heads = t.Int(4).tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    truth = t.Bytes().tag(sync=True)
    begins = t.List(t.Int()).tag(sync=True)

    scene = t.Int(0, min=0).tag(sync=True)
    patch = t.Int(0, min=0, max=PLACES**2 - 1).tag(sync=True)
    layer = t.Int(1, min=1).tag(sync=True)
    head = t.Int(0, min=0, max=4).tag(sync=True)
    shuffled = t.Bool(False).tag(sync=True)
    positions = t.Bool(True).tag(sync=True)
    seed = t.Int(0, min=0).tag(sync=True)

    def __init__(self, scenes: Sequence[int] | None = None, **state: Any) -> None:
        """
        Args:
            scenes: at most eight indices of the split "test"; None: the six of which the
                layers help most to tell what the patches hold.
            state: what differs from the beginning, by the names of the attributes; without
                ``patch`` the one looks that the layers help most.

        Raises:
            ValueError: there is no such scene or number of them.
            CourseError: a checkpoint is missing.
        """
        from ...training.patches import CONTENTS, contents  # with all of training: for one page
        from ..captioner import networks as shipped
        from . import readout

        where = readout.chosen() if scenes is None else shipped.addressed(scenes)
        if not 1 <= len(where) <= MOST:
            raise ValueError(f"scenes must be 1 to {MOST} indices, not {len(where)}")
        first = state.get("scene", 0)
        if not 0 <= first < len(where):
            raise ValueError(f"scene must be from 0 to {len(where) - 1}, not {first}")
        begins = readout.helped(where)[1].tolist()
        held = [contents(shipped.scene(one)).tolist() for one in where]
        super().__init__(
            encoder=shipped.in_the_page("caption_vit", "encoder"),
            readout=readout.in_the_page(),
            contents=list(CONTENTS),
            heads=shipped.HEADS,
            pixels=shipped.in_bytes(where),
            truth=bytes(n for scene in held for n in scene),
            begins=begins,
            **{"patch": begins[first]} | state,
        )
