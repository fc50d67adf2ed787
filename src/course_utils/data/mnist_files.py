"""What MNIST and Fashion-MNIST share: four IDX files, shipped or in torchvision's folder."""

from __future__ import annotations

import hashlib
import lzma

import torch
from torch import Tensor

from course_utils.course import CourseError
from course_utils.data import cache
from course_utils.data.idx import read_idx
from course_utils.data.manifest import manifest, shipped
from course_utils.data.pictures import Pictures
from course_utils.data.splits import require_split

PARTS = {"train": "train", "test": "t10k"}  # split -> how the files call it


def shipped_pictures(folder: str, title: str, split: str, classes: tuple[str, ...]) -> Pictures:
    """A split of ``digits`` or ``fashion`` out of the package."""
    require_split(split, PARTS, f"data.{folder}")
    files = {
        "images": f"{folder}/{PARTS[split]}-images-idx3-ubyte.xz",
        "labels": f"{folder}/{PARTS[split]}-labels-idx1-ubyte.xz",
    }
    hashes = "".join(manifest()[name]["sha256"] for name in files.values())
    origin = hashlib.sha256(hashes.encode()).hexdigest()

    def decode() -> dict[str, Tensor]:
        arrays = {key: read_idx(_unpacked(name)) for key, name in files.items()}
        return {key: torch.from_numpy(array.copy()) for key, array in arrays.items()}

    tensors = cache.decoded(f"{folder}-{split}", origin, decode)
    images = tensors["images"][:, None]  # (N, 1, 28, 28)
    return Pictures(f"{title}, {split}", images, tensors["labels"].long(), classes)


def _unpacked(name: str) -> bytes:
    packed = shipped(name)
    try:
        return lzma.decompress(packed)
    except lzma.LZMAError as error:  # its hash was right: the package was built wrongly
        raise CourseError(f"{name} cannot be unpacked: {error}") from error
