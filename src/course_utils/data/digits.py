"""MNIST, handwritten digits."""

from __future__ import annotations

from pathlib import Path

from course_utils.data.mnist_files import shipped_pictures
from course_utils.data.pictures import Pictures
from course_utils.data.public import mnist_like

CLASSES = tuple("0123456789")


def digits(
    split: str = "train",
    *,
    full: bool = False,
    root: str | Path | None = None,
    download: bool = False,
) -> Pictures:
    """MNIST: 60 000 handwritten digits to train on, 10 000 to test on.

    The package ships all of it. ``full=True`` reads the same pictures from torchvision's
    folder ``root/MNIST/raw`` instead, and fetches them there with ``download=True``.

    Args:
        split: ``train`` (60 000) or ``test`` (10 000), in their published order.

    Returns:
        images (N, 1, 28, 28) uint8, 0 is the background and 255 the ink; labels 0 to 9.

    Raises:
        CourseError: a file is missing or altered, unknown split, wrong ``root``, no network.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
    document recognition", Proceedings of the IEEE, 1998. Licence: CC BY-SA 3.0, as
    other distributors state it.
    """
    if full or root or download:
        return mnist_like("MNIST", split, root, download, CLASSES)
    return shipped_pictures("digits", "MNIST", split, CLASSES)
