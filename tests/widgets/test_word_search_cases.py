"""The word search's pictures, its cases, what it refuses and what it weighs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from traitlets import TraitError

from course_utils.data.emoji import concepts
from course_utils.reference.clip import classify, unit, zero_shot_head
from course_utils.training.clip import emoji_words
from course_utils.widgets import WordSearch
from course_utils.widgets.word_search import pictures
from course_utils.widgets.word_search.widget import LABELS, PRESETS, QUERY


@torch.no_grad()
def test_its_pictures() -> None:
    shown, chosen = pictures.pictures(), pictures.chosen()
    assert len(set(shown.names)) == len(chosen) == pictures.COUNT
    assert list(chosen) == sorted(chosen)
    meanings = [concepts()[n] for n in chosen]
    assert {c.group for c in meanings} & {"people-body"} == set()
    splits = {c.split for c in meanings}
    assert splits == {"train", "concepts", "combinations"}
    assert [c.split != "train" for c in meanings] == list(shown.new)
    x = unit(pictures.model().image(shown.pixels.float() / 255))
    assert (x - shown.features.float()).abs().max() < 3e-4  # rounded to float16
    drawn = pictures._drawn().float()
    assert (drawn - shown.pixels.float()).abs().mean() < 1  # of 255
    assert all(len(p.flatten(1).unique(dim=1)[0]) <= 32 for p in shown.pixels)
    red = shown.names.index("red heart")
    assert {emoji_words().numbers[w] for w in ("red", "heart", "love")} <= set(shown.own[red])


@torch.no_grad()
def test_its_cases_show_what_they_are_named_after() -> None:
    """By torch in float32, as the chapter would compute it."""
    shown, towers, words = pictures.pictures(), pictures.model(), emoji_words()
    x, scale = shown.features.float(), towers.scale()

    def place(case: str) -> int:
        y = unit(towers.text(words.encode([PRESETS[case]["query"]], skip=True)))
        order = (x @ y.T)[:, 0].argsort(descending=True).tolist()
        return order.index(shown.names.index(PRESETS[case]["picture"]))

    def shares(case: str, single: bool = False) -> list[float]:
        labels = [label.split("|") for label in PRESETS[case]["labels"].split(",")]
        labels = [texts[:1] if single else texts for texts in labels]
        head = zero_shot_head([towers.text(words.encode(t, skip=True)) for t in labels])
        n = shown.names.index(PRESETS[case]["picture"])
        return classify(x[n : n + 1], head, scale)[0].tolist()

    assert place("fruit") < 4
    assert shares("fruit")[0] > 0.9
    assert place("never seen together") == 0
    assert max(s := shares("never seen together")) == s[0]
    assert shown.new[shown.names.index("green heart")]
    assert place("another order") < 3
    assert (order := shares("another order"))[0] == pytest.approx(order[1], abs=1e-6)
    assert words.unknown(PRESETS["an unknown word"]["query"]) == ["polar"]
    assert shown.new[shown.names.index("polar bear")]
    assert shares("labels of several texts")[1] > 0.9  # food
    assert shares("labels of several texts", single=True)[1] < 0.5


def test_state_is_checked() -> None:
    assert WordSearch("another order").query == "eyes heart cat"
    widget = WordSearch(query="sad cat", picture="crab", change="grey", scale=10.0)
    assert (widget.query, widget.picture, widget.scale) == ("sad cat", "crab", 10)
    assert widget.learned == pytest.approx(pictures.model().scale().item())
    assert WordSearch().scale == widget.learned
    assert WordSearch(query="", labels="").labels == ""
    with pytest.raises(ValueError, match="preset must be one of"):
        WordSearch("dogs")
    wrong: list[dict[str, Any]] = [
        {"picture": "dinosaur"}, {"change": "blue"}, {"scale": 0.5}, {"scale": 101.0},
        {"query": "a" * (QUERY + 1)}, {"labels": "a" * (LABELS + 1)}, {"query": 3},
    ]  # fmt: skip
    for state in wrong:
        with pytest.raises(TraitError):
            WordSearch(**state)
    for state in PRESETS.values():
        assert len(state["query"]) <= QUERY
        assert len(state["labels"]) <= LABELS


def test_a_query_never_has_more_words_than_a_text_may_have() -> None:
    longest = "a " * (QUERY // 2)
    assert emoji_words().encode([longest[:QUERY]]).shape[1] <= emoji_words().length


def test_what_it_weighs() -> None:
    widget = WordSearch()
    assert len(widget.network.weights) + len(widget.features) < 450_000
    assert len(widget.pixels) < 110_000
    assert len(str(WordSearch._esm)) < 70_000
