"""On a GPU: whatever ``results/`` lacks from one, in order of value, within a time budget.

    python -m benchmarks.gpu [--minutes 28]
    python -m benchmarks.gpu --trial     # every job on the CPU at a hundredth of its size

A job is a process of its own: one that fails, or has no time left, costs no other. What a job
measures beside results of a CPU is kept as ``results/NAME_gpu.json``. A trial writes nothing
to ``results/`` and says which jobs ended well.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.record import FOLDER, ROOT

COURSE = str(Path(sys.executable).with_name("course"))
SHARE = "0.01"


@dataclass(frozen=True)
class Job:
    """A command and its result.

    Args:
        result: the file's name in ``results/`` without its ending.
        minutes: it is not begun with less time left: what one such GPU has taken, or may take.
        words: of the command.
        trial: what is added to it, or what takes its options' place, for a trial.
    """

    result: str
    minutes: float
    words: tuple[str, ...]
    trial: tuple[str, ...]

    def command(self, trial: bool) -> list[str]:
        own = self.trial if trial else self.words[1:]
        if self.words[0] == "train":
            extra = ("--share", SHARE, "--device", "cpu") if trial else ("--device", "cuda")
            return [COURSE, "train", *self.words[1:], *extra]
        return [sys.executable, "-m", self.words[0], *own]


def measured(result: str, minutes: float, words: str, trial: str) -> Job:
    return Job(result, minutes, tuple(words.split()), tuple(trial.split()))


def trained(name: str, minutes: float) -> Job:
    return Job(name, minutes, ("train", name), ())


# Throughput beside the peers, time to 94 %, 95.0 %, NT-Xent at N = 65 536, captions, the large
# recipes.
JOBS = (
    measured(
        "recognition_gpu", 2, "benchmarks.recognition --batch 512", "--batch 8 --rounds 1"
    ),
    measured("time_to_94_gpu", 2, "benchmarks.time_to_94", f"--share {SHARE} --seeds 1"),
    trained("resnet18_fashion", 3),
    measured(
        "contrastive_gpu",
        4,
        "benchmarks.contrastive --pairs 1024 4096 16384 65536 --room 60",
        "--pairs 32 --rounds 1 --images 8",
    ),
    measured(
        "captioning_gpu",
        2,
        "benchmarks.captioning --large --batch 512 --captions 2048 --images 0",
        "--large --batch 2 --captions 2 --rounds 1 --images 0",
    ),
    trained("resnet18_cifar10", 6),
    trained("caption_transformer_large", 10),
    trained("caption_vit_large", 14),
    trained("diffusion_fashion_large", 12),
    trained("clip_emoji_large", 8),
    trained("simclr_resnet18", 40),
)


def lacking() -> list[Job]:
    """The jobs whose results no GPU has given yet."""
    return [job for job in JOBS if not (ROOT / "results" / f"{job.result}.json").is_file()]


def run(jobs: Sequence[Job], minutes: float, trial: bool) -> dict[str, str]:
    """What became of each job."""
    end, became = time.monotonic() + 60 * minutes, {}
    with tempfile.TemporaryDirectory(prefix="trial-") as scratch:
        environment = os.environ | (
            {FOLDER: scratch, "CUDA_VISIBLE_DEVICES": ""} if trial else {}
        )
        for job in jobs:
            left = end - time.monotonic()
            if left < 60 * job.minutes and not trial:
                became[job.result] = f"not begun: {job.minutes:g} minutes are needed"
                continue
            print(f"{job.result}: {' '.join(job.command(trial))}", flush=True)
            try:
                done = subprocess.run(
                    job.command(trial), cwd=ROOT, env=environment, timeout=max(1, left)
                )
                became[job.result] = "ended well" if not done.returncode else "failed"
            except subprocess.TimeoutExpired:
                became[job.result] = "out of time"
    return became


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=28)
    parser.add_argument("--trial", action="store_true", help="on the CPU, small, nothing kept")
    asked = parser.parse_args()
    if not asked.trial and not torch.cuda.is_available():
        print("no GPU here; python -m benchmarks.gpu --trial tries all jobs on the CPU")
        return 2
    became = run(JOBS if asked.trial else lacking(), asked.minutes, asked.trial)
    for result, what in became.items():
        print(f"{result:20} {what}")
    return int("failed" in became.values())


if __name__ == "__main__":
    sys.exit(main())
