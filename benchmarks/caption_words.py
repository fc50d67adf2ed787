"""Which words are right next, after any beginning of a caption; one word put in wrongly.

Held place by place against a target, a caption that leaves out its first thing is wrong to its
end. Here a word is right where a full caption of the scene can go on with it: what was said
stays said, what is missing can still come, in any order. All words of a caption are right
exactly where ``judge`` calls it full.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from course_utils.data.scenes import COLOURS, THINGS, shape_colours
from course_utils.data.scenes.captions import _groups
from course_utils.data.scenes.judged import Told
from course_utils.data.scenes.scene import Scene, SceneObject
from course_utils.data.scenes.vocabulary import NUMBERS, SIZES

END = "<end>"
NOUNS = {noun: thing.name for thing in THINGS for noun in (thing.name, thing.many)}
Group = list[SceneObject]


@dataclass
class _Said:
    """What a beginning has said so far."""

    unsaid: dict[str, Group]
    group: list[str] = field(default_factory=list)  # words of the group that is being said
    whole: bool = False  # its noun has been said
    last: bool = False  # after "and" one group may come
    place: int = 0  # how many words of "on the ground" have been said
    false: int = 0  # nouns of things that are not there, or were said before

    def say(self, word: str) -> None:
        if self.place or word == "on":
            self.place += 1
        elif word in (",", "and"):
            self.group, self.whole, self.last = [], False, self.last or word == "and"
        elif word in NOUNS:
            self.whole = True
            if self.unsaid.pop(NOUNS[word], None) is None:
                self.false += 1
        else:
            self.group, self.whole = ([] if self.whole else self.group) + [word], False

    def next(self, ground: str) -> set[str]:
        if self.place:
            return {("the", ground, END)[min(self.place, 3) - 1]}
        return self._after_a_group() if self.whole else self._in_a_group()

    def _after_a_group(self) -> set[str]:
        """A false noun may stand for a thing of the scene, which then need not come."""
        most = len(self.unsaid)
        least = max(0, most - self.false)
        if self.last or most == 0:
            return {"on"}
        words = {"on": least == 0, "and": least <= 1, ",": most >= 2}
        return {word for word, fits in words.items() if fits}

    def _in_a_group(self) -> set[str]:
        """The next word of the things that fit best to what is said of this one."""
        fit = [(_fit(self.group, g), g) for g in self.unsaid.values()]
        best = max((n for n, _ in fit), default=0)
        return {word for n, g in fit if n == best for word in _more(self.group, g)}


def _first(group: Group) -> str:
    return NUMBERS[len(group)] if len(group) > 1 else "a"


def _fit(said: Sequence[str], group: Group) -> int:
    """How many said words are true of the group; "three" fits two dogs better than one."""
    true = {_first(group)} | {o.size for o in group} | {o.colour for o in group}
    of_a_kind = bool(said) and (said[0] in NUMBERS) == (len(group) > 1)
    return sum(word in true for word in said) + of_a_kind


def _more(said: Sequence[str], group: Group) -> set[str]:
    thing = group[0].thing
    if not said:
        return {_first(group)}
    if said[0] in NUMBERS:
        return {thing.many}
    if not set(said) & set(SIZES):
        return {o.size for o in group}
    if thing.coloured and not set(said) & set(COLOURS):
        return {o.colour for o in group if o.colour}
    return {thing.name}


def right_next(words: Sequence[str], scene: Scene | Told) -> Iterator[set[str]]:
    """For each place, 0 to len(words), the words that are right after those before it.

    An empty set: whatever is said there is wrong, as after an "and" too many.

    Args:
        words: a beginning of a caption, a comma is a word.
    """
    state = _Said({group[0].thing.name: group for group in _groups(scene.objects)})
    yield state.next(scene.ground)
    for word in words:
        state.say(word)
        yield state.next(scene.ground)


class Wrong(NamedTuple):
    """One word put in the place of another."""

    place: int
    word: str
    kind: str  # thing, colour or number


def wrong_word(words: Sequence[str], scene: Scene | Told, dice: random.Random) -> Wrong | None:
    """A wrong word of the same kind at a drawn place of the true caption; None: none fits.

    What comes of it was seen in training: a shape stays a shape, in a colour that it has there.
    Two becomes three; one does not become two, since that changes the words that follow.
    """
    there = {o.thing.name for o in scene.objects}
    found = [(i, *_others(words, i, there)) for i in range(len(words))]
    fits = [(i, kind, others) for i, kind, others in found if others]
    if not fits:
        return None
    place, kind, others = dice.choice(fits)
    return Wrong(place, dice.choice(others), kind)


@functools.cache
def _seen() -> dict[str, list[str]]:
    """The colours that each shape has in training."""
    return shape_colours(held_out=False)


def _others(words: Sequence[str], i: int, there: set[str]) -> tuple[str, list[str]]:
    word, before = words[i], words[i - 1] if i else ""
    seen = _seen()
    if word in NUMBERS[2:4]:
        return "number", [w for w in NUMBERS[2:4] if w != word]
    if word in COLOURS:
        return "colour", [c for c in seen[words[i + 1]] if c != word]
    if word not in NOUNS:
        return "", []
    many, shape = before in NUMBERS, NOUNS[word] in seen
    return "thing", [
        thing.many if many else thing.name
        for thing in THINGS
        if thing.name not in there
        and thing.coloured == shape
        and (not shape or many or before in seen[thing.name])
    ]
