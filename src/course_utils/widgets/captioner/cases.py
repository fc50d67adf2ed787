"""Scenes on which a trained caption network does what is worth seeing, found by a search."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...data.scenes import THINGS, Scene
from ...data.scenes.judged import Verdict, judge
from ...data.scenes.reading import read
from ...data.scenes.vocabulary import NUMBERS
from ...reference.caption_metrics import apart
from ...reference.captioning import END, START, Captioner
from ...training.captioning import said, vocabulary
from .networks import LENGTH, Where, captioner, scene

SHOWN, WIDTH = 8, 3
GREY = 128
POOLS = {"test": 240, "style": 80, "combinations": 80}  # scenes among which is searched
MANY = {thing.name: thing.many for thing in THINGS}
Case = dict[str, Any]
Found = tuple[str, Case]  # what is to be seen, and the state of the widget


@dataclass(frozen=True)
class Said:
    """A scene and what a network says of it, greedily and, of the split "test", by a beam."""

    where: Where
    scene: Scene
    greedy: str
    beam: str

    @functools.cached_property
    def verdict(self) -> Verdict:
        """Of the greedy caption."""
        return judge(self.greedy, self.scene)

    @functools.cached_property
    def there(self) -> dict[str, int]:
        """How often each thing stands in the scene."""
        names = [item.thing.name for item in self.scene.objects]
        return {name: names.count(name) for name in names}

    def case(self, **state: Any) -> Case:
        return {"scene": self.where, "search": "greedy"} | state


Pools = dict[str, list[Said]]
Search = Callable[[Captioner, Pools], Iterator[Found]]


@functools.cache
def cases(name: str) -> dict[str, Case]:
    """For each kind of case the first that a network offers, as the state of a ``Captioner``.

    The name says what is to be seen. A kind that is nowhere in the pools is left out, and each
    case has a scene of its own. ``scene`` is (split, index) here.
    """
    network = captioner(name)
    pools = {split: _pool(network, split, size) for split, size in POOLS.items()}
    found: dict[str, Case] = {}
    for search in SEARCHES:
        taken = [case["scene"] for case in found.values()]
        first = next((f for f in search(network, pools) if f[1]["scene"] not in taken), None)
        if first is not None:
            found[first[0]] = first[1]
    return found


def chosen(name: str) -> list[Where]:
    """Eight scenes: those of the cases, then the first others of the split "test"."""
    taken = [case["scene"] for case in cases(name).values()]
    others = [("test", n) for n in range(POOLS["test"]) if ("test", n) not in taken]
    return taken + others[: SHOWN - len(taken)]


def _pool(network: Captioner, split: str, size: int) -> list[Said]:
    pool = [(split, index) for index in range(size)]
    images = torch.stack([scene(where).image for where in pool])
    by_greedy = said(network, images)
    by_beam = said(network, images, WIDTH) if split == "test" else by_greedy
    return [
        Said(where, scene(where), one, other)
        for where, one, other in zip(pool, by_greedy, by_beam, strict=True)
    ]


def _place(caption: str, words: Sequence[str]) -> int:
    """Where the first of these words stands in a caption."""
    return next(n for n, word in enumerate(apart(caption).split()) if word in words)


def _parting(caption: str, other: str) -> int:
    """The first place at which two captions differ."""
    pairs = zip(apart(caption).split(), apart(other).split(), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), 0)


# ---------------------------------------------------------------- searches


def _long(_: Captioner, pools: Pools) -> Iterator[Found]:
    """Right captions of scenes with four things or more, the one of most words first."""
    right = [s for s in pools["test"] if s.verdict.full and len(s.scene.objects) >= 4]
    for one in sorted(right, key=lambda s: -len(apart(s.greedy).split())):
        yield "a long caption, all right", one.case(place=2)


def _greedy_loses(_: Captioner, pools: Pools) -> Iterator[Found]:
    """Greedy says what is not true, the beam all that is there."""
    for one in pools["test"]:
        if judge(one.beam, one.scene).full and not one.verdict.true:
            place = _parting(one.greedy, one.beam)
            yield "greedy loses to the beam", one.case(search="beam", place=place)


def _wrong_count(_: Captioner, pools: Pools) -> Iterator[Found]:
    """All things named and no other, and the number of one of them wrong."""
    for one in pools["test"]:
        v, sentence = one.verdict, read(one.greedy)
        if sentence is None or v.missing or v.false or v.repeated:
            continue
        wrong = [g for g in sentence.groups if g.number != one.there[g.thing]]
        if len(wrong) == 1 and all(v.sizes) and all(v.colours):
            (group,) = wrong
            number, name = one.there[group.thing], group.thing
            there = f"{NUMBERS[number]} {MANY[name] if number > 1 else name}"
            noun = _place(one.greedy, (name, MANY[name]))
            state = one.case(place=noun - (1 if group.number > 1 else 0))
            yield f"{there}, counted as {NUMBERS[group.number]}", state


def _forced(network: Captioner, pools: Pools) -> Iterator[Found]:
    """One thing, named right, of which the network says "two" when it must begin so."""
    for one in pools["test"]:
        if one.verdict.full and len(one.scene.objects) == 1:
            (name,) = one.there
            sentence = read(going_on(network, one.scene.image, ["two"]))
            if sentence and [(g.number, g.thing) for g in sentence.groups] == [(2, name)]:
                yield f"one {name}, “two” forced", one.case(given=["two"], place=1)


def _unseen_style(_: Captioner, pools: Pools) -> Iterator[Found]:
    """One thing, drawn in a style that training lacks, is taken for another one."""
    for one in pools["style"]:
        sentence = read(one.greedy)
        if sentence and one.verdict.missing == one.verdict.false == 1:
            names = {g.thing for g in sentence.groups}
            (there,), (called,) = one.there.keys() - names, names - one.there.keys()
            place = _place(one.greedy, (called, MANY[called]))
            yield f"unseen style: {there} called {called}", one.case(place=place)


def _unseen_pair(_: Captioner, pools: Pools) -> Iterator[Found]:
    """A shape in a colour that it never has in training: one of the two is said wrong."""
    for one in pools["combinations"]:
        shapes = [i for i in one.scene.objects if i.colour and one.there[i.thing.name] == 1]
        sentence = read(one.greedy)
        if sentence is None or len(shapes) != 1 or any(s.both for s in one.verdict.shapes):
            continue
        (shape,), others = shapes, one.there.keys() - {shapes[0].thing.name}
        told = [g for g in sentence.groups if g.thing not in others and g.colour]
        if len(told) == 1 and shape.colour:
            wanted, called = f"{shape.colour} {shape.thing.name}", told[0]
            state = one.case(place=_place(one.greedy, (called.thing,)))
            yield f"unseen pair: {wanted} called {called.colour} {called.thing}", state


def _covered(network: Captioner, pools: Pools) -> Iterator[Found]:
    """Three things, all right; a grey box takes exactly one of them out of the caption."""
    for one in pools["test"]:
        if len(one.there) != 3 or not one.verdict.full or one.verdict.many:
            continue
        for item in one.scene.objects:
            box = [round(v) for v in item.box]
            (caption,) = said(network, covered(one.scene.image, box)[None])
            seen, name = judge(caption, one.scene), item.thing.name
            others = seen.found == 2 and not seen.false + seen.repeated
            if others and name not in apart(caption).split():
                place = _parting(caption, one.greedy)
                yield f"{name} covered", one.case(covered=True, cover=box, place=place)


SEARCHES: tuple[Search, ...] = (
    _long, _greedy_loses, _wrong_count, _forced, _unseen_style, _unseen_pair, _covered,
)  # fmt: skip


# ---------------------------------------------------------------- networks


def covered(image: Tensor, box: Sequence[int]) -> Tensor:
    """A uint8 image (3, 64, 64) with a grey box, left, top, right, bottom."""
    left, top, right, bottom = box
    image = image.clone()
    image[:, top:bottom, left:right] = GREY
    return image


@torch.no_grad()
def going_on(network: Captioner, image: Tensor, given: Sequence[str]) -> str:
    """What a network says greedily of an image (3, 64, 64) after words that are given."""
    known, decoder = vocabulary(), network.decoder
    must = [known.numbers[word] for word in given]
    state, ids = decoder.start(network.encoder(image[None])), [START]  # type: ignore[operator]
    while len(ids) <= LENGTH and ids[-1] != END:
        logits, state = decoder.step(torch.tensor(ids[-1:]), state)  # type: ignore[operator]
        best = int(logits.argmax())
        ids.append(must[len(ids) - 1] if len(ids) <= len(must) else best)
    return known.decode(ids)
