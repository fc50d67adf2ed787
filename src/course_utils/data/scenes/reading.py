"""From a caption back to what it says: the grammar that stands in ``captions``."""

from __future__ import annotations

import re
from typing import NamedTuple

from course_utils.data.scenes.captions import SPOKEN
from course_utils.data.scenes.vocabulary import (
    COLOURS,
    GROUNDS,
    NUMBERS,
    SIZES,
    THING_NAMES,
    THINGS,
    with_article,
)


class Group(NamedTuple):
    """What a caption says of one thing: how many, and of a single one perhaps how it looks."""

    number: int
    size: str | None
    colour: str | None
    thing: str


class Sentence(NamedTuple):
    """A sentence of the grammar; what its form does not have is None or empty."""

    form: str
    groups: tuple[Group, ...] = ()
    ground: str | None = None
    relation: str | None = None
    number: int | None = None


def _any(words: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(words)})"


SINGULAR = {thing.many: thing.name for thing in THINGS}
SEEN_AS = {spoken: relation for relation, spoken in SPOKEN.items()}
PLACE = rf" on the (?P<ground>{_any(GROUNDS)})"
ONE = re.compile(
    rf"an? (?:(?P<size>{_any(SIZES)}) )?(?:(?P<colour>{_any(COLOURS)}) )?"
    rf"(?P<thing>{_any(THING_NAMES)})"
)
MANY = re.compile(rf"(?P<number>{_any(NUMBERS[2:])}) (?P<things>{_any(tuple(SINGULAR))})")
# In this order: what the first ones have in front or behind is no part of a list.
FORMS = {
    "number": re.compile(rf"(?P<number>{_any(NUMBERS[1:])}) (?P<word>things?){PLACE}"),
    "there": re.compile(rf"there (?P<verb>is|are) (?P<list>.+){PLACE}"),
    "picture": re.compile(r"a picture of (?P<list>.+)"),
    "stand": re.compile(rf"(?P<list>.+) (?P<verb>stands?){PLACE}"),
    "pair": re.compile(
        rf"(?P<a>.+) (?P<relation>{_any(tuple(SEEN_AS))}) (?P<b>.+?)(?:{PLACE})?"
    ),
    "list": re.compile(rf"(?P<list>.+){PLACE}"),
}
FOR_ONE = {"is", "stands", "thing"}  # words that go with the number one


def read(caption: str) -> Sentence | None:
    """What the caption says; None where the grammar does not have it.

    Articles and verbs must fit: "a elephant" and "two dogs stands" are not of the grammar.
    """
    for form, pattern in FORMS.items():
        if match := pattern.fullmatch(caption):
            return _sentence(form, match.groupdict())
    return None


def _sentence(form: str, parts: dict[str, str | None]) -> Sentence | None:
    ground = parts.get("ground")
    if form == "number":
        number = NUMBERS.index(parts["number"] or "")
        fits = (parts["word"] in FOR_ONE) == (number == 1)
        return Sentence(form, ground=ground, number=number) if fits else None
    texts = [parts["a"], parts["b"]] if form == "pair" else _split(parts["list"] or "")
    groups = tuple(g for text in texts if (g := _group(text or "")))
    if len(groups) < len(texts) or not _fits(form, groups, parts.get("verb")):
        return None
    return Sentence(form, groups, ground, SEEN_AS.get(parts.get("relation") or ""))


def _fits(form: str, groups: tuple[Group, ...], verb: str | None) -> bool:
    if verb and (verb in FOR_ONE) != (sum(g.number for g in groups) == 1):
        return False
    if form == "pair":
        return all((g.number, g.size, g.colour) == (1, None, None) for g in groups)
    return form != "there" or len(groups) == 1


def _split(text: str) -> list[str]:
    """A list into its groups: commas, and one "and" before the last."""
    head, both, last = text.rpartition(" and ")
    return [*head.split(", "), last] if both else [last]


def _group(text: str) -> Group | None:
    if match := MANY.fullmatch(text):
        return Group(NUMBERS.index(match["number"]), None, None, SINGULAR[match["things"]])
    match = ONE.fullmatch(text)
    if not match or text != with_article(text.partition(" ")[2]):
        return None
    return Group(1, match["size"], match["colour"], match["thing"])
