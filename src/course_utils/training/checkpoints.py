"""Trained weights that ship: float16 tensors and the JSON of where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as decoded
from safetensors.torch import save
from torch import Tensor, nn

from course_utils import results
from course_utils.course import CourseError
from course_utils.files import write_atomically

FOLDER = Path(__file__).parents[1] / "checkpoints"
LARGEST = 4 << 20  # bytes: what may ship


def save_checkpoint(
    name: str,
    tensors: Mapping[str, Tensor],
    provenance: dict[str, Any],
    folder: Path = FOLDER,
    *,
    ships: bool = True,
) -> Path:
    """Write ``name.safetensors`` (float16) and ``name.json`` beside it.

    Raises:
        CourseError: it is to ship and larger than 4 MB.
    """
    data = save({key: _cast(t, torch.float16) for key, t in tensors.items()})
    if ships and len(data) > LARGEST:
        raise CourseError(f"the checkpoint {name} has {len(data) >> 20} MB: at most 4 ship")
    path = folder / f"{name}.safetensors"
    write_atomically(path, data)
    results.save(name, provenance, folder)
    return path


def load(name: str, folder: Path = FOLDER) -> dict[str, Tensor]:
    """The tensors of a checkpoint, float32 on the CPU: for ``model.load_state_dict``.

    Raises:
        CourseError: there is none of that name.
    """
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.safetensors"))) or "none"
        raise CourseError(f"no checkpoint {name!r} (there is: {known}); course train {name}")
    tensors = decoded(path.read_bytes())  # by Python, which tells a kept run what it read
    return {key: _cast(tensor, torch.float32) for key, tensor in tensors.items()}


def restore(network: nn.Module, name: str, folder: Path = FOLDER) -> None:
    """Load a checkpoint into its network.

    Raises:
        CourseError: there is none of that name, or it is of another network: the sentence says
            which command makes it.
    """
    try:
        network.load_state_dict(load(name, folder))
    except RuntimeError as error:
        wrong = str(error).splitlines()[1:2] or [str(error)]
        raise CourseError(
            f"the checkpoint {name!r} is of another network ({wrong[0].strip()}); "
            f"course train {name} makes it anew"
        ) from error


def _cast(t: Tensor, dtype: torch.dtype) -> Tensor:
    """On the CPU, as batch norm's counter of batches an integer where it was one."""
    t = t.detach().cpu().contiguous()
    return t.to(dtype) if t.is_floating_point() else t
