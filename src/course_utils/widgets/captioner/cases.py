"""Scenes on which a trained caption network does what is worth seeing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...data.scenes import Scene
from ...data.scenes.judged import Verdict, judge
from ...reference.caption_metrics import apart
from ...reference.captioning import Captioner, beam_search, greedy
from ...training.captioning import vocabulary
from .networks import LENGTH, POOL, captioner, scene

SHOWN, WIDTH = 8, 3
GREY = 128
Case = dict[str, Any]


@functools.cache
def cases(name: str) -> dict[str, Case]:
    """The first scene of the pool for each case, as the state of a ``Captioner``.

    A case that this network offers nowhere in the pool is left out. ``scene`` is the index in
    the split "test" here.
    """
    network = captioner(name)
    pool = [scene(index) for index in range(POOL)]
    images = torch.stack([one.image for one in pool])
    by_greedy, by_beam = _said(network, images, 1), _said(network, images, WIDTH)
    verdicts = [
        (judge(a, one), judge(b, one))
        for a, b, one in zip(by_greedy, by_beam, pool, strict=True)
    ]
    found: dict[str, Case] = {}

    def first(
        case: str, holds: Callable[[Scene, Verdict, Verdict], bool], **state: Any
    ) -> None:
        taken = {c["scene"] for c in found.values()}
        for index, (one, (a, b)) in enumerate(zip(pool, verdicts, strict=True)):
            if index not in taken and holds(one, a, b):
                found[case] = {"scene": index, "search": "greedy"} | state
                return

    first("many things, all right", lambda s, a, b: len(s.objects) >= 4 and a.full, place=2)
    first("greedy loses", lambda s, a, b: b.full and not a.true, search="beam")
    if loses := found.get("greedy loses"):
        loses["place"] = _parting(by_greedy[loses["scene"]], by_beam[loses["scene"]])
    first("a wrong count", lambda s, a, b: not all(a.many) and a.form is not None)
    first("what if “two”?", lambda s, a, b: len(s.objects) == 1 and a.full,
          given=["two"], place=1)  # fmt: skip
    covered = _covered(network, pool, verdicts, {c["scene"] for c in found.values()})
    return found | covered


def chosen(name: str) -> list[int]:
    """Eight scenes: those of the cases, then the first others."""
    taken = [case["scene"] for case in cases(name).values()]
    return taken + [n for n in range(POOL) if n not in taken][: SHOWN - len(taken)]


def _parting(a: str, b: str) -> int:
    """The first place at which two captions differ."""
    pairs = zip(apart(a).split(), apart(b).split(), strict=False)
    return next(n for n, (one, other) in enumerate(pairs) if one != other)


@torch.no_grad()
def _said(network: Captioner, images: Tensor, width: int) -> list[str]:
    known, memory = vocabulary(), network.encoder(images)
    decoder: Any = network.decoder
    ids = (
        greedy(decoder, memory, LENGTH)
        if width == 1
        else beam_search(decoder, memory, width, LENGTH)
    )
    return [known.decode(row) for row in ids]


def _covered(
    network: Captioner, pool: list[Scene], verdicts: list[Any], taken: set[int]
) -> dict[str, Case]:
    """A scene of three right things of which a grey box takes exactly one away."""
    for index, (one, (verdict, _)) in enumerate(zip(pool, verdicts, strict=True)):
        if index in taken or len(one.objects) != 3 or not verdict.full or verdict.many:
            continue
        for item in one.objects:
            left, top, right, bottom = (round(v) for v in item.box)
            image = one.image.clone()
            image[:, top:bottom, left:right] = GREY
            (caption,) = _said(network, image[None], 1)
            seen = judge(caption, one)
            if not seen.false and seen.found == 2 and item.thing.name not in caption:
                box = [left, top, right, bottom]
                case = {"scene": index, "search": "greedy", "place": 0,
                        "covered": True, "cover": box}  # fmt: skip
                return {f"{item.thing.name} covered": case}
    return {}
