"""Decode once, read fast ever after: tensors in the user's cache folder.

``COURSE_CACHE`` names the folder; the default is the platform's (``~/.cache/pixels-to-prompts``
on Linux). A file is written beside its place and moved there in one step, under a lock, so
that two processes that start together decode once and nobody reads half a file. Each file
carries the hash of what is in it; what does not match is made again.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from course_utils.files import CannotWrite, locked, write_atomically
from course_utils.files import cache_folder as folder

FORMAT = 1  # part of every file's name: another format never reads an old file
ADVICE = "set COURSE_CACHE to a folder that can be written and has room"

Tensors = dict[str, Tensor]


class CacheWarning(UserWarning):
    """The cache cannot be used; the data are right but are decoded again at each start."""


def path_of(name: str, origin: str) -> Path:
    """The file of a decoded set.

    Args:
        name: of the set and the part of it.
        origin: sha256 of what it is decoded from: new data never meet an old cache.
    """
    return folder() / f"{name}-{origin[:12]}-v{FORMAT}.safetensors"


def decoded(name: str, origin: str, decode: Callable[[], Tensors]) -> Tensors:
    """The tensors of ``decode()``, from the cache where it has them.

    A cache that cannot be written (read-only, full) costs time, not data: a ``CacheWarning``
    says what to do.
    """
    path = path_of(name, origin)
    tensors = read(path)
    if tensors is not None:
        return tensors
    try:
        with locked(path.with_suffix(".lock")):
            tensors = read(path)  # another process may have made it while we waited
            if tensors is None:
                tensors = decode()
                write(path, tensors)
    except CannotWrite as error:
        warnings.warn(f"{error}; {ADVICE}", CacheWarning, stacklevel=3)
    return decode() if tensors is None else tensors


def read(path: Path) -> Tensors | None:
    """The tensors in ``path``; None when it is missing, broken or of another content."""
    try:
        with safe_open(path, "pt") as file:
            stated = (file.metadata() or {}).get("sha256")
        tensors = safetensors.torch.load_file(path)
    except (OSError, SafetensorError, ValueError):
        return None
    return tensors if stated == _digest(tensors) else None


def write(path: Path, tensors: Tensors) -> None:
    """Store tensors with the hash of their content.

    Raises:
        CannotWrite: the folder cannot be written, the disk is full.
    """
    metadata = {"sha256": _digest(tensors)}
    write_atomically(path, safetensors.torch.save(tensors, metadata=metadata))


def _digest(tensors: Tensors) -> str:
    """Hash of names, types, shapes and bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()
