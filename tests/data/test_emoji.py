"""Emoji: pictures, words, and splits that hold something out."""

from __future__ import annotations

import importlib

import pytest
import torch
from torch.utils.data import DataLoader

from course_utils import data
from course_utils.course import CourseError

module = importlib.import_module("course_utils.data.emoji")  # not the function
CONCEPTS = module.concepts()


def pairs(pictures) -> set[tuple[int, str]]:
    return set(zip(pictures.labels.tolist(), pictures.styles, strict=True))


@pytest.mark.parametrize("size", [32, 64])
def test_pictures_are_on_white_with_their_opacity(size):
    pictures = data.emoji("val", size=size)
    count = len(pictures)
    assert pictures.images.shape == (count, 3, size, size)
    assert pictures.alpha.shape == (count, 1, size, size)
    assert pictures.images.dtype == pictures.alpha.dtype == torch.uint8
    clear = pictures.alpha == 0
    assert clear.any()
    assert (pictures.images[clear.expand_as(pictures.images)] == 255).all()
    assert pictures.images.float().std() > 30


def test_small_pictures_are_averages_of_large_ones():
    large, small = module.pixels("noto", 64).float(), module.pixels("noto", 32).float()
    averaged = torch.nn.functional.avg_pool2d(large, 2)
    assert (averaged - small).abs().max() <= 1  # rounded once more


def test_splits_share_no_picture_and_hold_out_what_they_say():
    splits = {name: data.emoji(name) for name in module.SPLITS}
    for name, one in splits.items():
        for other_name, other in splits.items():
            if name < other_name:
                assert not pairs(one) & pairs(other), (name, other_name)
    train = splits["train"]
    seen, styles = set(train.labels.tolist()), set(train.styles)
    assert styles == set(module.TRAIN_STYLES)
    assert set(splits["val"].labels.tolist()) <= seen
    assert set(splits["style"].labels.tolist()) <= seen
    assert not set(splits["style"].styles) & styles
    assert not set(splits["concepts"].labels.tolist()) & seen
    assert not set(splits["combinations"].labels.tolist()) & seen
    assert len(train) > 40 * len(splits["val"]) > 0


@pytest.mark.parametrize("grid", ["gesture", "profession", "shape"])
def test_held_out_combinations_are_known_in_their_parts(grid):
    cells = [c for c in CONCEPTS if c.grid == grid]
    held = [c for c in cells if c.split == "combinations"]
    known = [c for c in cells if c.split == "train"]
    assert len(held) >= 8
    assert {c.base for c in held} <= {c.base for c in known}
    assert {c.trait for c in held} <= {c.trait for c in known}
    # A base must not give its held-out trait away: several traits are open for each.
    for concept in held:
        assert sum(c.base == concept.base for c in known) >= 3
    if grid != "shape":
        traits = [sum(c.trait == t for c in held) for t in {c.trait for c in cells}]
        assert max(traits) - min(traits) <= 5


def test_candidates_of_combinations_are_whole_grids():
    """The trap: among held-out cells alone the base would be enough to guess by."""
    pictures = data.emoji("combinations")
    candidates = [CONCEPTS[n] for n in pictures.candidates()]
    assert {c.split for c in candidates} == {"train", "combinations"}
    assert len(candidates) == sum(c.grid is not None for c in CONCEPTS)
    concepts = data.emoji("concepts")
    assert {CONCEPTS[n].split for n in concepts.candidates()} == {"concepts"}


def test_words():
    pictures = data.emoji("val")
    image, name = pictures[0]
    assert image.dtype == torch.float32
    assert image.shape == (3, 32, 32)
    assert pictures.texts(0)[0] == name == pictures.classes[int(pictures.labels[0])]
    assert len(pictures.texts(0)) > 1
    assert len({c.name for c in CONCEPTS}) == len(CONCEPTS)
    assert not [c.name for c in CONCEPTS if "flag" in c.group or "keycap" in c.name]
    names = {c.name: c for c in CONCEPTS}
    assert names["pilot: dark skin tone"].grid == "profession"
    assert "fruit" in names["banana"].keywords


def test_a_data_loader_gives_pictures_with_names():
    images, names = next(iter(DataLoader(data.emoji("val"), batch_size=5)))
    assert images.shape == (5, 3, 32, 32)
    assert names[0] == data.emoji("val")[0][1]


def test_select_keeps_styles_and_words():
    pictures = data.emoji("val")
    few = pictures.select(pictures.labels == pictures.labels[3])
    assert len(few) >= 1
    assert few.styles[0] == pictures.styles[3]
    assert few.texts(0) == pictures.texts(3)


def test_on_a_ground():
    rgba = torch.tensor([[128, 0, 0, 128], [0, 0, 0, 0]], dtype=torch.uint8)[..., None, None]
    assert module.on_ground(rgba)[:, :, 0, 0].tolist() == [[255, 127, 127], [255, 255, 255]]
    assert module.on_ground(rgba, 0)[:, :, 0, 0].tolist() == [[128, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 48}, "32 and 64 pixels, not 48"),
        ({"styles": ["apple"]}, "no emoji style 'apple'; there are noto"),
        ({"styles": []}, "the split 'train' has the styles"),
    ],
)
def test_wrong_wishes(options, message):
    with pytest.raises(CourseError, match=message):
        data.emoji("train", **options)


def test_a_split_does_not_lie_about_its_styles():
    with pytest.raises(CourseError, match="the split 'style' has the styles twemoji, openmoji"):
        data.emoji("style", styles=["noto"])


def test_what_is_held_out_was_never_seen_under_another_name():
    """Pixel by pixel: some styles draw women and men of an activity alike."""
    train = {image.numpy().tobytes() for image in data.emoji("train", size=64).images}
    for split in ("concepts", "combinations"):
        held_out = data.emoji(split, size=64)
        seen = [
            held_out.classes[label]
            for image, label in zip(held_out.images, held_out.labels, strict=True)
            if image.numpy().tobytes() in train
        ]
        assert not seen, split


@pytest.mark.parametrize(
    ("name", "style"), [("cricket", "emojione"), ("cricket", "noto-v1"), ("scroll", "openmoji")]
)
def test_a_homonym_is_not_taken_for_another_thing(name, style):
    """The insect and the game, a roll of paper and the wheel of a mouse."""
    (concept,) = [c for c in CONCEPTS if c.name == name]
    assert style not in concept.styles


def test_styles_can_be_chosen():
    far = data.emoji("concepts", styles=["openmoji"])
    assert set(far.styles) == {"openmoji"}
    assert {CONCEPTS[n].split for n in far.labels} == {"concepts"}
