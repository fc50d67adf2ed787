"""The well-known public sets, in the folders that torchvision keeps them in.

For whoever has a network or the files. torchvision reads, downloads and verifies; here its
data become the course's, and its errors say what to do.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from course_utils.course import CourseError, advice
from course_utils.data.pictures import Pictures
from course_utils.data.splits import require_split

TRAIN_TEST = ("train", "test")


class _Torchvision:
    """torchvision's modules, imported when they are used: that takes two seconds."""

    @property
    def datasets(self) -> Any:
        return importlib.import_module("torchvision.datasets")

    @property
    def functional(self) -> Any:
        return importlib.import_module("torchvision.transforms.v2.functional")


_torchvision = _Torchvision()


def mnist_like(
    name: str, split: str, root: Any, download: bool, classes: tuple[str, ...]
) -> Pictures:
    """``MNIST`` or ``FashionMNIST`` from torchvision's folder."""
    require_split(split, TRAIN_TEST, name)
    with _explained(name, root, f"{name}/raw/ with the four IDX files"):
        source = getattr(_torchvision.datasets, name)(
            _root(root), train=split == "train", download=download
        )
        title = f"{name} ({_root(root)}), {split}"
        return Pictures(title, source.data[:, None], source.targets.long(), classes)


def cifar(name: str, split: str, root: Any, download: bool) -> Pictures:
    """``CIFAR10`` or ``CIFAR100`` from torchvision's folder."""
    require_split(split, TRAIN_TEST, name)
    inside = {"CIFAR10": "cifar-10-batches-py/", "CIFAR100": "cifar-100-python/"}[name]
    with _explained(name, root, f"{inside} as in the authors' Python archive"):
        source = getattr(_torchvision.datasets, name)(
            _root(root), train=split == "train", download=download
        )
        images = torch.from_numpy(np.ascontiguousarray(source.data.transpose(0, 3, 1, 2)))
        title = f"{name} ({_root(root)}), {split}"
        return Pictures(title, images, torch.tensor(source.targets), source.classes)


def cifar100(split: str = "train", *, root: str | Path, download: bool = False) -> Pictures:
    """CIFAR-100: 50 000 photographs (3, 32, 32) to train on, 10 000 to test, 100 classes.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.

    Raises:
        CourseError: wrong ``root``, no network, unknown split.
    """
    return cifar("CIFAR100", split, root, download)


class PublicSet(Dataset):
    """A torchvision data set whose pictures are (3, H, W) uint8 tensors."""

    def __init__(self, source: Any, name: str, root: Path) -> None:
        self.source, self.name, self.root = source, name, root

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        with _explained(f"image {index} of {self.name}", self.root, "it whole and readable"):
            image, target = self.source[index]
            return _torchvision.functional.pil_to_tensor(image), self._target(target)

    def _target(self, target: Any) -> Any:
        return target

    def __repr__(self) -> str:
        return f"{self.name}: {len(self)} images"


class VOCBoxes(PublicSet):
    """Targets: boxes (N, 4) int64 x0, y0, x1, y1 (half open), labels and difficult flags."""

    def _target(self, target: Any) -> dict[str, Any]:
        found = target["annotation"]["object"]
        corners = [
            [round(float(o["bndbox"][key])) for key in ("xmin", "ymin", "xmax", "ymax")]
            for o in found
        ]
        boxes = torch.tensor(corners, dtype=torch.int64).reshape(-1, 4)
        boxes[:, :2] -= 1  # VOC counts pixels from one and includes the last
        return {
            "boxes": boxes,
            "labels": [o["name"] for o in found],
            "difficult": torch.tensor([o["difficult"] == "1" for o in found], dtype=torch.bool),
        }


class VOCMasks(PublicSet):
    """Targets: class of every pixel (H, W) uint8, 0 background, 255 to be ignored."""

    def _target(self, target: Any) -> Tensor:
        return torch.from_numpy(np.array(target))


def voc(
    split: str = "train",
    *,
    root: str | Path,
    task: str = "detection",
    year: str = "2012",
    download: bool = False,
) -> PublicSet:
    """PASCAL VOC: photographs with boxes (``detection``) or masks (``segmentation``).

    Args:
        split: ``train``, ``val``, ``trainval``; of 2007 also ``test``.
        root: folder that holds ``VOCdevkit/``.

    Raises:
        CourseError: wrong ``root``, no network, unknown split or task.

    Source: M. Everingham et al., "The PASCAL visual object classes (VOC) challenge",
    International Journal of Computer Vision, 2010.
    """
    splits = ["train", "val", "trainval", *(["test"] if year == "2007" else [])]
    require_split(split, splits, f"VOC {year}")
    tasks: dict[str, tuple[Any, type[PublicSet]]] = {
        "detection": (_torchvision.datasets.VOCDetection, VOCBoxes),
        "segmentation": (_torchvision.datasets.VOCSegmentation, VOCMasks),
    }
    if task not in tasks:
        raise CourseError(f"VOC has no task {task!r}; it has {', '.join(tasks)}")
    reader, wrapped = tasks[task]
    with _explained("VOC", root, f"VOCdevkit/VOC{year}/"):
        source = reader(_root(root), year=year, image_set=split, download=download)
        return wrapped(source, f"VOC {year} {task}, {split}", _root(root))


def coco_captions(split: str = "train", *, root: str | Path, year: int = 2017) -> PublicSet:
    """COCO captions: photographs with five sentences each, (3, H, W) uint8 and a list.

    Args:
        split: ``train`` or ``val``.
        root: folder that holds ``train2017/`` or ``val2017/`` and ``annotations/``.

    Raises:
        CourseError: wrong ``root``, unknown split, pycocotools is missing.

    Source: X. Chen et al., "Microsoft COCO captions", arXiv:1504.00325, 2015.
    """
    require_split(split, ("train", "val"), "COCO captions")
    images = _root(root) / f"{split}{year}"
    annotations = _root(root) / "annotations" / f"captions_{split}{year}.json"
    needed = f"{images.name}/ and annotations/{annotations.name}"
    _require(images, "COCO", root, needed)
    try:
        with _explained("COCO", root, needed), contextlib.redirect_stdout(None):
            source = _torchvision.datasets.CocoCaptions(str(images), str(annotations))
    except ImportError:
        raise CourseError(f"COCO needs pycocotools: {advice('coco')}") from None
    return PublicSet(source, f"COCO captions {year}, {split}", _root(root))


class Flickr8k(Dataset):
    """Photographs with five sentences each."""

    def __init__(self, folder: Path, sentences: dict[str, list[str]], name: str) -> None:
        self.folder, self.sentences, self.name = folder, sentences, name
        self.files = list(sentences)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, list[str]]:
        file = self.files[index]
        with _explained(f"image {file} of {self.name}", self.folder, "it whole and readable"):
            image = _torchvision.datasets.folder.default_loader(str(self.folder / file))
            return _torchvision.functional.pil_to_tensor(image), self.sentences[file]

    def __repr__(self) -> str:
        return f"{self.name}: {len(self)} images"


def flickr8k(split: str = "train", *, root: str | Path) -> Flickr8k:
    """Flickr8k as its authors' two archives unpack it: (3, H, W) uint8 and five sentences.

    ``torchvision.datasets.Flickr8k`` wants an HTML page that is no longer given out; the text
    files are what everybody has: ``Flickr8k.token.txt`` and ``Flickr_8k.trainImages.txt``.

    Args:
        split: ``train``, ``val`` or ``test``.
        root: folder of the text files and of ``Flicker8k_Dataset/`` (spelt so).

    Raises:
        CourseError: wrong ``root``, unknown split.

    Source: M. Hodosh, P. Young, J. Hockenmaier, "Framing image description as a ranking
    task", Journal of Artificial Intelligence Research, 2013.
    """
    require_split(split, ("train", "val", "test"), "Flickr8k")
    part = {"train": "train", "val": "dev", "test": "test"}[split]
    folder = _root(root)
    needed = f"Flicker8k_Dataset/, Flickr8k.token.txt and Flickr_8k.{part}Images.txt"
    _require(folder / "Flicker8k_Dataset", "Flickr8k", root, needed)
    with _explained("Flickr8k", root, needed):
        listed = (folder / f"Flickr_8k.{part}Images.txt").read_text(encoding="utf-8").split()
        sentences: dict[str, list[str]] = {file: [] for file in listed}
        lines = (folder / "Flickr8k.token.txt").read_text(encoding="utf-8").splitlines()
        for line in filter(None, lines):
            place, sentence = line.split("\t", 1)
            if (file := place.rpartition("#")[0]) in sentences:
                sentences[file].append(sentence)
        if silent := [file for file, said in sentences.items() if not said]:
            raise ValueError(f"no sentence about {silent[0]} in Flickr8k.token.txt")
    return Flickr8k(folder / "Flicker8k_Dataset", sentences, f"Flickr8k, {split}")


def _root(root: Any) -> Path:
    if root is None:
        raise CourseError("say where the public set lies or shall lie: root='~/data'")
    return Path(root).expanduser()


def _require(path: Path, name: str, root: Any, needed: str) -> None:
    if not path.exists():
        raise CourseError(f"no {name} in {_root(root)}: it must hold {needed}")


@contextlib.contextmanager
def _explained(name: str, root: Any, needed: str) -> Iterator[None]:
    """torchvision's many errors as one sentence that says what to do."""
    _root(root)
    try:
        yield
    except (CourseError, IndexError, ImportError):
        raise
    except Exception as error:  # torchvision, Pillow, XML and pickle raise many kinds
        reason = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise CourseError(
            f"no {name} can be read from {_root(root)}: it must hold {needed}; with a network "
            "and where the set may be downloaded, download=True fetches it "
            f"({type(error).__name__}: {reason[:200]})"
        ) from error
