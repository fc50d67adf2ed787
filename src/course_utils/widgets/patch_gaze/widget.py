"""Where a patch of an image looks, layer by layer of a vision transformer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets as t
from ipywidgets import widget_serialization

from ..base import BookWidget
from ..network import Network

SIDE, PLACES, MOST = 64, 8, 8


class PatchGaze(BookWidget):
    """Where one patch of a scene looks in each layer and head of a trained vision transformer,
    and what the caption would be if the decoder read that layer.

    The network is the shipped checkpoint ``caption_vit``, run in the browser. The patches can
    be shuffled, the codes of their places left out: without codes the patches are a set, and
    each looks at the same others wherever they lie.

    Attributes:
        scene: which of the scenes, 0 is the first.
        patch: the one that looks, 0 to 63, row by row of the scene as it was.
        layer: 1 is the first; one that the network does not have counts as its last.
        head: 0 is the mean over all heads.
        shuffled: whether the patches lie in an order that ``seed`` draws.
        positions: whether the codes of the places are added.
    """

    _esm = Path(__file__).with_name("widget.js")

    network = t.Instance(Network).tag(sync=True, **widget_serialization)
    words = t.List(t.Unicode()).tag(sync=True)
    heads = t.Int(4).tag(sync=True)
    longest = t.Int(26).tag(sync=True)
    pixels = t.Bytes().tag(sync=True)
    middles = t.List(t.Int()).tag(sync=True)

    scene = t.Int(0, min=0).tag(sync=True)
    patch = t.Int(0, min=0, max=PLACES**2 - 1).tag(sync=True)
    layer = t.Int(1, min=1).tag(sync=True)
    head = t.Int(0, min=0, max=4).tag(sync=True)
    shuffled = t.Bool(False).tag(sync=True)
    positions = t.Bool(True).tag(sync=True)
    seed = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        network: str = "caption_vit",
        scenes: Sequence[int] | None = None,
        **state: Any,
    ) -> None:
        """
        Args:
            network: name of a checkpoint whose encoder is a vision transformer.
            scenes: at most eight indices of the split "test"; None: the eight of a
                ``Captioner`` of this network.
            state: what differs from the beginning, by the names of the attributes; without
                ``patch`` the middle of the scene's largest thing looks.

        Raises:
            ValueError: there is no such network, scene or number of them.
            CourseError: the checkpoint is missing.
        """
        from ...reference.vit import ViT  # with all of training: for one page
        from ...training.captioning import vocabulary
        from ..captioner import cases
        from ..captioner import networks as shipped

        if not isinstance(shipped.captioner(network).encoder, ViT):
            raise ValueError(f"network must have a vision transformer, {network!r} has none")
        indices = cases.chosen(network) if scenes is None else [int(n) for n in scenes]
        if not 1 <= len(indices) <= MOST:
            raise ValueError(f"scenes must be 1 to {MOST} indices, not {len(indices)}")
        first = state.get("scene", 0)
        if not 0 <= first < len(indices):
            raise ValueError(f"scene must be from 0 to {len(indices) - 1}, not {first}")
        middles = [_middle(shipped.scene(n)) for n in indices]
        super().__init__(
            network=shipped.in_the_page(network),
            words=vocabulary().words,
            heads=shipped.HEADS,
            longest=shipped.LENGTH,
            pixels=shipped.in_bytes(indices),
            middles=middles,
            **{"patch": middles[first]} | state,
        )


def _middle(scene: Any) -> int:
    """The patch in the middle of a scene's largest thing."""
    boxes = [item.box for item in scene.objects]
    x0, y0, x1, y1 = max(boxes, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
    column, row = (int((a + b) / 2 * PLACES / SIDE) for a, b in ((x0, x1), (y0, y1)))
    return PLACES * min(row, PLACES - 1) + min(column, PLACES - 1)
