"""The words of the scenes: what can stand in them, on what, and what can happen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thing:
    """A class of objects that can be counted.

    ``emoji`` is the CLDR name of its drawing; ``{colour}`` in it is filled with ``COLOURS``.
    """

    name: str
    kind: str
    emoji: str
    plural: str = ""

    @property
    def many(self) -> str:
        return self.plural or f"{self.name}s"

    @property
    def one(self) -> str:
        """With its article: a dog, an apple."""
        return with_article(self.name)

    @property
    def coloured(self) -> bool:
        return "{colour}" in self.emoji


def with_article(noun: str) -> str:
    """The noun with "a", or "an" before the sound of a vowel (umbrella yes, unicycle no)."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


THINGS = (
    Thing("cat", "animal", "cat"),
    Thing("dog", "animal", "dog"),
    Thing("horse", "animal", "horse"),
    Thing("elephant", "animal", "elephant"),
    Thing("duck", "animal", "duck"),
    Thing("fish", "animal", "fish", plural="fish"),
    Thing("turtle", "animal", "turtle"),
    Thing("tree", "plant", "deciduous tree"),
    Thing("flower", "plant", "tulip"),
    Thing("mushroom", "plant", "mushroom"),
    Thing("apple", "food", "red apple"),
    Thing("banana", "food", "banana"),
    Thing("pizza", "food", "pizza"),
    Thing("car", "vehicle", "automobile"),
    Thing("bus", "vehicle", "bus", plural="buses"),
    Thing("bicycle", "vehicle", "bicycle"),
    Thing("airplane", "vehicle", "airplane"),
    Thing("house", "object", "house"),
    Thing("ball", "object", "soccer ball"),
    Thing("umbrella", "object", "umbrella"),
    Thing("clock", "object", "alarm clock"),
    Thing("guitar", "object", "guitar"),
    Thing("key", "object", "key"),
    Thing("heart", "shape", "{colour} heart"),
    Thing("circle", "shape", "{colour} circle"),
    Thing("square", "shape", "{colour} square"),
)
# Colours that all three shapes have.
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "brown")

# What cannot be counted: classes 0 to 4 of the semantic mask. Things follow from 5.
STUFF = ("sky", "grass", "sand", "water", "road")
GROUNDS = STUFF[1:]

SIZES = ("small", "big")
RELATIONS = ("left of", "right of", "behind", "in front of")
OPPOSITE = {
    "left of": "right of",
    "right of": "left of",
    "behind": "in front of",
    "in front of": "behind",
}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")

ACTIONS = (
    "move left",
    "move right",
    "move up",
    "move down",
    "grow",
    "shrink",
    "spin left",
    "spin right",
    "stand still",
)

THING_NAMES = tuple(thing.name for thing in THINGS)


def drawings() -> list[str]:
    """CLDR names of all emoji that scenes are composed of."""
    plain = [thing.emoji for thing in THINGS if not thing.coloured]
    shapes = [t.emoji.format(colour=c) for t in THINGS if t.coloured for c in COLOURS]
    return plain + shapes
