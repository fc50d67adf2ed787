"""Write a measurement to ``results/`` with what is needed to judge and repeat it."""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent


def write(
    name: str, rows: list[dict[str, Any]], *, caption: str, seed: int, seconds: float
) -> Path:
    """Store ``rows`` (one dict a table row) as ``results/<name>.json``."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    record = {
        "caption": caption,
        "rows": rows,
        "command": f"python -m benchmarks.{name}",
        "seed": seed,
        "seconds": round(seconds, 1),
        "date": datetime.date.today().isoformat(),
        "commit": commit or "unknown",
        "hardware": _hardware(),
        "software": f"Python {platform.python_version()}, torch {torch.__version__}",
    }
    path = ROOT / "results" / f"{name}.json"
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return path


def _hardware() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    model = platform.processor() or platform.machine()
    for line in (
        Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc").exists() else ()
    ):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {torch.get_num_threads()} threads"
