"""Measured results with their provenance: the book's numbers come from here.

They lie under ``results/`` in a checkout and travel inside the package to students.
"""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.course import CourseError
from course_utils.files import write_atomically
from course_utils.tables import Table, counted

if TYPE_CHECKING:
    import torch

PLACES = (Path(__file__).parent / "measured", Path(__file__).parents[2] / "results")


class Measurement(Table):
    """A measurement as a table; below it what else was measured, hardware, date and seed."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        facts = [record[key] for key in ("hardware", "software", "date")]
        facts += [_in_words(record["commit"]), f"seed {record['seed']}."]
        parts = [record["caption"], *_beside(record), ", ".join(facts)]
        super().__init__(record["rows"], ". ".join(parts))


def _in_words(commit: str) -> str:
    """``3c23e51-dirty``, as git says it, for readers."""
    name = commit.removesuffix("-dirty")
    return f"commit {name}" + " with changes not committed" * (name != commit)


def _beside(record: dict[str, Any]) -> list[str]:
    """What was measured once, beside the rows; curves are for figures."""
    return [
        f"{key.capitalize()}: {'; '.join(f'{name} {v}' for name, v in value.items())}"
        for key, value in record.items()
        if isinstance(value, dict)
        and not any(isinstance(v, dict | list) for v in value.values())
    ]


def table(name: str) -> Measurement:
    """The measurement ``results/<name>.json``.

    Raises:
        CourseError: there is none of that name.
    """
    for place in PLACES:
        path = place / f"{name}.json"
        if path.is_file():
            return Measurement(json.loads(path.read_text("utf-8")))
    raise CourseError(
        f"no result {name!r}: python -m benchmarks.{name} measures it, or course train {name}"
    )


def names() -> list[str]:
    """All measurements there are, in the order of the alphabet."""
    return sorted({path.stem for place in PLACES for path in place.glob("*.json")})


def save(name: str, record: dict[str, Any], folder: Path) -> Path:
    """Write ``record`` as ``folder/<name>.json``."""
    path = folder / f"{name}.json"
    write_atomically(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return path


def provenance(
    command: str, seed: int, seconds: float, device: torch.device | None = None
) -> dict[str, Any]:
    """What is needed to judge and repeat a measurement, for the JSON of a result."""
    import torch

    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return {
        "command": command,
        "seed": seed,
        "seconds": round(seconds, 1),
        "date": datetime.date.today().isoformat(),
        "commit": _commit(),
        "hardware": _hardware(device),
        "software": f"Python {platform.python_version()}, torch {torch.__version__}",
    }


def _commit() -> str:
    """The commit of this checkout, with a mark where it is not clean."""
    command = ["git", "describe", "--always", "--dirty"]
    here = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _hardware(device: torch.device) -> str:
    """The GPU's name, or the processor's and its threads."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else platform.processor() or platform.machine()
    return f"{model}, {counted(torch.get_num_threads(), 'thread')}"
