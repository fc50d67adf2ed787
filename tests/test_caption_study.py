"""The measures of the caption study, on cases whose answers are known."""

from __future__ import annotations

import itertools
import random
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from benchmarks import (
    caption_counting,
    caption_cover,
    caption_mistakes,
    caption_rates,
    caption_study,
)
from benchmarks.caption_words import END, right_next, wrong_word
from course_utils.data.scenes import scenes, shape_colours
from course_utils.data.scenes.judged import Told, judge, target, told
from course_utils.data.scenes.scene import SceneObject
from course_utils.data.scenes.vocabulary import THINGS
from course_utils.reference.caption_metrics import apart
from course_utils.reference.captioning import Captioner
from course_utils.training.captioners import untrained
from course_utils.training.captioning import vocabulary

NAN = float("nan")


def thing(name: str, left: int, size: str = "big", colour: str | None = None) -> SceneObject:
    (kind,) = (t for t in THINGS if t.name == name)
    box = (left, 8, left + 8, 16)
    return SceneObject(kind, size, colour, "noto", box, 64, (left + 4, 16))


# "a big red circle, two dogs and a small tree on the grass"
SCENE = Told(
    (thing("dog", 16), thing("tree", 48, "small"), thing("circle", 0, colour="red"),
     thing("dog", 32)),
    "grass", (), 64,
)  # fmt: skip
TRUE = apart(target(SCENE)).split()


@pytest.fixture(scope="module")
def seen():
    source = scenes("test", size=64, length=40)
    return [source[i] for i in range(40)]


def after(beginning: str) -> set[str]:
    return list(right_next(beginning.split(), SCENE))[-1]


def all_right(words: list[str], scene: Told) -> bool:
    rights = right_next(words, scene)
    return all(w in right for w, right in zip([*words, END], rights, strict=True))


@pytest.mark.parametrize(
    ("beginning", "right"),
    {
        "": {"a", "two"},
        "a": {"big", "small"},
        "a big": {"red"},
        "two dogs": {","},
        "a small tree , two dogs": {"and"},
        "a small tree , two dogs and": {"a"},
        "a small tree , two dogs and a big red circle": {"on"},
        "a small tree on the": {"grass"},  # one left out: what follows is not wrong with it
        "a big blue": {"circle"},
        "three": {"dogs"},
        "a small tree and two dogs": {"on"},  # "and" came too early: nothing more fits
        "a small tree , a small cat": {",", "and"},  # the cat may stand for a dog, or for none
        "two dogs , two dogs , a small tree": {"on", "and"},
        "a big dog": {","},
        "two dogs , a small tree and a big red circle , a": set(),
        "two dogs on the grass": {END},
    }.items(),
)
def test_which_words_are_right(beginning, right):
    assert after(beginning) == right


def test_all_words_are_right_where_the_caption_is_full(seen):
    dice, full = random.Random(0), 0
    for scene in seen:
        words = apart(target(scene, "random")).split()
        for _ in range(30):
            changed = words.copy()
            i, j = (dice.randrange(len(words)) for _ in range(2))
            if dice.random() < 0.5:
                changed[i] = words[j]
            else:
                changed = changed[: i + 1] + changed[j:]
            caption = " ".join(changed).replace(" ,", ",")
            assert all_right(changed, scene) == judge(caption, scene).full, caption
            full += judge(caption, scene).full
    assert 50 < full < 1000


def test_a_wrong_word_is_of_the_same_kind_and_was_seen(seen):
    dice, kinds, colours = random.Random(0), set(), shape_colours(held_out=False)
    for scene in [SCENE, *seen]:
        words = apart(target(scene)).split()
        for _ in range(20):
            wrong = wrong_word(words, scene, dice)
            changed = [*words[: wrong.place], wrong.word, *words[wrong.place + 1 :]]
            assert not all_right(changed, scene)
            verdict = judge(" ".join(changed).replace(" ,", ","), scene)
            assert verdict.form == "list"
            assert not verdict.true
            kinds.add(wrong.kind)
            for colour, noun in itertools.pairwise(changed):
                assert noun not in colours or colour in (*colours[noun], "big", "small")
    assert kinds == {"thing", "colour", "number"}


def test_right_words_are_marked():
    said = ["a", "big", "blue", "circle", "and", "two", "dogs", "on", "the", "grass"]
    row = caption_mistakes.marks([said], [[*said, END]], [SCENE])[0].tolist()
    assert row == [1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1]
    assert caption_mistakes.first_wrong(torch.tensor([row, [1.0] * 11])).tolist() == [2, -1]
    # Place by place everything behind the "and" that came too early is wrong.
    by_place = caption_mistakes.place_by_place([said], [TRUE])[0].tolist()
    assert by_place == [1, 1, 0, 1, 0, 1, 1, *[0] * 8]
    too_many = [*TRUE[:-3], ",", "a"]
    marked = caption_mistakes.marks([too_many], [[*too_many, END]], [SCENE])[0]
    assert marked[-3] == 0
    assert marked[-2:].isnan().all()


class Parrot(nn.Module):
    """Says the caption that the memory holds, but after ``trap`` once "the" for ever."""

    def __init__(self, trap: int | None = None) -> None:
        super().__init__()
        self.trap = trap

    def start(self, memory):
        return memory[:, :, 0].long(), 0, torch.zeros(len(memory), dtype=torch.bool)

    def step(self, words, state):
        ids, t, fooled = state
        fooled = fooled | (words == self.trap) if self.trap else fooled
        lost = torch.full_like(words, vocabulary().numbers["the"])
        best = torch.where(fooled, lost, ids[:, t + 1])
        return nn.functional.one_hot(best, len(vocabulary())).float(), (ids, t + 1, fooled)

    def forward(self, memory, words):
        state, logits = self.start(memory), []
        for word in words.T:
            one, state = self.step(word, state)
            logits.append(one)
        return torch.stack(logits, 1)


def studied(decoder: nn.Module, about: list[Told], captions: list[str]) -> tuple[dict, list]:
    memory = nn.functional.pad(vocabulary().encode(captions), (0, 30))[..., None]
    return caption_mistakes.exposure(decoder, memory, about, 26, vocabulary())


def test_a_network_that_knows_all_loses_nothing():
    about = [SCENE] * 60
    found, said = studied(Parrot(), about, [target(SCENE)] * 60)
    assert said == [TRUE] * 60
    assert len(found["words"]) == len(TRUE) + 1
    for row in found["words"]:
        assert (row["true words"], row["own words"], row["place by place"]) == (1, 1, 1)
    assert "own mistake" not in {row["after"] for row in found["mistakes"]}
    assert {row["difference"] for row in found["mistakes"]} == {0}
    assert {row["right after it"] for row in found["recovery"]} == {1}


def test_a_network_that_a_wrong_word_misleads_loses_all_behind_it(monkeypatch):
    numbers = vocabulary().numbers
    wrong = caption_mistakes.Wrong(2, "blue", "colour")
    monkeypatch.setattr(caption_mistakes, "wrong_word", lambda *_: wrong)
    found, _ = studied(Parrot(numbers["blue"]), [SCENE] * 40, [target(SCENE)] * 40)
    behind = len(TRUE) + 1 - 3
    lost = {"right after it": round(1 / behind, 4), "right without it": 1.0}
    for row in found["mistakes"]:
        assert row["after"] in ("a wrong word", "a wrong colour")
        assert {name: row[name] for name in lost} == pytest.approx(lost)
        assert row["difference"] == pytest.approx(1 - 1 / behind, abs=1e-4)
        assert row["standard error"] == 0
    right = {r["words after"]: r["right after it"] for r in found["recovery"]}
    assert [d for d in right if right[d]] == [TRUE.index("the") - 2]  # "the" after "on"


def test_its_own_mistake_is_held_against_true_words_in_the_same_scenes():
    easy, about = target(SCENE), [SCENE] * 80
    wrong = easy.replace("red", "blue")
    trapped = Parrot(vocabulary().numbers["blue"])
    found, _ = studied(trapped, about, [easy] * 40 + [wrong] * 40)
    (row,) = (r for r in found["mistakes"] if r["after"] == "own mistake")
    assert row["captions"] == 40
    assert row["right without it"] == 1
    assert row["right after it"] < 0.2
    at = found["words"][2]
    assert (at["position"], at["true words"], at["own words"]) == (3, 0.5, 0.5)


def noun(box_at: int, elsewhere_at: int) -> caption_cover.Noun:
    cells = nn.functional.one_hot(torch.tensor([box_at, elsewhere_at, 50]), 64).bool()
    return caption_cover.Noun(0, 2, "cat", *cells)


def test_what_is_covered_is_what_it_says():
    """A network that sees its cat in cell 9, and looks where it is told."""
    numbers = vocabulary().numbers
    cat, dog = numbers["cat"], numbers["dog"]

    def says(images, words):
        there = (images[:, :, 8:16, 8:16] == 200).all(-1).all(-1).all(-1)
        p = torch.zeros(*words.shape, len(numbers))
        p[:, :, cat] = torch.where(there, 0.9, 0.2)[:, None]
        p[:, :, dog] = 1 - p[:, :, cat]
        return p

    def looks_at(cell):
        row = nn.functional.one_hot(torch.tensor(cell), 64) * 0.8 + 0.2 / 64
        return lambda images, words: row.expand(*words.shape, 64)

    images = torch.full((1, 3, 64, 64), 200, dtype=torch.uint8)
    words = vocabulary().encode(["a small cat on the grass"])
    given = (images, words, torch.zeros(1, 3, dtype=torch.uint8), [noun(9, 40)], numbers)
    for cell, fall in ((9, 0.7), (63, 0)):
        asked = caption_cover.Asked(says, looks_at(cell))
        found = caption_cover.covering(asked, *given)
        falls = {r["cover"]: (r["fall"], r["changed"]) for r in found["cover"]}
        assert falls == {
            "the thing's box": (pytest.approx(0.7, abs=1e-4), 1),
            "elsewhere": (0, 0),
            "elsewhere, drawn cells": (0, 0),
            "most attended": (pytest.approx(fall, abs=1e-4), fall > 0),
            "most attended, outside the box": (0, 0),
        }
        (look,) = found["attention"]
        in_box = 0.2 / 64 + 0.8 * (cell == 9)
        assert look["in the box"] == pytest.approx(in_box, abs=1e-4)
        assert look["area of the box"] == round(1 / 64, 4)
        assert look["most attended in the box"] == (cell == 9)
        low = [r for r in found["cover"] if r["nouns"] == "attention elsewhere"]
        assert bool(low) == (cell == 63)
    without = caption_cover.covering(caption_cover.Asked(says, lambda i, w: None), *given)
    assert {r["cover"] for r in without["cover"]} == {
        "the thing's box", "elsewhere", "elsewhere, drawn cells"
    }  # fmt: skip
    assert without["attention"] == []


def test_what_is_named_twice_is_counted(seen):
    caption = "a big dog, a big dog, a small tree and a big red circle on the grass"
    of_one, of_two = caption_rates.counts([caption], [SCENE])
    assert (of_one["group"], of_one["named twice"]) == (1, 0)
    assert (of_two["group"], of_two["named twice"], of_two["number right"]) == (2, 1, 0)


def test_a_pair_has_cells_of_its_own_and_ground_enough(seen):
    found = caption_counting.pairs(seen, random.Random(0))
    assert found
    for pair in found:
        items = seen[pair.scene].objects
        cells = [caption_cover.box_cells(item.box) for item in items]
        names = [item.thing.name for item in items]
        assert names.count(pair.thing) == 2
        touching = [n for n, c in zip(names, cells, strict=True) if c[pair.cells].any()]
        assert touching == [pair.thing]
        assert not torch.stack(cells)[:, pair.ground].any()
        memory = torch.arange(64.0)[:, None]
        gone = (caption_counting.without(memory, pair, False) != memory)[:, 0].nonzero()[:, 0]
        assert gone.tolist() == pair.cells
        same = caption_counting.without(memory, pair, True) == memory
        assert same[pair.cells].all()
        assert (~same).sum() == len(pair.cells)


def test_the_sum_of_another_memory_leaves_the_attention(captioner_with_sum):
    memory, other = torch.rand(2, 64, 80), torch.rand(2, 64, 80)
    decoder = captioner_with_sum.decoder
    own, mixed = decoder.start(memory), caption_counting.WithSumOf(decoder, other).start(memory)
    for mine, theirs in zip(own[1], mixed[1], strict=True):  # of words there is nothing yet
        assert all(torch.equal(a, b) for a, b in zip(mine[2:], theirs[2:], strict=True))
    assert torch.equal(mixed[2], decoder.prepare(other)[1])


@pytest.mark.parametrize(
    ("caption", "number"),
    [("two dogs and a small tree on the grass", 2), ("a big dog and a big dog on the grass", 1),
     ("a small tree on the grass", None), ("dogs dogs", None)],
)  # fmt: skip
def test_the_number_a_caption_says(caption, number):
    assert caption_counting.number_said(caption, "dog") == number


@pytest.fixture
def captioner_with_sum():
    return untrained("caption_transformer").eval().requires_grad_(False)


def test_nouns_and_their_cells(seen):
    chosen = caption_cover.nouns(seen, random.Random(0))
    assert len(chosen) > 30
    for one in chosen:
        scene = seen[one.scene]
        (it,) = (o for o in scene.objects if o.thing.name == one.word)
        assert apart(target(scene)).split()[one.place] == one.word
        inside = torch.zeros(3, 64, 64, dtype=torch.uint8)
        inside[:, it.box[1] : it.box[3], it.box[0] : it.box[2]] = 1
        left = caption_cover.covered(inside[None], one.box[None], torch.zeros(1, 3).byte())
        assert not left.any()  # the whole box is covered, and no cell that it does not touch
        assert inside.view(3, 8, 8, 8, 8).amax((0, 2, 4)).flatten().bool().equal(one.box)
        for others in (one.elsewhere, one.drawn):
            assert others.sum() == one.box.sum()
            assert not (others & one.box).any()
        rows, columns = (one.elsewhere.view(8, 8).any(d).sum() for d in (1, 0))
        assert rows * columns == one.box.sum()


def test_where_a_box_can_be_moved():
    left = torch.zeros(8, 8, dtype=torch.bool)
    left[:, :4] = True
    (right,) = caption_cover.moved(left.flatten())
    assert right.equal(~left.flatten())
    assert caption_cover.moved(torch.ones(64, dtype=torch.bool)) == []


def test_the_colour_that_covers_is_the_grounds(seen):
    scene = seen[0]
    colour = caption_cover.ground_colour(scene)
    things = scene.masks.any(0)
    image = torch.where(things, torch.tensor(255, dtype=torch.uint8), colour[:, None, None])
    masked = SimpleNamespace(image=image, masks=scene.masks)
    assert caption_cover.ground_colour(masked).equal(colour)


@pytest.mark.parametrize("name", ["caption_gru", "caption_transformer", "caption_vit"])
def test_looks_are_the_weights_that_make_the_words(name):
    torch.manual_seed(0)
    made = untrained(name).eval()
    images = torch.randint(256, (2, 3, 64, 64), dtype=torch.uint8)
    words = torch.randint(3, len(vocabulary()), (2, 5))
    memory = made.encoder(images)
    weights = caption_cover.looks(made.decoder, memory, words)
    assert weights.shape == (2, 5, 64)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 5))
    longer = torch.cat([words, words[:, :1]], 1)
    again = caption_cover.looks(made.decoder, memory, longer)[:, :5]
    torch.testing.assert_close(again, weights)
    assert not made.decoder._forward_hooks
    assert (
        caption_cover.asked(Captioner(made.encoder, made.decoder)).says(images, words).ndim == 3
    )


def test_the_most_attended_places():
    weights = torch.tensor([[0.1, 0.5, 0.4], [0.2, 0.3, 0.5]])
    chosen = caption_cover.most(weights, torch.tensor([2, 1]))
    assert chosen.tolist() == [[False, True, True], [False, False, True]]


def test_numbers_of_things_are_counted_by_size_of_the_group():
    captions = [
        "a big red circle, three dogs and a small tree on the grass",
        "two dogs and two trees on the grass",
        "dogs dogs dogs",
    ]
    rows = caption_rates.counts(captions, [SCENE] * 3)
    kept = {r["group"]: (r["groups"], r["named"], r["number right"]) for r in rows}
    assert kept == {1: (6, 3, round(2 / 3, 4)), 2: (3, 2, 0.5)}
    judged = [right for c in captions for right in judge(c, SCENE).counts]
    assert sum(judged) == 3
    assert len(judged) == 5


def test_shapes_apart():
    said = ["a big red circle", "a big red heart", "a big blue circle", "a small tree"]
    row = caption_rates.shapes([judge(f"{c} on the grass", SCENE) for c in said])
    assert row == {"shapes": 4, "named": 0.5, "coloured": 0.5, "both": 0.25, "full": 0}


def test_without_and_with_are_compared_on_the_same_scenes():
    things = torch.tensor([2] * 40 + [4] * 40)
    without = torch.tensor([True] * 40 + [True] * 10 + [False] * 30)
    with_it = torch.tensor([True] * 70 + [False] * 10)
    two, four, many = caption_rates.without_and_with(without, with_it, things)
    assert (two["things"], four["things"], many["things"]) == (2, 4, "3 or more")
    assert two["standard errors"] is None
    assert (four["without"], four["with"], four["difference"]) == (0.25, 0.75, 0.5)
    error = (0.25 * 40 / 39 / 40) ** 0.5
    assert four["standard error"] == pytest.approx(error, abs=1e-4)
    assert four["standard errors"] == pytest.approx(0.5 / error, abs=0.1)
    assert {k: v for k, v in many.items() if k != "things"} == {
        k: v for k, v in four.items() if k != "things"
    }
    by = caption_rates.by_things(with_it, things)
    assert by == [
        {"things": 2, "scenes": 40, "full": 1},
        {"things": 4, "scenes": 40, "full": 0.75},
    ]


def test_each_decoder_without_attention_stands_beside_the_one_with_it(monkeypatch):
    judged = [SimpleNamespace(objects=[None] * 3)] * 30
    monkeypatch.setattr(caption_study, "judged", lambda split: judged)
    keys = [("caption_gru", 0), ("caption_gru_wide", 0), ("caption_gru_plain", 1)]
    rows = caption_study.bottleneck({key: [key[0] == "caption_gru"] * 30 for key in keys})
    assert {(r["network"], r["seed"], r["things"]) for r in rows} == {
        ("caption_gru_wide", 0, 3), ("caption_gru_wide", 0, "3 or more")
    }  # fmt: skip
    assert {(r["without"], r["with"]) for r in rows} == {(0, 1)}


def test_a_reference_is_held_against_the_same_four_as_the_networks(seen):
    about = [told(scene) for scene in seen]
    rows = caption_rates.references(
        {("perfect", 0): [target(s) for s in about], ("constant", None): ["two dogs"] * 40},
        about,
    )
    assert [row["captions"] for row in rows] == ["a reference", "perfect", "constant"]
    assert {row["references"] for row in rows} == {4}
    assert (rows[0]["true"], rows[1]["full"], rows[2]["true"]) == (1, 1, 0)
    assert 0 < rows[0]["BLEU-4"] < 1


def test_a_study_is_kept_until_the_weights_change(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(caption_study.Course, "find", lambda: SimpleNamespace(cache=tmp_path))
    monkeypatch.setattr(caption_study, "network", lambda name, seed: made.append(seed))
    monkeypatch.setattr(caption_study, "studied", lambda captioner: {"n": len(made)})
    weights = tmp_path / "weights"
    weights.write_bytes(b"1")
    assert [caption_study.kept("a", 0, weights)["n"] for _ in range(2)] == [1, 1]
    weights.write_bytes(b"2")
    assert caption_study.kept("a", 0, weights)["n"] == 2
    assert caption_study.weights_of("caption_gru", 7) is None
