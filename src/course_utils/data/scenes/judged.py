"""Is a sentence about a scene true? The grammar of ``captions`` read backwards.

A caption that says the same in other words is as good as a reference, and one that differs
from it in a single word can be wrong. Counting words in common does not see that; here every
claim of the sentence is held against the scene.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from course_utils.data.scenes.captions import _groups, _said
from course_utils.data.scenes.reading import Group, Sentence, read
from course_utils.data.scenes.scene import Scene, SceneObject, clear_pairs

ORDERS = ("left", "random")
COMPLETE = ("list", "stand", "picture")  # forms that name everything that is there


@dataclass(frozen=True)
class Told:
    """A scene without its pixels: what captions speak of. See ``told``."""

    objects: tuple[SceneObject, ...]
    ground: str
    captions: tuple[str, ...]
    side: int


class Shape(NamedTuple):
    """Of a coloured shape that is there once: what a caption got of it."""

    named: bool  # the shape, in whatever colour
    coloured: bool  # a shape of its colour, whichever
    both: bool  # the shape in its colour


@dataclass(frozen=True)
class Verdict:
    """What is right and wrong in a caption.

    A *thing* is a class that stands in the scene, however often. What stands below ``string``
    counts the groups of any sentence of the grammar; in one outside of it nothing is found.

    Attributes:
        form: ``list``, ``stand``, ``there``, ``pair``, ``picture`` or ``number``; None for a
            sentence that the grammar does not have.
        full: a ``list`` with every thing once, in any order, its number, its size and colour
            where it is there once, and the ground.
        true: of any form, and nothing it says is wrong; the forms ``list``, ``stand`` and
            ``picture`` must name everything, with its number.
        string: one of the scene's own captions, letter by letter.
        ground: the named ground is the right one; None where none is named.
        found, missing, false, repeated: how many things are named, are not, are named and not
            there, and how many groups name a thing that was named before.
        counts: for each group that names a thing that is there, whether the number is right;
            ``many``: the same for things there more than once.
        sizes, colours: for each such group of one, where one is there, whether the size (the
            colour, where the thing has one or one is said) is right. Left out is wrong.
        shapes: for each coloured shape that is there once, what was got of it.
    """

    form: str | None
    full: bool
    true: bool
    string: bool
    ground: bool | None
    found: int
    missing: int
    false: int
    repeated: int
    counts: tuple[bool, ...]
    many: tuple[bool, ...]
    sizes: tuple[bool, ...]
    colours: tuple[bool, ...]
    shapes: tuple[Shape, ...]


def told(scene: Scene) -> Told:
    """Keep of a scene what ``judge`` and ``target`` need: some hundred bytes."""
    return Told(scene.objects, scene.ground, scene.captions, scene.image.shape[-1])


def target(scene: Scene | Told, order: str = "left") -> str:
    """The full caption: every thing with number, size and colour, and the ground.

    Args:
        scene: as a data set gives it, or ``told`` of it.
        order: ``left``: from left to right, a thing that is there more than once at its
            leftmost place; ``random``: as the scene's first caption has it.

    Raises:
        ValueError: another order.

    Example:
        "a big red heart, two dogs and a small tree on the grass"
    """
    if order not in ORDERS:
        raise ValueError(f"order is 'left' or 'random', not {order!r}")
    if order == "random":
        return scene.captions[0]
    groups = sorted(_groups(scene.objects), key=lambda g: min(o.box[0] + o.box[2] for o in g))
    *head, last = (_said(group, detail=True) for group in groups)
    listed = f"{', '.join(head)} and {last}" if head else last
    return f"{listed} on the {scene.ground}"


def judge(caption: str, scene: Scene | Told) -> Verdict:
    """Hold a caption against the scene.

    Args:
        caption: lower case, words apart by one space; "dogs , a cat" is read as "dogs, a cat".
        scene: as a data set gives it, or ``told`` of it.

    Raises:
        ValueError: the caption is not a string.
    """
    if not isinstance(caption, str):
        raise ValueError(f"caption is a string, decode it first: {type(caption).__name__}")
    caption = caption.replace(" ,", ",")
    sentence = read(caption)
    about = scene if isinstance(scene, Told) else told(scene)
    there = {group[0].thing.name: group for group in _groups(about.objects)}
    form = sentence.form if sentence else None
    groups = sentence.groups if sentence else ()
    names = Counter(g.thing for g in groups)
    hits = [(g, there[g.thing]) for g in groups if g.thing in there]
    once = [(g, group[0]) for g, group in hits if g.number == len(group) == 1]
    true = sentence is not None and _true(sentence, about, there)
    return Verdict(
        form=form,
        full=true and form == "list" and all(_exact(g, o) for g, o in once),
        true=true,
        string=caption in about.captions,
        ground=sentence.ground == about.ground if sentence and sentence.ground else None,
        found=len(names.keys() & there.keys()),
        missing=len(there.keys() - names.keys()),
        false=len(names.keys() - there.keys()),
        repeated=names.total() - len(names),
        counts=tuple(g.number == len(group) for g, group in hits),
        many=tuple(g.number == len(group) for g, group in hits if len(group) > 1),
        sizes=tuple(g.size == o.size for g, o in once),
        colours=tuple(g.colour == o.colour for g, o in once if g.colour or o.colour),
        shapes=tuple(_shapes(there, groups)),
    )


def _true(sentence: Sentence, about: Told, there: dict[str, list[SceneObject]]) -> bool:
    """Nothing that the sentence says is wrong."""
    if sentence.ground not in (None, about.ground):
        return False
    if sentence.form == "number":
        return sentence.number == len(about.objects)
    groups = sentence.groups
    if not all(_agrees(g, there.get(g.thing, [])) for g in groups):
        return False
    if sentence.form in COMPLETE:
        return sorted(g.thing for g in groups) == sorted(there)
    if sentence.form == "pair":
        known = clear_pairs(about.objects, about.side)
        a, b = (g.thing for g in groups)
        return (a, sentence.relation, b) in [
            (x.thing.name, r, y.thing.name) for x, r, y in known
        ]
    return True


def _agrees(g: Group, objects: list[SceneObject]) -> bool:
    """The number is right, and so are size and colour where they are said."""
    if g.number != len(objects):
        return False
    return g.number > 1 or (
        g.size in (None, objects[0].size) and g.colour in (None, objects[0].colour)
    )


def _exact(g: Group, one: SceneObject) -> bool:
    return (g.size, g.colour) == (one.size, one.colour)


def _shapes(there: dict[str, list[SceneObject]], groups: Iterable[Group]) -> Iterator[Shape]:
    """What was got of the coloured shapes that are there once."""
    said_of = {(g.thing, g.colour) for g in groups}
    for one, *others in there.values():
        if one.colour and not others:
            yield Shape(
                named=one.thing.name in {thing for thing, _ in said_of},
                coloured=one.colour in {colour for _, colour in said_of},
                both=(one.thing.name, one.colour) in said_of,
            )


def rates(verdicts: Iterable[Verdict]) -> dict[str, float]:
    """Shares over many captions, 0 to 1; what was never asked is left out.

    ``full``, ``true`` and ``string`` are shares of captions, ``found`` of the things that are
    there, ``false`` of the groups that are said, the others of what ``Verdict`` lists.

    Raises:
        ValueError: no verdict.
    """
    seen = list(verdicts)
    if not seen:
        raise ValueError("verdicts is empty: judge one caption at least")
    shapes = [s for v in seen for s in v.shapes]
    told_of = [
        (v.found + v.false + v.repeated, v.found + v.missing, v.found, v.false) for v in seen
    ]
    said_groups, things, found, false = map(sum, zip(*told_of, strict=True))
    lists: dict[str, list[bool]] = {
        name: [bool(getattr(v, name)) for v in seen] for name in ("full", "true", "string")
    }
    lists["ground"] = [v.ground for v in seen if v.ground is not None]
    for name in ("counts", "many", "sizes", "colours"):
        lists[name] = [right for v in seen for right in getattr(v, name)]
    for name in Shape._fields:
        lists[f"shape {name}"] = [getattr(s, name) for s in shapes]
    shares = {name: sum(right) / len(right) for name, right in lists.items() if right}
    shares["found"] = found / things
    return shares | ({"false": false / said_groups} if said_groups else {})
