"""What an installation of the course weighs, counted where it is installed."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

# What comes with torch for GPUs alone; a CPU-only torch does without.
FOR_GPUS = ("nvidia-", "cuda-", "triton")


def installed(dependencies: Iterable[str]) -> dict[str, int]:
    """Bytes of each package that ``dependencies`` bring, by its name."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    left = [Requirement(d) for d in dependencies]
    sizes: dict[str, int] = {}
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        extras = [*wanted.extras, ""]
        if name in sizes or (
            wanted.marker and not any(wanted.marker.evaluate({"extra": e}) for e in extras)
        ):
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        sizes[name] = sum(_size(found.locate_file(file)) for file in found.files or ())
        left += [
            r
            for r in map(Requirement, found.requires or ())
            if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras)
        ]
    return sizes


def _size(file: object) -> int:
    try:
        return Path(str(file)).stat().st_size
    except OSError:
        return 0


def said(sizes: dict[str, int]) -> str:
    """The sum, and what is for GPUs alone, in a sentence."""
    gpus = sum(size for name, size in sizes.items() if name.startswith(FOR_GPUS))
    where = f"{platform.system()}, Python {platform.python_version()}"
    text = f"{sum(sizes.values()) / 1e9:.1f} GB in {len(sizes)} packages ({where}"
    torch = distribution("torch").version if "torch" in sizes else "none"
    text += f", torch {torch})"
    return text + (f"; {gpus / 1e9:.1f} GB of it are for NVIDIA GPUs alone" if gpus else "")
