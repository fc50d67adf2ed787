"""Write a measurement to ``results/`` with what is needed to judge and repeat it.

What a GPU measures stands beside what a CPU measured, as ``NAME_gpu``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from course_utils.results import provenance, save

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "BENCHMARK_RESULTS"  # environment variable: a folder in place of results/


def write(
    name: str,
    rows: list[dict[str, Any]],
    *,
    caption: str,
    seed: int,
    seconds: float,
    module: str | None = None,
    **more: Any,
) -> Path:
    """Store ``rows`` (one dict per table row) and ``more`` as ``results/<name>.json``.

    ``module`` with its words makes the result, where it has another name.
    """
    record = {
        "caption": caption,
        "rows": rows,
        **more,
        **provenance(f"python -m benchmarks.{module or name}", seed, seconds),
    }
    place = f"{name}_gpu" if torch.cuda.is_available() else name
    return save(place, record, Path(os.environ.get(FOLDER, ROOT / "results")))
