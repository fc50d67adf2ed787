"""Pictures with labels, as tensors, as a data set and in batches."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader

from course_utils import data
from course_utils.course import CourseError
from course_utils.data import Pictures


@pytest.fixture
def few() -> Pictures:
    """Ten pictures (2, 3, 5), each filled with its number."""
    numbers = torch.arange(10, dtype=torch.uint8)
    images = numbers[:, None, None, None].expand(10, 2, 3, 5).contiguous()
    return Pictures("few", images, torch.arange(10) % 2, ["even", "odd"])


@pytest.mark.parametrize(
    ("load", "counts", "mean", "std"),
    [
        # Mean and deviation as everybody normalises with them: PyTorch's MNIST example, and
        # the usual values for Fashion-MNIST.
        (data.digits, {"train": 60_000, "test": 10_000}, 0.1307, 0.3081),
        (data.fashion, {"train": 60_000, "test": 10_000}, 0.2860, 0.3530),
    ],
)
def test_the_grey_sets_are_whole(load, counts, mean, std):
    for split, count in counts.items():
        pictures = load(split)
        assert pictures.images.shape == (count, 1, 28, 28)
        assert pictures.images.dtype == torch.uint8
        assert pictures.labels.dtype == torch.int64
        assert pictures.labels.shape == (count,)
        assert len(pictures.labels.unique()) == len(pictures.classes) == 10
        if split == "train":
            got_mean, got_std = pictures.mean_std()
            assert got_mean.item() == pytest.approx(mean, abs=5e-5)
            assert got_std.item() == pytest.approx(std, abs=5e-5)


def test_order_is_as_published():
    assert data.digits("train").labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.digits("test").labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert data.fashion("train").labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert data.fashion("test").labels.bincount().tolist() == [1000] * 10


@pytest.mark.parametrize(
    "load", [data.digits, data.fashion, data.cifar10, data.emoji, data.scenes]
)
def test_an_unknown_split_names_the_known_ones(load):
    with pytest.raises(CourseError, match="no split 'validation'; it has train"):
        load("validation")


def test_an_item_is_a_float_picture_and_a_number(few):
    image, label = few[7]
    assert image.shape == (2, 3, 5)
    assert image.dtype == torch.float32
    assert torch.equal(image, torch.full((2, 3, 5), 7 / 255))
    assert label == 1
    assert type(label) is int


def test_mean_and_deviation_are_those_of_the_float_pictures():
    images = torch.randint(256, (6, 3, 4, 5), dtype=torch.uint8, generator=torch.manual_seed(1))
    mean, std = Pictures("x", images, torch.zeros(6).long(), ["a"]).mean_std()
    x = (images.double() / 255).transpose(0, 1).flatten(1)
    torch.testing.assert_close(mean, x.mean(1).float())
    torch.testing.assert_close(std, x.std(1, correction=0).float())


def test_batches_cover_each_picture_once_in_a_new_order_every_epoch(few):
    batches = few.batches(4, seed=3)
    assert len(batches) == 3
    epochs = []
    for _ in range(2):
        images, labels = map(torch.cat, zip(*batches, strict=True))
        numbers = (images[:, 0, 0, 0] * 255).round().long()
        assert sorted(numbers.tolist()) == list(range(10))
        assert torch.equal(labels, numbers % 2)
        epochs.append(numbers.tolist())
    assert epochs[0] != epochs[1]
    again = torch.cat([images for images, _ in few.batches(4, seed=3)])
    assert (again[:, 0, 0, 0] * 255).round().long().tolist() == epochs[0]


def test_batches_in_order_with_augmentation_and_without_the_rest(few):
    batches = few.batches(4, shuffle=False, drop_last=True, augment=lambda x: 1 - x)
    sizes = [len(images) for images, _ in batches]
    assert sizes == [4, 4]
    assert len(batches) == 2
    first, _ = next(iter(batches))
    torch.testing.assert_close(first[:, 0, 0, 0], 1 - torch.arange(4) / 255)
    with pytest.raises(ValueError, match="a batch of 0"):
        few.batches(0)


def test_a_data_loader_gives_the_same_pictures(few):
    loader = DataLoader(few, batch_size=4)  # uses __getitems__
    images, labels = map(torch.cat, zip(*loader, strict=True))
    ours, ours_labels = map(torch.cat, zip(*few.batches(4, shuffle=False), strict=True))
    assert torch.equal(images, ours)
    assert torch.equal(labels, ours_labels)


def test_a_small_balanced_set(few):
    small = few.per_class(2, seed=5)
    assert small.labels.bincount().tolist() == [2, 2]
    assert len({int(image[0, 0, 0]) for image in small.images}) == 4
    assert torch.equal(small.images, few.per_class(2, seed=5).images)
    assert not torch.equal(small.images, few.per_class(2, seed=6).images)
    with pytest.raises(ValueError, match="'even' has 5 images, not 6"):
        few.per_class(6)


def test_images_and_labels_must_match():
    with pytest.raises(ValueError, match="3 images with 2 labels"):
        Pictures("x", torch.zeros(3, 1, 2, 2).byte(), torch.zeros(2).long(), ["a"])


def test_halved_pictures_are_means_of_four_pixels() -> None:
    images = torch.tensor([[[[0, 2, 9], [4, 7, 9], [9, 9, 9]]]], dtype=torch.uint8)
    small = Pictures("one", images, torch.tensor([0]), ["a"]).halved()
    assert small.images.tolist() == [
        [[[3]]]
    ]  # (0 + 2 + 4 + 7) / 4; the rest of a side is left out
    assert small.images.dtype == torch.uint8
    assert small.classes == ("a",)
