"""How small can 60 000 grey pictures be packed without loss, with what everyone has?

    python -m benchmarks.data_packing

Packs the training pictures of MNIST and Fashion-MNIST in five ways that the standard library
and Pillow read. Writes ``results/data_packing.json``.
"""

from __future__ import annotations

import gzip
import io
import lzma
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from benchmarks import record
from course_utils import data

COLUMNS = 250


def sheet(images: np.ndarray) -> np.ndarray:
    """(N, 28, 28) as one picture of 250 columns."""
    rows = len(images) // COLUMNS
    tiles = images.reshape(rows, COLUMNS, 28, 28).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(tiles).reshape(rows * 28, COLUMNS * 28)


def picture_file(images: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(sheet(images)).save(file, kind, **options)
    return file.getvalue()


def npz(images: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, images=images)
    return file.getvalue()


WAYS: dict[str, tuple[Callable, Callable]] = {
    "gzip": (lambda x: gzip.compress(x.tobytes(), 9), gzip.decompress),
    "npz": (npz, lambda b: np.load(io.BytesIO(b))["images"]),
    "PNG sheet": (
        lambda x: picture_file(x, "PNG", optimize=True),
        lambda b: np.asarray(Image.open(io.BytesIO(b))),
    ),
    "WebP sheet, lossless": (
        lambda x: picture_file(x, "WEBP", lossless=True, quality=80, method=4),
        lambda b: np.asarray(Image.open(io.BytesIO(b)).convert("L")),
    ),
    "xz (shipped)": (lambda x: lzma.compress(x.tobytes(), preset=6), lzma.decompress),
}


def main() -> None:
    start = time.perf_counter()
    rows = []
    for load in (data.digits, data.fashion):
        images = load("train").images[:, 0].numpy()
        for way, (pack, unpack) in WAYS.items():
            packed = pack(images)
            begin = time.perf_counter()
            unpack(packed)
            seconds = time.perf_counter() - begin
            size, unpacking = f"{len(packed) / 1e6:.2f}", f"{seconds:.2f}"
            row = {"set": load.__name__, "packed as": way, "MB": size, "s to unpack": unpacking}
            rows.append(row)
            print(rows[-1], flush=True)
    caption = "60 000 images of 28×28 bytes (47.04 MB), without loss"
    seconds = time.perf_counter() - start
    print(record.write("data_packing", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
