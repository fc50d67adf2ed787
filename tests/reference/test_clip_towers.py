"""CLIP's towers: their sizes, words and texts, and where a text is read."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from course_utils.reference import clip_towers as towers
from course_utils.reference.clip_towers import (
    CLIP,
    ImageTower,
    TextTransformer,
    WordMean,
    Words,
    end_of_text,
    label_prompts,
    require_different,
)

WORDS = Words(["red", "green", "heart", "medium-light"], length=3)


# -- words ------------------------------------------------------------------------------------


def test_a_text_is_split_into_small_words() -> None:
    text = "Thumbs up: medium-light skin tone, piñata’s O-ring"
    want = ["thumbs", "up", "medium-light", "skin", "tone", "piñata", "s", "o", "ring"]
    assert towers.split_words(text) == want


def test_texts_become_numbers() -> None:
    assert WORDS.encode(["Red heart!", "medium-light"]).tolist() == [[1, 3], [4, 0]]
    assert WORDS.encode(["red heart", "green"], end=True).tolist() == [[1, 3, 5], [2, 5, 0]]
    assert WORDS.encode(["a red thing", "unicorn"], skip=True).tolist() == [[1], [0]]
    assert WORDS.encode(["unicorn"], skip=True, end=True).tolist() == [[5]]
    assert WORDS.unknown("a red thing") == ["a", "thing"]
    assert len(WORDS) == WORDS.end + 1 == 6


def test_words_of_names_and_of_keywords_that_several_meanings_have() -> None:
    meanings = [("red heart", "love", "love it"), ("kiss", "love", "lips")]
    assert Words.of(meanings, 2).words == ("heart", "kiss", "love", "red")
    assert Words.of(meanings).words == ("heart", "it", "kiss", "lips", "love", "red")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a red unicorn"], r"unknown words: \['a', 'unicorn'\]; skip=True"),
        (["red", "red green red heart"], "at most 3 words, and 'red green red heart' has 4"),
        ([], "texts must be a list"),
        ("red", "texts must be a list"),
        ([3], "texts must be a list"),
    ],
)
def test_texts_that_cannot_be_read_are_refused(texts, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        WORDS.encode(texts)


@pytest.mark.parametrize(
    ("words", "length", "said"),
    [
        (["red", "red"], 3, r"words must differ, .*\['red'\]"),
        (["Red"], 3, "words must be a list of single words"),
        (["red heart"], 3, "words must be a list of single words"),
        ([], 3, "words must be a list"),
        (["red"], 0, "length must be at least 1"),
    ],
)
def test_vocabularies_that_are_none_are_refused(words, length: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Words(words, length)


def test_equal_captions_are_told() -> None:
    require_different("captions", ["red heart", "green heart"])
    with pytest.raises(ValueError, match=r"captions must differ, .*: \['red heart'\]"):
        require_different("captions", ["red heart", "green heart", "Red  heart"])


def test_labels_in_templates() -> None:
    texts = label_prompts(["cat", "dog"], ["a photo of a {}", "{}"])
    assert texts == [["a photo of a cat", "cat"], ["a photo of a dog", "dog"]]


@pytest.mark.parametrize(
    ("labels", "templates", "said"),
    [
        (["cat", "Cat"], ["{}"], r"labels must differ, .*: \['cat'\]"),
        (["cat"], ["a photo"], "not 'a photo'"),
        (["cat"], [], "labels and templates must be lists"),
        ([], ["{}"], "labels and templates must be lists"),
        ("cat", ["{}"], "labels and templates must be lists"),
    ],
)
def test_prompts_that_are_none_are_refused(labels, templates, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        label_prompts(labels, templates)


# -- towers -----------------------------------------------------------------------------------


def test_both_towers_fit_into_400_kilobytes() -> None:
    def size(tower: nn.Module) -> int:
        return sum(2 * t.numel() for t in tower.state_dict().values())

    assert sum(p.numel() for p in ImageTower().parameters()) == 76_304
    assert size(ImageTower()) + size(WordMean(1_659)) < 390_000


def test_the_image_tower_sees_what_its_layers_say() -> None:
    torch.manual_seed(0)
    tower = ImageTower().eval()
    images = torch.rand(2, 3, 32, 32)
    x = (images - 0.7) * 2
    shapes = []
    for layer in tower.layers:
        x = layer(x)
        shapes.append(tuple(x.shape[1:]))
    assert [s for s, before in zip(shapes, [None, *shapes], strict=False) if s != before] == [
        (16, 16, 16), (28, 8, 8), (44, 4, 4), (44, 2, 2), (176,),
    ]  # fmt: skip
    torch.testing.assert_close(tower(images), tower.projection(x))
    mirrored = tower(images.flip(3))
    assert (mirrored - tower(images)).abs().max() > 1e-3  # left and right are told apart


@pytest.mark.parametrize(
    "images",
    [torch.rand(2, 3, 64, 64), torch.rand(0, 3, 32, 32), torch.ones(2, 3, 32, 32).byte()],
)
def test_images_that_do_not_fit_are_refused(images) -> None:
    with pytest.raises(ValueError, match="images must be floats"):
        ImageTower()(images)


def test_a_text_is_the_mean_of_its_words() -> None:
    torch.manual_seed(0)
    tower = WordMean(len(WORDS))
    vectors, layer = tower.vectors.weight, tower.projection
    got = tower(WORDS.encode(["red heart", "green", "unicorn"], skip=True))
    want = [layer((vectors[1] + vectors[3]) / 2), layer(vectors[2]), layer.bias]
    torch.testing.assert_close(got, torch.stack(want))
    got.sum().backward()
    assert not tower.vectors.weight.grad[0].any()


def transformer() -> TextTransformer:
    torch.manual_seed(0)
    return TextTransformer(len(WORDS), 8, 2, 2, length=6).eval()


def test_a_text_is_read_at_its_end_however_it_is_padded() -> None:
    tower = transformer()
    alone = tower(WORDS.encode(["red heart"], end=True))
    beside = tower(WORDS.encode(["green", "red heart", "red red green"], end=True))
    torch.testing.assert_close(beside[1:2], alone)
    other = tower(WORDS.encode(["heart red"], end=True))
    assert (other - alone).abs().max() > 1e-3  # the order counts


def test_the_end_has_seen_every_word_and_the_first_place_has_not() -> None:
    tower = transformer()
    x = tower.vectors(WORDS.encode(["red heart green"], end=True)).detach().requires_grad_()
    states = x + tower.places[:4]
    mask = torch.ones(4, 4, dtype=torch.bool).tril()
    for layer in tower.layers:
        states = layer(states, mask)
    for place, seen in ((0, 1), (1, 2), (3, 4)):
        (slope,) = torch.autograd.grad(states[0, place].sum(), x, retain_graph=True)
        assert (slope[0].abs().sum(1) > 0).tolist() == [n < seen for n in range(4)]
    at = end_of_text(states, WORDS.encode(["red heart green"], end=True), WORDS.end)
    assert torch.equal(at, states[:, 3])


def test_the_end_is_found_in_each_row() -> None:
    states = torch.arange(12.0).reshape(2, 3, 2)
    words = torch.tensor([[1, 5, 0], [2, 3, 5]])
    assert end_of_text(states, words, 5).tolist() == [[2, 3], [10, 11]]
    for wrong in ([[1, 2, 0], [2, 3, 5]], [[5, 5, 0], [2, 3, 5]]):
        with pytest.raises(ValueError, match="words must have the end, 5, once"):
            end_of_text(states, torch.tensor(wrong), 5)
    with pytest.raises(ValueError, match="states must be"):
        end_of_text(states, words[:, :2], 5)


def test_texts_longer_than_the_transformer_are_refused() -> None:
    words = torch.tensor([[1, 2, 3, 1, 2, 3, 5]])
    with pytest.raises(ValueError, match="words must be at most 6 a text, not 7"):
        transformer()(words)


@pytest.mark.parametrize("tower", [WordMean(6), TextTransformer(6)])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (torch.tensor([[6]]), "numbers from 0 to 5"),
        (torch.tensor([[-1]]), "numbers from 0 to 5"),
        (torch.tensor([1]), "words must be int64"),
        (torch.zeros(0, 2, dtype=torch.long), "words must be int64"),
        (torch.ones(1, 2), "words must be int64"),
    ],
)
def test_numbers_that_are_no_words_are_refused(tower, words, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tower(words)


def test_a_model_gives_what_the_loss_takes() -> None:
    torch.manual_seed(0)
    model = CLIP(ImageTower(), WordMean(6))
    images, words = torch.rand(2, 3, 32, 32), torch.tensor([[1, 2], [3, 0]])
    x, y, s = model(images, words)
    assert x.shape == y.shape == (2, 64)
    assert torch.equal(y, model.text(words))
    assert s.item() == pytest.approx(1 / 0.07)
