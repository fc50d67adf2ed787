"""Fashion-MNIST, small grey pictures of clothes."""

from __future__ import annotations

from pathlib import Path

from course_utils.data.mnist_files import shipped_pictures
from course_utils.data.pictures import Pictures
from course_utils.data.public import mnist_like

CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def fashion(
    split: str = "train",
    *,
    full: bool = False,
    root: str | Path | None = None,
    download: bool = False,
) -> Pictures:
    """Fashion-MNIST: 60 000 pictures of clothes to train on, 10 000 to test on.

    The package ships all of it. ``full=True`` reads the same pictures from torchvision's
    folder ``root/FashionMNIST/raw`` instead, and fetches them there with ``download=True``.

    Args:
        split: ``train`` (60 000) or ``test`` (10 000), in their published order.

    Returns:
        images (N, 1, 28, 28) uint8, 0 is the background; ten classes, equally many of each.

    Raises:
        CourseError: a file is missing or altered, unknown split, wrong ``root``, no network.

    Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for
    benchmarking machine learning algorithms", arXiv:1708.07747, 2017. Licence: MIT.
    """
    if full or root or download:
        return mnist_like("FashionMNIST", split, root, download, CLASSES)
    return shipped_pictures("fashion", "Fashion-MNIST", split, CLASSES)
