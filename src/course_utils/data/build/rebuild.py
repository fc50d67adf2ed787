"""``course data build``: make every shipped file again from the registries' packages.

A file is replaced only by the same bytes, or when ``update`` is asked for: then the manifest
is written anew too.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

from course_utils.course import CourseError, UsageError
from course_utils.data import manifest
from course_utils.data.build import emoji, mnist
from course_utils.data.build.packages import Package, unpacked
from course_utils.files import write_atomically

SETS = ("digits", "fashion", "emoji")
Maker = Callable[[Callable[[str], Path]], Iterator[tuple[str, str, bytes]]]


@dataclass(frozen=True)
class Rebuilt:
    """What came of one file: ``same``, ``same content``, ``changed`` or ``new``."""

    name: str
    size: int
    sha256: str
    verdict: str

    @property
    def as_shipped(self) -> bool:
        return self.verdict == "same"

    def __str__(self) -> str:
        return f"{self.verdict:12s} {self.name:36s} {self.size:>10,d} bytes  {self.sha256[:16]}"


def pinned(name: str) -> Package:
    """A package of ``sources.yml``."""
    return Package(name, **manifest.sources()["packages"][name])


def rebuild(
    sets: Iterable[str] = (),
    *,
    update: bool = False,
    downloads: Path | None = None,
    progress: Callable[[Rebuilt], None] = lambda _: None,
) -> list[Rebuilt]:
    """Make the files of ``sets`` (default all) and compare them with the manifest.

    Args:
        update: take over files that differ, and write the manifest.
        downloads: folder that keeps the fetched archives; default a temporary one.
        progress: is told each file when it is made.

    Raises:
        UsageError: unknown set.
        CourseError: a package cannot be fetched, or the disk is full.
    """
    wanted = list(sets) or list(SETS)
    if unknown := [name for name in wanted if name not in SETS]:
        raise UsageError(f"unknown set {unknown[0]!r}; built are {', '.join(SETS)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = downloads or Path(temporary)
        done, entries, ready = [], {}, {}
        for name in wanted:
            for file, source, content in _make(name, folder):
                entries[file] = _entry(source, file, content)
                done.append(_compared(file, content, entries[file]))
                if update or done[-1].as_shipped:
                    ready[file] = content
                progress(done[-1])
    for file, content in ready.items():  # all at once: files and manifest belong together
        path = manifest.FILES / file
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)
    if update:
        _write_manifest(entries)
    return done


def _make(name: str, folder: Path) -> Iterator[tuple[str, str, bytes]]:
    def package(wanted: str) -> Path:
        return unpacked(pinned(wanted), folder)

    return emoji.build(package) if name == "emoji" else mnist.build(name, package)


def _compared(file: str, content: bytes, entry: dict[str, Any]) -> Rebuilt:
    """What a file is, seen from the manifest."""
    known = _known().get(file)
    if known is None:
        verdict = "new"
    elif known["sha256"] == entry["sha256"]:
        verdict = "same"
    elif known["content_sha256"] == entry["content_sha256"]:
        verdict = "same content"  # another version of the packer: see "made_with"
    else:
        verdict = "changed"
    return Rebuilt(file, len(content), entry["sha256"], verdict)


def _known() -> dict[str, dict[str, Any]]:
    try:
        return manifest.manifest()
    except CourseError:
        return {}


def _entry(source: str, file: str, content: bytes) -> dict[str, Any]:
    facts = manifest.sources()["sets"][source]
    return {
        "set": source,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content_sha256": hashlib.sha256(content_of(file, content)).hexdigest(),
        "packages": [
            {"name": name, **manifest.sources()["packages"][name]} for name in facts["packages"]
        ],
        "licence": facts["licence"],
        "attribution": f"{facts['title']}, by {facts['authors']}; {facts['changes']}",
    }


def content_of(file: str, content: bytes) -> bytes:
    """What a file holds whoever packed it: plain bytes, or pixels."""
    if file.endswith(".xz"):
        return lzma.decompress(content)
    if file.endswith(".webp"):
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).tobytes()
    return content


def _write_manifest(entries: dict[str, dict[str, Any]]) -> None:
    files = _known() | entries
    content = {"made_with": made_with(), "files": dict(sorted(files.items()))}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_atomically(manifest.MANIFEST, text)
    manifest.manifest.cache_clear()


def made_with() -> dict[str, str]:
    """The programs whose version can change a packed byte."""
    try:
        resvg = version("resvg_py")
    except PackageNotFoundError:
        resvg = "missing"
    return {
        "python": platform.python_version(),
        "pillow": version("pillow"),
        "libwebp": str(features.version("webp")),
        "resvg_py": resvg,
        "numpy": version("numpy"),
    }
