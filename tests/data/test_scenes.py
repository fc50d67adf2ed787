"""Scenes: what is painted, what is said of it, and that words alone give nothing away."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from benchmarks import blind
from course_utils import data
from course_utils.course import CourseError
from course_utils.data.scenes import (
    ACTIONS,
    COLOURS,
    GROUNDS,
    KINDS,
    SIZES,
    STUFF,
    THING_NAMES,
    THINGS,
    Question,
    shape_colours,
    words,
)
from course_utils.data.scenes.clips import Pose, times
from course_utils.data.scenes.layout import lay_out, place
from course_utils.data.scenes.plan import make_plan
from course_utils.data.scenes.scene import alone, draw, offset, relation
from course_utils.data.scenes.vocabulary import NUMBERS

SPLITS = ("train", "val", "test", "style", "combinations")
KNOWN_WORDS = set(words())


@pytest.fixture(scope="module")
def some():
    scenes = data.scenes("train", size=64)
    return [scenes[n] for n in range(600)]


def test_shapes_and_types(some):
    for scene in some[:50]:
        count = len(scene.objects)
        assert 1 <= count <= 6
        assert scene.image.shape == (3, 64, 64)
        assert scene.image.dtype == torch.uint8
        assert scene.labels.shape == (count,)
        assert scene.boxes.shape == (count, 4)
        assert scene.masks.shape == (count, 64, 64)
        assert scene.masks.dtype == torch.bool
        assert scene.semantic.shape == (64, 64)
        assert scene.semantic.dtype == scene.labels.dtype == scene.boxes.dtype == torch.int64


def test_boxes_masks_and_classes_agree_pixel_by_pixel(some):
    for scene in some:
        assert scene.masks.sum(0).max() <= 1  # no pixel has two owners
        for n, (mask, box) in enumerate(zip(scene.masks, scene.boxes.tolist(), strict=True)):
            rows, columns = torch.where(mask)
            assert len(rows) > 10, "an object must be seen"
            seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert [int(v) for v in seen] == box
            assert (scene.semantic[mask] == len(STUFF) + scene.labels[n]).all()
        free = ~scene.masks.any(0)
        assert set(scene.semantic[free].unique().tolist()) <= {0, STUFF.index(scene.ground)}


def test_objects_are_hardly_hidden():
    """Painted alone, an object has hardly more pixels than it shows among the others."""
    scenes = data.scenes("train", size=64)
    shares = []
    for index in range(150):
        rng = scenes._rng(0, index)
        ground = scenes._some_ground(rng)
        plan = make_plan(rng, scenes._colours)
        placed = place(rng, plan, ground, scenes._sprites)
        for one, seen in zip(placed, draw(ground, placed).objects, strict=True):
            shares.append(seen.area / draw(ground, [one]).objects[0].area)
    assert min(shares) > 0.5
    assert sum(share > 0.85 for share in shares) > 0.95 * len(shares)


def test_everything_stands_on_the_ground(some):
    for scene in some:
        for o in scene.objects:
            column, row = o.foot
            below = scene.semantic[min(row, 63) :, min(column, 63)]
            assert (below != STUFF.index("sky")).all()


def test_where_a_thing_stands_does_not_depend_on_what_it_is():
    """Slots are laid out before anyone knows what comes into them."""
    sizes = [12, 24, 13]
    slots = lay_out(np.random.default_rng(5), sizes, 64, horizon=20)
    assert [slot.side for slot in slots] == sizes
    assert slots == lay_out(np.random.default_rng(5), sizes, 64, horizon=20)
    for slot in slots:
        left, top, right, foot = slot.box
        assert 0 <= left < right <= 64
        assert 0 <= top < foot <= 64
        assert foot >= 20


def test_a_crowd_that_cannot_fit_still_stands():
    slots = lay_out(np.random.default_rng(1), [60] * 6, 64, horizon=20)
    assert len(slots) == 6


def test_sizes_are_told_apart(some):
    sides = defaultdict(list)
    for scene in some:
        for o in alone(scene.objects):
            sides[o.size].append(max(o.box[2] - o.box[0], o.box[3] - o.box[1]))
    assert max(sides["small"]) < sorted(sides["big"])[len(sides["big"]) // 50]


def test_the_same_seed_gives_the_same_scene_in_another_process(some):
    code = (
        "import hashlib; from course_utils import data; s = data.scenes(size=64)[17];"
        "print(hashlib.sha256(s.image.numpy().tobytes()).hexdigest(), s.captions[0])"
    )
    import hashlib

    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    scene = some[17]
    ours = hashlib.sha256(scene.image.numpy().tobytes()).hexdigest()
    assert said.split() == [ours, *scene.captions[0].split()]


def test_seeds_splits_and_indices_differ():
    images = [
        data.scenes(split, size=64, seed=seed)[index].image
        for split, seed, index in [
            ("train", 0, 0), ("train", 0, 1), ("train", 1, 0), ("val", 0, 0), ("test", 0, 0),
        ]
    ]  # fmt: skip
    for n, image in enumerate(images):
        assert not any(torch.equal(image, other) for other in images[:n])


def test_indices_count_as_in_a_list():
    scenes = data.scenes("val", size=64, length=3)
    assert len(scenes) == len(list(scenes)) == 3
    assert scenes[-1].captions == scenes[2].captions
    for index in (3, -4):
        with pytest.raises(IndexError):
            scenes[index]
        with pytest.raises(IndexError):
            scenes.clip(index)
    with pytest.raises(TypeError, match="one scene at a time"):
        scenes[:2]
    with pytest.raises(CourseError, match="two frames at least"):
        scenes.clip(0, frames=1)


def test_workers_of_a_loader_draw_the_same():
    scenes = data.scenes("val", size=64, length=8)
    assert len(pickle.dumps(scenes)) < 1000
    loader = DataLoader(scenes, batch_size=4, num_workers=2, collate_fn=lambda batch: batch)
    drawn = [scene for batch in loader for scene in batch]
    assert torch.equal(torch.stack([s.image for s in drawn]), scenes.images(range(8)))


def test_held_out_styles_and_colours():
    scenes = data.scenes("style", size=64)
    styles = {o.style for n in range(60) for o in scenes[n].objects}
    assert styles == {"twemoji", "openmoji"}
    known, held = shape_colours(held_out=False), shape_colours(held_out=True)
    for split in SPLITS:
        seen = defaultdict(set)
        scenes = data.scenes(split, size=64)
        for n in range(150):
            shapes = [o for o in scenes[n].objects if o.colour]
            assert shapes or split != "combinations"
            for o in shapes:
                seen[o.thing.name].add(o.colour)
        for shape, colours in seen.items():
            assert colours <= set((held if split == "combinations" else known)[shape])
            assert not set(known[shape]) & set(held[shape])


# -- words ----------------------------------------------------------------------------------


def all_texts(scene):
    asked = [part for q in scene.questions for part in (q.text, q.answer)]
    return [*scene.captions, *asked]


@pytest.mark.parametrize("split", SPLITS)
def test_every_word_is_in_the_vocabulary(split):
    scenes = data.scenes(split, size=64)
    for n in range(200):
        for text in all_texts(scenes[n]):
            assert set(re.findall(r"[a-z0-9]+", text)) <= KNOWN_WORDS, text
        assert set(re.findall(r"[a-z]+", scenes.clip(n).caption)) <= KNOWN_WORDS


def test_every_word_of_the_vocabulary_is_used():
    scenes = data.scenes("train", size=48, length=4000)
    used = set()
    for n in range(4000):
        used |= {w for text in all_texts(scenes[n]) for w in re.findall(r"[a-z0-9]+", text)}
        used |= set(scenes.clip(n).caption.split()) if n < 300 else set()
        if used >= KNOWN_WORDS:
            break
    assert KNOWN_WORDS - used == set()


PAIR = re.compile(
    r"an? (\w+) (to the left of|to the right of|behind|in front of) an? (\w+)(.*)"
)


def said_of(text):
    """Number, size, colour and name of "a big red heart" or "two cats"."""
    number, *words = text.split()
    singular = {t.many: t.name for t in THINGS} if number in NUMBERS[2:] else {}
    name = singular.get(words[-1], words[-1])
    count = NUMBERS.index(number) if number in NUMBERS else 1
    return (
        count,
        [w for w in words[:-1] if w in SIZES],
        [w for w in words if w in COLOURS],
        name,
    )


def test_captions_are_grammatical_and_true(some):
    for scene in some:
        assert len(set(scene.captions)) == 5
        for caption in scene.captions:
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|fishs|buss\b", caption), caption
            assert caption_is_true(scene, caption), (caption, scene.objects)


def caption_is_true(scene, caption) -> bool:
    by_name = {}
    for o in scene.objects:
        by_name.setdefault(o.thing.name, []).append(o)
    text, _, ground = caption.partition(" on the ")
    if ground and ground != scene.ground:
        return False
    if found := PAIR.fullmatch(caption):
        a, where, b, _ = found.groups()
        (one,), (other,) = by_name[a], by_name[b]
        seen = relation(one, other, scene.image.shape[-1])
        return seen is not None and where.endswith(seen)
    if text.endswith(("thing", "things")):
        return NUMBERS.index(text.split()[0]) == len(scene.objects)
    text = re.sub(r"^there (is|are) |^a picture of | stands?$", "", text)
    groups = [said_of(part) for part in re.split(r", | and ", text)]
    listed = not caption.startswith("there")
    whole = sorted(name for *_, name in groups) == sorted(by_name) or not listed
    return whole and all(
        len(by_name[name]) == count
        and (not sizes or sizes == [by_name[name][0].size])
        and (not colours or colours == [by_name[name][0].colour])
        for count, sizes, colours, name in groups
    )


def test_a_caption_never_compares_things_that_look_alike(some):
    for scene in some:
        for caption in scene.captions:
            found = re.match(
                r"an? (\w+) (?:to the (?:left|right) of|behind|in front of) an? (\w+)", caption
            )
            if found:
                a, b = (
                    [o for o in scene.objects if o.thing.name == name]
                    for name in found.groups()
                )
                assert len(a) == len(b) == 1
                assert a != b


def answer_by_looking(scene, question):
    """The answer, found from the objects alone."""
    names = Counter(o.thing.name for o in scene.objects)
    text = question.text.removesuffix("?")
    if question.kind == "existence":
        return "yes" if names[text.split()[-1]] else "no"
    if question.kind == "count":
        plural = text.removeprefix("how many ").removesuffix(" are there")
        return str(next(names[t.name] for t in THINGS if t.many == plural))
    if question.kind == "ground":
        return scene.ground
    one = {o.thing.name: o for o in alone(scene.objects)}
    if question.kind == "size":
        return one[text.split()[2]].size
    if question.kind == "colour":
        return one[text.split()[-1]].colour
    side = scene.image.shape[-1]
    if question.kind == "relation":
        a, where, b = re.match(r"is the (\w+) (.+) the (\w+)", text).groups()
        found = relation(one[a], one[b], side)
        assert found, "only clear relations are asked for"
        return "yes" if found == where else "no"
    where, b = re.match(r"what is (.+) the (\w+)", text).groups()
    ways = {"left of": (0, -1), "right of": (0, 1), "behind": (1, -1), "in front of": (1, 1)}
    axis, sign = ways[where]
    beyond = [
        o for o in scene.objects if o is not one[b] and sign * offset(o, one[b])[axis] > 0
    ]
    assert len(beyond) == 1
    return beyond[0].thing.name


def test_answers_are_right(some):
    kinds = Counter()
    for scene in some:
        for question in scene.questions:
            assert question.answer == answer_by_looking(scene, question), question
            kinds[question.kind] += 1
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) > 100


@pytest.mark.parametrize("split", ["test", "style", "combinations"])
def test_words_alone_do_not_tell_the_answer(split):
    """Neither of two guessers that never look beats chance by five standard errors."""
    train = blind.questions(data.scenes("train", size=48, length=4000))
    guessers = blind.ByText(train), blind.ByWords(train)
    scenes = data.scenes(split, size=48, length=2500)
    asked = defaultdict(list)
    for question in blind.questions(scenes):
        asked[question.kind].append(question)
    assert set(asked) == set(scenes.kinds)
    for kind, questions in asked.items():
        row = blind.row(kind, split, questions, guessers)
        assert row["z of the better"] < 5, row


def test_the_guessers_find_a_leak_where_there_is_one():
    """Questions about horses that are always answered by yes give themselves away."""

    def leaky(count, start):
        things = ("horse", "cat", "dog")
        for n in range(start, start + count):
            answer = "yes" if n % 3 == 0 else "yes" if n % 2 else "no"
            yield Question("existence", f"is there a {things[n % 3]}?", answer)

    train = list(leaky(900, 0))
    for guesser in (blind.ByText(train), blind.ByWords(train)):
        row = blind.row("existence", "test", list(leaky(300, 900)), (guesser, guesser))
        assert row["z of the better"] > 5


# -- clips ----------------------------------------------------------------------------------


def test_clips_show_their_action():
    clips = data.scenes("test", size=64, length=400).clips
    assert len(clips) == 400
    seen = Counter()
    for n in range(60):
        clip = clips[n]
        assert clip.frames.shape == (8, 3, 64, 64)
        moved = (clip.frames[0].int() - clip.frames[-1].int()).abs().sum()
        assert (moved == 0) == (ACTIONS[clip.action] == "stand still"), clip.caption
        assert clip.thing.name in clip.caption
        seen[clip.action] += 1
    assert set(seen) == set(range(len(ACTIONS)))


def test_actions_are_what_they_are_called():
    """From the beginning of a clip to its end; y grows downwards, angles against the clock."""
    pose = Pose(x=30, y=40, size=20, angle=5, speed=9)
    expected = {
        "move left": ("x", -1),
        "move right": ("x", 1),
        "move up": ("y", -1),
        "move down": ("y", 1),
        "grow": ("size", 1),
        "shrink": ("size", -1),
        "spin left": ("angle", 1),
        "spin right": ("angle", -1),
    }
    for action in ACTIONS:
        begin, end = pose.at(action, -1), pose.at(action, 1)
        change = {
            name: getattr(end, name) - getattr(begin, name)
            for name in ("x", "y", "size", "angle")
            if getattr(end, name) != getattr(begin, name)
        }
        name, sign = expected.get(action, (None, 0))
        assert list(change) == ([name] if name else []), action
        assert all(sign * by > 0 for by in change.values()), action


def test_a_mirrored_drawing_turns_the_same_way():
    """Seen in its pixels: the axis of a long thin thing, mirrored or not."""
    sprites = data.scenes("train", size=96)._sprites

    def axis(mirrored: bool, angle: int) -> float:
        alpha = sprites.sprite("key", "noto", 60, mirrored, angle)[..., 3]
        rows, columns = np.where(alpha > 0.5)
        vectors = np.linalg.eigh(np.cov(columns, -rows))[1]
        return float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])))

    for mirrored in (False, True):
        turned = (axis(mirrored, 20) - axis(mirrored, 0) + 90) % 180 - 90
        assert turned == pytest.approx(20, abs=4)


def test_the_middle_of_a_clip_says_nothing():
    """Place, size and angle of the actor at the middle are drawn alike for all actions."""
    pose = Pose(x=30, y=40, size=20, angle=5, speed=9)
    for frames in (2, 7, 8):
        middle = times(frames)[frames // 2]
        assert {pose.at(action, middle) for action in ACTIONS} == {pose}
    assert len({pose.at(action, 1.0) for action in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 16}, "48 to 512 pixels wide, not 16"),
        ({"size": 64.0}, "size is a whole number"),
        ({"seed": -1}, "a seed is 0 or larger"),
        ({"length": 2.5}, "length is a whole number"),
        ({"length": 0}, "ask for one at least"),
    ],
)
def test_wrong_wishes(options, message):
    with pytest.raises(CourseError, match=message):
        data.scenes("train", **options)


def test_grounds_take_turns(some):
    counts = Counter(scene.ground for scene in some)
    assert set(counts) == set(GROUNDS)
    assert max(counts.values()) < 1.5 * min(counts.values())


def test_every_thing_appears(some):
    assert {o.thing.name for scene in some for o in scene.objects} == set(THING_NAMES)
