"""Write a measurement to ``results/`` with what is needed to judge and repeat it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course_utils.results import provenance, save

ROOT = Path(__file__).resolve().parent.parent


def write(
    name: str,
    rows: list[dict[str, Any]],
    *,
    caption: str,
    seed: int,
    seconds: float,
    **more: Any,
) -> Path:
    """Store ``rows`` (one dict a table row) and ``more`` as ``results/<name>.json``."""
    record = {
        "caption": caption,
        "rows": rows,
        **more,
        **provenance(f"python -m benchmarks.{name}", seed, seconds),
    }
    return save(name, record, ROOT / "results")
