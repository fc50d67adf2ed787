"""BLEU and CIDEr-D against their peers, by hand, and at their edges."""

from __future__ import annotations

import json
import math

import pytest

from course_utils.reference.caption_metrics import apart, bleu, cider_d, cider_d_each, ngrams
from tests.reference.caption_metrics_peers import (
    CASES,
    KEPT,
    corpora,
    said_by_peers,
    some_corpus,
)

KEPT_CASES = {case["name"]: case for case in json.loads(KEPT.read_text("utf-8"))["cases"]}


def agrees(captions, references, said) -> None:
    for order, (sacre, coco) in enumerate(
        zip(said["sacrebleu"], said["pycocoevalcap"], strict=True), 1
    ):
        ours = bleu(captions, references, order)
        assert ours == pytest.approx(sacre, rel=1e-9)
        if ours:
            assert ours == pytest.approx(coco, rel=1e-6)
        else:  # theirs is (1e-15 / 1e-9)^(1/4) where there is no n-gram at all
            assert coco < 0.04
    each = cider_d_each(captions, references)
    assert each == pytest.approx(said["cider_d"], rel=1e-9, abs=1e-12)
    assert cider_d(captions, references) == pytest.approx(sum(each) / len(each))


@pytest.mark.parametrize("name", list(corpora()))
def test_what_the_peers_said(name):
    case = KEPT_CASES[name]
    assert (case["captions"], case["references"]) == tuple(corpora()[name])
    agrees(case["captions"], case["references"], case)


@pytest.mark.parametrize("seed", range(100, 140))
def test_what_the_peers_say_now(seed):
    pytest.importorskip("sacrebleu")
    pytest.importorskip("pycocoevalcap")
    captions, references = some_corpus(seed)
    agrees(captions, references, said_by_peers(captions, references))


def test_kept_values_tell_something():
    """Not all zero, not all one, and sharp enough to see a wrong tie or clip."""
    scores = [case["sacrebleu"][3] for case in KEPT_CASES.values()]
    assert sum(0 < score < 1 for score in scores) >= 8
    assert len({round(score, 6) for score in scores}) >= 8


def test_clipping_by_hand():
    captions, references = CASES["Papineni's example"]
    # Two of seven "the" are in a reference; seven words, the closer reference has six.
    assert bleu(captions, references, 1) == pytest.approx(2 / 7)


def test_brevity_penalty_by_hand():
    captions, references = ["a b c d"], [["a b c d e f", "a b c d e f g h"]]
    assert bleu(captions, references) == pytest.approx(math.exp(1 - 6 / 4))
    assert (
        bleu(["a b c d e f g"], [["a b c d e f g h", "a b c d e f"]], 1) == 1.0
    )  # tie: shorter


def test_longer_than_the_references_is_no_penalty_but_precision():
    assert bleu(["a b c d x"], [["a b c d"]], 1) == pytest.approx(4 / 5)


def test_cider_by_hand():
    captions, references = ["a dog", "a cat"], [["a dog"], ["a bird"]]
    # "a" is in both images and weighs nothing. dog: log 2 alone. Orders 3 and 4 are empty.
    assert cider_d_each(captions, references) == pytest.approx([10 * 2 / 4, 0])


def test_the_length_penalty_of_cider():
    captions = ["a b c d e f", "x"]
    references = [["a b c d"], ["x"]]
    alone = cider_d_each(captions, references)[0]
    grams = [(4, 6), (3, 5), (2, 4), (1, 3)]  # common ones, those of the caption
    cosines = [k / math.sqrt(k * n) for k, n in grams]
    assert alone == pytest.approx(10 / 4 * sum(cosines) * math.exp(-4 / 72))


def test_perfect_captions():
    captions = ["a big dog on the sand", "two cats on the grass", "a red heart on the road"]
    references = [[c] for c in captions]
    assert bleu(captions, references) == 1
    assert cider_d(captions, references) == pytest.approx(10)


def test_documented_values():
    assert cider_d(["a dog on the sand"], [["a dog on the sand"]]) == 0  # one image
    assert bleu(["a dog on the sand"], [["a dog on the sand"]]) == 1
    assert bleu([""], [["a dog"]]) == cider_d([""], [["a dog"]]) == 0
    assert bleu(["a red dog"], [["a red dog"]]) == 0  # too short for BLEU-4
    assert bleu(["a red dog"], [["a red dog"]], 3) == pytest.approx(1)
    assert bleu(["a dog"], [[""]], 1) == 0  # an empty reference has nothing
    # An empty caption beside a good one costs its reference's length.
    assert bleu(["a b c d", ""], [["a b c d"], ["e f"]]) == pytest.approx(math.exp(1 - 6 / 4))


def test_order_and_repeats_of_references_do_not_matter_to_bleu():
    captions, references = some_corpus(3)
    other = [[*reversed(r), r[0]] for r in references]
    assert bleu(captions, references) == pytest.approx(bleu(captions, other))


def test_helpers():
    assert apart("two dogs, a cat and a car.") == "two dogs , a cat and a car ."
    assert apart("two dogs , a cat") == "two dogs , a cat"
    assert ngrams(["a", "b", "a", "b"], 2) == {("a", "b"): 2, ("b", "a"): 1}
    assert ngrams(["a"], 2) == {}
