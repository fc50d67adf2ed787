"""Captions held against scenes: what is right is found right, and one wrong word is seen."""

from __future__ import annotations

import dataclasses
import re

import pytest

from course_utils import data
from course_utils.data.scenes import COLOURS, GROUNDS, THING_NAMES, THINGS
from course_utils.data.scenes.captions import SPOKEN
from course_utils.data.scenes.judged import Shape, judge, rates, target, told
from course_utils.data.scenes.reading import Group, read
from course_utils.data.scenes.scene import clear_pairs
from course_utils.data.scenes.vocabulary import NUMBERS, with_article

MANY = {thing.many: thing.name for thing in THINGS}


@pytest.fixture(scope="module")
def some():
    """Scenes of every split that differs in what it shows, without their pixels."""
    return [
        told(scenes[n])
        for split in ("train", "combinations")
        for scenes in [data.scenes(split, size=64)]
        for n in range(400)
    ]


@pytest.fixture(scope="module")
def heart():
    """A scene with one heart, no other shape, and another thing two or three times."""
    scenes = data.scenes("train", size=64)
    for n in range(400):
        scene = told(scenes[n])
        shapes = [o.thing.name for o in scene.objects if o.colour]
        if shapes == ["heart"] and re.search("two|three", target(scene)):
            return scene
    raise AssertionError("no such scene among the first 400: take others")


def changed(word: str, among, but: str = "") -> str:
    """Another one of the same kind, none that the sentence ``but`` has."""
    kinds = list(among)
    at = kinds.index(word)
    return next(k for k in kinds[at + 1 :] + kinds[:at] if MANY.get(k, k) not in but)


def articles(text: str) -> str:
    """The right article before each word."""
    return re.sub(r"\ban? (\w+)", lambda m: with_article(m[1]), text)


def listed(groups) -> str:
    return ", ".join(groups[:-1]) + " and " * (len(groups) > 1) + groups[-1]


def single_changes(caption: str, absent: bool = False):
    """(what, caption) with one number, colour, size, ground or thing exchanged.

    Args:
        absent: what comes in is nowhere in the caption.
    """
    tokens = re.findall(r"\w+|,", caption)
    for n, word in enumerate(tokens):
        kinds = {
            "number": NUMBERS[2:],
            "colour": COLOURS,
            "size": ("small", "big"),
            "ground": GROUNDS,
            "thing": THING_NAMES,
            "things": tuple(MANY),
        }
        for what, among in kinds.items():
            # An orange heart: a colour. The fish of "two fish" is a plural.
            plural = n > 0 and tokens[n - 1] in NUMBERS[2:]
            if word not in among or ((word in MANY) and (what == "things") != plural):
                continue
            new = changed(word, among, caption if absent and what.startswith("thing") else "")
            other = [*tokens[:n], new, *tokens[n + 1 :]]
            yield what, articles(" ".join(other).replace(" ,", ","))


def test_each_shipped_form_is_true(some):
    forms = set()
    for scene in some:
        for n, caption in enumerate(scene.captions):
            verdict = judge(caption, scene)
            assert verdict.true, caption
            assert verdict.string
            assert verdict.false == verdict.repeated == 0
            assert verdict.full == (n == 0), caption
            forms.add((n, verdict.form))
    assert forms == {
        (0, "list"), (1, "stand"), (2, "pair"), (2, "picture"), (3, "there"), (4, "number"),
    }  # fmt: skip


@pytest.mark.parametrize("order", ["left", "random"])
def test_targets_are_full(some, order):
    for scene in some:
        verdict = judge(target(scene, order), scene)
        assert verdict.full
        assert verdict.true
        assert verdict.ground
        assert verdict.found == len({o.thing.name for o in scene.objects})
        assert verdict.missing == verdict.false == verdict.repeated == 0
        right = (*verdict.counts, *verdict.many, *verdict.sizes, *verdict.colours)
        assert all(right)
        assert all(all(shape) for shape in verdict.shapes)


def test_left_to_right(some):
    differ = 0
    for scene in some:
        things = [g.thing for g in read(target(scene)).groups]
        middles = [
            min(o.box[0] + o.box[2] for o in scene.objects if o.thing.name == name)
            for name in things
        ]
        assert middles == sorted(middles)
        differ += target(scene) != target(scene, "random")
    assert differ > len(some) / 4


def test_any_order_is_full(some):
    strings = 0
    for scene in some:
        text, _, ground = target(scene).rpartition(" on the ")
        groups = re.split(", | and ", text)[::-1]
        turned = f"{listed(groups)} on the {ground}"
        verdict = judge(turned, scene)
        assert verdict.full
        assert verdict.string == (turned == scene.captions[0])
        strings += verdict.string
    assert 0 < strings < len(some) / 2


def test_one_change_is_seen(some):
    tried = {}
    for scene in some:
        for what, caption in single_changes(target(scene)):
            verdict = judge(caption, scene)
            assert not verdict.full, caption
            assert not verdict.true, caption
            assert verdict.form == "list", caption
            tried[what] = tried.get(what, 0) + 1
    assert set(tried) == {"number", "colour", "size", "ground", "thing", "things"}
    assert min(tried.values()) > 100


def test_one_change_is_counted_where_it_is(some):
    for scene in some:
        for what, caption in single_changes(target(scene), absent=True):
            v = judge(caption, scene)
            assert (v.ground is False) == (what == "ground")
            assert v.counts.count(False) == (what == "number")
            assert v.many.count(False) == (what == "number")
            assert v.sizes.count(False) == (what == "size")
            assert v.colours.count(False) == (what == "colour")
            assert v.missing == v.false == what.startswith("thing")
            assert v.repeated == 0


def test_what_a_list_leaves_out_or_says_twice(some):
    for scene in some:
        text, _, ground = target(scene).rpartition(" on the ")
        groups = re.split(", | and ", text)
        if len(groups) > 1:
            short = judge(f"{groups[0]} on the {ground}", scene)
            assert (short.full, short.true, short.missing) == (False, False, len(groups) - 1)
            verb = "stand" if groups[0][: groups[0].index(" ")] in NUMBERS else "stands"
            for text in (f"{groups[0]} {verb} on the {ground}", f"a picture of {groups[0]}"):
                other = judge(text, scene)
                assert other.form in ("stand", "picture")
                assert not other.true
        twice = judge(f"{listed([*groups, groups[0]])} on the {ground}", scene)
        assert (twice.full, twice.true, twice.repeated) == (False, False, 1)


def test_every_other_number_is_wrong(some):
    """More and fewer, and one where there are several."""
    tried = 0
    for scene in some:
        text = target(scene)
        for number, things in re.findall(r"\b(two|three) (\w+)", text):
            others = [f"{n} {things}" for n in NUMBERS[2:] if n != number]
            for other in (*others, with_article(MANY[things])):
                verdict = judge(text.replace(f"{number} {things}", other), scene)
                assert verdict.form == "list"
                assert not verdict.true
                assert verdict.many == (False,)
                tried += 1
            assert not judge(
                f"there is {with_article(MANY[things])} on the {scene.ground}", scene
            ).true
    assert tried > 500


def test_the_same_said_apart(some):
    """ "a small dog and a small dog" is no "two dogs"."""
    seen = 0
    for scene in some:
        text, _, ground = target(scene).rpartition(" on the ")
        groups = re.split(", | and ", text)
        two = next((g for g in groups if g.startswith("two ")), None)
        if two:
            one = f"a small {MANY[two[4:]]}"
            apart = [*(g for g in groups if g != two), one, one]
            verdict = judge(f"{listed(apart)} on the {ground}", scene)
            assert not verdict.true
            assert (verdict.missing, verdict.repeated) == (0, 1)
            assert verdict.many == (False, False)
            seen += 1
    assert seen > 50


def test_true_without_being_full(some):
    """Size and colour may stay unsaid; a wrong one may not be said."""
    for scene in some:
        bare = re.sub(rf"\b(small|big|{'|'.join(COLOURS)}) ", "", target(scene))
        # "an orange": COLOURS stand before things only, so what is left is articles and things.
        verdict = judge(articles(bare), scene)
        assert verdict.true, bare
        single = {o.thing.name for o in scene.objects}
        alone = [n for n in single if sum(o.thing.name == n for o in scene.objects) == 1]
        assert verdict.full == (not alone)
        assert verdict.sizes == (False,) * len(alone)


def test_pairs(some):
    tried = 0
    for scene in some[:200]:
        right = {
            (a.thing.name, r, b.thing.name)
            for a, r, b in clear_pairs(scene.objects, scene.side)
        }
        for a, _, b in right:
            for relation, spoken in SPOKEN.items():
                text = f"{with_article(a)} {spoken} {with_article(b)}"
                assert judge(text, scene).true == ((a, relation, b) in right)
                assert not judge(f"{text} on the {changed(scene.ground, GROUNDS)}", scene).true
                tried += 1
    assert tried > 200


def test_other_forms_can_be_false(some):
    for scene in some:
        number = len(scene.objects)
        for said in range(1, 7):
            words = "one thing" if said == 1 else f"{NUMBERS[said]} things"
            verdict = judge(f"{words} on the {scene.ground}", scene)
            assert verdict.true == (said == number)
            assert verdict.found == 0
        absent = next(t for t in THINGS if t not in [o.thing for o in scene.objects])
        for text in (
            f"there is {absent.one} on the {scene.ground}",
            f"{absent.one} stands on the {scene.ground}",
            f"a picture of {absent.one}",
        ):
            verdict = judge(text, scene)
            assert verdict.form is not None
            assert not verdict.true
            assert verdict.false == 1


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "on the sand",
        "a on the sand",
        "dog on the sand",
        "a elephant on the sand",
        "an dog on the sand",
        "a dog on the moon",
        "a dog on the sand on the sand",
        "a dog a cat on the sand",
        "a dog, a cat on the sand",
        "a dog and a cat and a car on the sand",
        "a dog and on the sand",
        "two dog on the sand",
        "one dog on the sand",
        "two big dogs on the sand",
        "a dog stand on the sand",
        "two dogs stands on the sand",
        "there are a dog on the sand",
        "there is a dog and a cat on the sand",
        "there are a dog and a cat on the sand",
        "there are two dogs and a cat on the sand",
        "a picture of a dog on the sand",
        "a big dog behind a cat",
        "two dogs behind a cat",
        "one things on the sand",
        "two thing on the sand",
        "a red big heart on the sand",
        "A dog on the sand",
        "a dog  on the sand",
        "a dog on the sand.",
    ],
)
def test_what_the_grammar_does_not_have(caption, some):
    assert read(caption) is None
    verdict = judge(caption, some[0])
    assert (verdict.form, verdict.true, verdict.full, verdict.ground) == (None,) + (
        False,
    ) * 2 + (None,)
    assert verdict.found == verdict.false == 0


@pytest.mark.parametrize(
    ("caption", "group"),
    [
        ("an orange heart on the sand", Group(1, None, "orange", "heart")),
        ("a big orange circle on the sand", Group(1, "big", "orange", "circle")),
        ("a small umbrella on the sand", Group(1, "small", None, "umbrella")),
        ("an umbrella on the sand", Group(1, None, None, "umbrella")),
        ("a fish on the water", Group(1, None, None, "fish")),
        ("three fish on the water", Group(3, None, None, "fish")),
        ("two buses on the road", Group(2, None, None, "bus")),
    ],
)
def test_groups(caption, group):
    assert read(caption).groups == (group,)


def test_a_comma_apart(some):
    """As a vocabulary with a comma of its own writes it."""
    scene = next(s for s in some if "," in target(s))
    assert judge(target(scene).replace(",", " ,"), scene).full


def test_a_colour_that_things_do_not_have(some):
    for scene in some:
        text = re.sub(rf"\b(small|big) (?!{'|'.join(COLOURS)})", r"\1 red ", target(scene))
        plain = [o for o in scene.objects if not o.colour]
        single = [o for o in plain if sum(p.thing == o.thing for p in scene.objects) == 1]
        if single:
            verdict = judge(text, scene)
            assert not verdict.true
            assert verdict.form == "list"
            assert verdict.colours.count(False) == len(single)


def test_shapes_apart(heart):
    """Of a shape in another colour the shape is got, of another shape the colour."""
    text = target(heart)
    colour = next(o.colour for o in heart.objects if o.thing.name == "heart")
    (shape,) = judge(text, heart).shapes
    assert shape == Shape(True, True, True)
    other = articles(text.replace(f"{colour} heart", f"{changed(colour, COLOURS)} heart"))
    assert judge(other, heart).shapes == (Shape(True, False, False),)
    other = text.replace("heart", "square")
    assert judge(other, heart).shapes == (Shape(False, True, False),)


def test_rates(heart):
    right, wrong = target(heart), "three things on the moon"
    all_right = rates([judge(right, heart)])
    assert all_right.pop("false") == 0
    assert all_right.pop("string") in (0, 1)
    assert set(all_right.values()) == {1}
    half = rates([judge(right, heart), judge(wrong, heart)])
    assert half["full"] == half["true"] == half["found"] == 0.5
    assert half["ground"] == half["counts"] == 1  # asked of one caption alone
    assert "sizes" not in rates([judge(wrong, heart)])


def test_told_is_enough():
    scene = data.scenes("test", size=64)[3]
    assert judge(target(scene), scene) == judge(target(told(scene)), told(scene))
    assert dataclasses.astuple(told(scene))[-1] == 64


def test_bad_input(some):
    with pytest.raises(ValueError, match="order is 'left' or 'random', not 'near'"):
        target(some[0], "near")
    with pytest.raises(ValueError, match="caption is a string, decode it first: list"):
        judge(["a", "dog"], some[0])
    with pytest.raises(ValueError, match="verdicts is empty"):
        rates([])
