"""The public sets, read from tiny folders in their real formats."""

from __future__ import annotations

import hashlib
import json
import pickle
import struct

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from course_utils import data
from course_utils.course import CourseError

RNG = np.random.default_rng(188)


def idx(array: np.ndarray) -> bytes:
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
    )


def photo(path, height=20, width=30):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(256, size=(height, width, 3), dtype=np.uint8)).save(path)


@pytest.mark.parametrize(
    ("load", "folder"), [(data.digits, "MNIST"), (data.fashion, "FashionMNIST")]
)
def test_mnist_and_fashion_from_idx_files(load, folder, tmp_path):
    raw = tmp_path / folder / "raw"
    raw.mkdir(parents=True)
    images = RNG.integers(256, size=(5, 28, 28), dtype=np.uint8)
    labels = np.array([3, 1, 4, 1, 5], np.uint8)
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    for split in ("train", "test"):
        got = load(split, full=True, root=tmp_path)
        assert np.array_equal(got.images[:, 0].numpy(), images)
        assert got.labels.tolist() == labels.tolist()
        assert got.classes == load("test").classes


@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR100"])
def test_cifar_from_the_authors_pickles(name, tmp_path, monkeypatch):
    reader = getattr(datasets, name)
    folder = tmp_path / reader.base_folder
    folder.mkdir()
    fine = "labels" if name == "CIFAR10" else "fine_labels"
    names = {"label_names" if name == "CIFAR10" else "fine_label_names": ["a", "b", "c"]}
    rows = RNG.integers(256, size=(4, 3072), dtype=np.uint8)

    def store(file: str, content: dict) -> tuple[str, str]:
        raw = pickle.dumps(content, protocol=2)
        (folder / file).write_bytes(raw)
        return file, hashlib.md5(raw).hexdigest()

    for part in ("train_list", "test_list"):
        files = [
            store(file, {"data": rows, fine: [2, 0, 1, 2]}) for file, _ in getattr(reader, part)
        ]
        monkeypatch.setattr(reader, part, [list(file) for file in files])
    file, md5 = store(reader.meta["filename"], names)
    monkeypatch.setattr(reader, "meta", {**reader.meta, "filename": file, "md5": md5})
    if name == "CIFAR10":
        got = data.cifar10("test", full=True, root=tmp_path)
    else:
        got = data.cifar100("test", root=tmp_path)
    assert np.array_equal(got.images.numpy(), rows.reshape(4, 3, 32, 32))
    assert got.labels.tolist() == [2, 0, 1, 2]
    assert got.classes == ("a", "b", "c")


@pytest.fixture
def voc_root(tmp_path):
    base = tmp_path / "VOCdevkit" / "VOC2012"
    for part in ("Main", "Segmentation"):
        (base / "ImageSets" / part).mkdir(parents=True)
        (base / "ImageSets" / part / "train.txt").write_text("2007_000032\n")
    photo(base / "JPEGImages" / "2007_000032.jpg")
    (base / "Annotations").mkdir()
    (base / "Annotations" / "2007_000032.xml").write_text(
        "<annotation><filename>2007_000032.jpg</filename>"
        "<object><name>cat</name><difficult>0</difficult><bndbox><xmin>3</xmin><ymin>5</ymin>"
        "<xmax>12</xmax><ymax>20</ymax></bndbox></object>"
        "<object><name>dog</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>1</ymin>"
        "<xmax>30.4</xmax><ymax>8</ymax></bndbox></object></annotation>"
    )
    mask = Image.fromarray(np.full((20, 30), 8, np.uint8), mode="P")
    mask.putpalette([0] * 768)
    (base / "SegmentationClass").mkdir()
    mask.save(base / "SegmentationClass" / "2007_000032.png")
    return tmp_path


def test_voc_boxes_become_half_open(voc_root):
    found = data.voc("train", root=voc_root)
    image, target = found[0]
    assert image.shape == (3, 20, 30)
    assert image.dtype == torch.uint8
    # VOC's corners count from one and belong to the box: 3 … 12 are ten pixels.
    assert target["boxes"].tolist() == [[2, 4, 12, 20], [0, 0, 30, 8]]
    assert target["labels"] == ["cat", "dog"]
    assert target["difficult"].tolist() == [False, True]


def test_voc_masks(voc_root):
    image, mask = data.voc("train", root=voc_root, task="segmentation")[0]
    assert mask.shape == image.shape[1:]
    assert mask.unique().tolist() == [8]


def test_coco_captions(tmp_path, capsys):
    pytest.importorskip("pycocotools")
    photo(tmp_path / "val2017" / "000000000139.jpg")
    (tmp_path / "annotations").mkdir()
    sentences = ["A cat.", "Some cat on a mat."]
    content = {
        "images": [{"id": 139, "file_name": "000000000139.jpg", "height": 20, "width": 30}],
        "annotations": [
            {"id": n, "image_id": 139, "caption": text} for n, text in enumerate(sentences)
        ],
    }
    (tmp_path / "annotations" / "captions_val2017.json").write_text(json.dumps(content))
    found = data.coco_captions("val", root=tmp_path)
    image, captions = found[0]
    assert len(found) == 1
    assert image.shape == (3, 20, 30)
    assert captions == sentences
    assert capsys.readouterr().out == ""  # pycocotools chats


def test_flickr8k(tmp_path):
    photo(tmp_path / "Flicker8k_Dataset" / "1000_a.jpg")
    photo(tmp_path / "Flicker8k_Dataset" / "1001_b.jpg")
    lines = [
        f"{file}#{n}\tsentence {n} of {file} .\n"
        for file in ("1000_a.jpg", "1001_b.jpg")
        for n in range(5)
    ]
    lines.append("2258277193_586949ec62.jpg.1#0\ta line of a picture that does not exist .\n")
    (tmp_path / "Flickr8k.token.txt").write_text("".join(lines))
    (tmp_path / "Flickr_8k.devImages.txt").write_text("1001_b.jpg\n")
    found = data.flickr8k("val", root=tmp_path)
    assert len(found) == 1
    image, sentences = found[0]
    assert image.shape == (3, 20, 30)
    assert sentences == [f"sentence {n} of 1001_b.jpg ." for n in range(5)]


def test_a_broken_picture_or_annotation_is_named(voc_root):
    found = data.voc("train", root=voc_root)
    base = voc_root / "VOCdevkit" / "VOC2012"
    (base / "Annotations" / "2007_000032.xml").write_text("<annotation><object>")
    with pytest.raises(CourseError, match="image 0 of VOC 2012 detection, train"):
        found[0]
    masks = data.voc("train", root=voc_root, task="segmentation")
    picture = base / "JPEGImages" / "2007_000032.jpg"
    picture.write_bytes(picture.read_bytes()[:200])
    with pytest.raises(CourseError, match="image 0 of VOC 2012 segmentation"):
        masks[0]
    with pytest.raises(IndexError):
        masks[5]


def test_a_picture_that_nobody_described_is_named(tmp_path):
    photo(tmp_path / "Flicker8k_Dataset" / "1000_a.jpg")
    (tmp_path / "Flickr8k.token.txt").write_text("")
    (tmp_path / "Flickr_8k.trainImages.txt").write_text("1000_a.jpg\n")
    with pytest.raises(CourseError, match=r"no sentence about 1000_a\.jpg"):
        data.flickr8k(root=tmp_path)


@pytest.mark.parametrize(
    "load",
    [
        lambda root: data.digits(full=True, root=root),
        lambda root: data.fashion(root=root),
        lambda root: data.cifar10(full=True, root=root),
        lambda root: data.cifar100(root=root),
        lambda root: data.voc(root=root),
        lambda root: data.voc(root=root, task="segmentation"),
        lambda root: data.coco_captions(root=root),
        lambda root: data.flickr8k(root=root),
    ],
)
def test_a_wrong_root_says_what_must_be_there(load, tmp_path):
    with pytest.raises(CourseError, match=f"{tmp_path}.*must hold"):
        load(tmp_path)


def test_a_cut_file_says_so(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(
            idx(np.zeros((5, 28, 28), np.uint8))[:-9]
        )
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.zeros(5, np.uint8)))
    with pytest.raises(CourseError, match="no MNIST can be read from"):
        data.digits(full=True, root=tmp_path)


def test_full_without_a_root_asks_for_one():
    with pytest.raises(CourseError, match="say where the public set lies"):
        data.digits(full=True)


def test_without_a_network_download_says_so(tmp_path, monkeypatch):
    """The mirrors are replaced by a port where nobody listens."""
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(CourseError, match=r"no MNIST can be read .*with a network"):
        data.digits(full=True, root=tmp_path, download=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.voc("test", root="."), "VOC 2012 has no split 'test'"),
        (lambda: data.voc(root=".", task="pose"), "VOC has no task 'pose'; it has detection"),
        (lambda: data.coco_captions("test", root="."), "no split 'test'"),
        (lambda: data.flickr8k("dev", root="."), "no split 'dev'"),
    ],
)
def test_wrong_wishes(call, message):
    with pytest.raises(CourseError, match=message):
        call()
