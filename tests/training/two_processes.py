"""Run a test file in two processes that train together, started as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist

from course_utils.training import distributed
from tests.patience import CAP


def started(file: str, folder: Path) -> list:
    """What ``file`` saved in each process; its main part is ``joined(work)``."""
    options = ["--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *options, file, folder],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=CAP,
    )
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / str(n)) for n in range(2)]


def joined(work: Callable[[], object]) -> None:
    """In one of the processes: do the work and save what it gave."""
    distributed.start(torch.device("cpu"))
    torch.save(work(), Path(sys.argv[1]) / str(dist.get_rank()))
    distributed.stop()
