"""NT-Xent and the two views of SimCLR against the best-known libraries, interleaved.

    python -m benchmarks.contrastive [--rounds 9] [--pairs 256 512 1024 2048 4096]

The peers are in the extra ``bench``: ``make bench NAMES=contrastive``.

Memory is that of a fresh process: the largest resident set during one forward and backward pass
over that before it (Linux), or on CUDA what the allocator gave out at most. The loss of
pytorch-metric-learning compares all pairs with all pairs: 8N³ numbers at a time, several times.
Each loss runs while what it makes takes less than ``--room`` GiB; ours in strips always does.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from lightly.loss import NTXentLoss as Lightly
from pytorch_metric_learning.losses import NTXentLoss as Metric
from pytorch_metric_learning.losses import SelfSupervisedLoss
from torch import Generator, Tensor
from torchvision.transforms import v2

from benchmarks import record
from benchmarks.race import race, ratio
from course_utils.reference.simclr import nt_xent, nt_xent_tiled
from course_utils.tables import counted
from course_utils.training.fit import device as choose_device
from course_utils.training.views import two_views

SEED, TEMPERATURE, DIM = 188, 0.5, 128
Loss = Callable[[Tensor, Tensor], Tensor]

LOSSES: dict[str, Loss] = {
    "in strips": lambda a, b: nt_xent_tiled(a, b, TEMPERATURE),
    "as written": lambda a, b: nt_xent(a, b, TEMPERATURE),
    "lightly": Lightly(TEMPERATURE),
    "pytorch-metric-learning": SelfSupervisedLoss(Metric(TEMPERATURE)),
}


def embeddings(n: int) -> list[Tensor]:
    """Two views of n images, (n, DIM) each."""
    generator = Generator().manual_seed(SEED)
    views = torch.randn(2, n, DIM, generator=generator).to(choose_device())
    return [v.clone().requires_grad_() for v in views]


def step(loss: Loss, views: list[Tensor]) -> list[Tensor]:
    """Value and gradients."""
    value = loss(*views)
    return [value.detach(), *torch.autograd.grad(value, views)]


def peak(name: str, n: int) -> int:
    """Bytes that one pass takes on top, in this process."""
    loss = LOSSES[name]
    step(loss, embeddings(8))  # libraries load and make room for themselves
    views = embeddings(n)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(loss, views)
        return torch.cuda.max_memory_allocated() - before
    Path("/proc/self/clear_refs").write_text("5")  # the largest resident set starts anew
    before = resident()
    step(loss, views)
    return resident() - before


def resident() -> int:
    """Bytes of the largest resident set, proc(5)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def memory(name: str, n: int) -> float:
    """MiB of ``peak`` in a process of its own."""
    module = [sys.executable, "-m", "benchmarks.contrastive"]
    command = [*module, "--peak", name, "--pairs", str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return round(int(done.stdout.split()[-1]) / 2**20, 1)


def compare_losses(n: int, rounds: int, room: float) -> dict[str, object]:
    """A row of the table; None where a loss has no room."""
    views = embeddings(n)
    square, cube = 5 * 4 * (2 * n) ** 2, 5 * 4 * 8 * n**3  # bytes of five matrices, or cubes
    takes = {"in strips": 0, "pytorch-metric-learning": cube}
    names = [name for name in LOSSES if takes.get(name, square) < room * 2**30]
    want = step(LOSSES[names[-1]], views)
    for name in names:
        torch.testing.assert_close(step(LOSSES[name], views), want, rtol=1e-4, atol=1e-6)
    works = {name: lambda name=name: step(LOSSES[name], views) for name in names}
    times = race(works, rounds)
    peaks = {name: memory(name, n) for name in names}
    row: dict[str, object] = {"pairs": n}
    for name in LOSSES:
        ran = name in times
        row[f"{name}, ms"] = round(1e3 * statistics.median(times[name]), 2) if ran else None
        row[f"{name}, MiB"] = peaks.get(name)
    for name in list(LOSSES)[2:]:
        ran = name in times
        row[f"times as fast as {name}"] = (
            ratio(times[name], times["in strips"]) if ran else None
        )
        share = peaks["in strips"] / max(peaks[name], 0.1) if ran else None
        row[f"memory, share of {name}"] = share and round(share, 4)
    return row


def compare_views(rounds: int, images: int) -> dict[str, object]:
    """Two views of each image, images per second; torchvision has one at a time."""
    x = torch.rand(images, 3, 32, 32)
    ours, generator = x.to(choose_device()), Generator().manual_seed(SEED)
    jitter = v2.ColorJitter(0.4, 0.4, 0.4, 0.1)
    single = v2.Compose(
        [
            v2.RandomResizedCrop(32, antialias=False),  # the same when a box is enlarged
            v2.RandomHorizontalFlip(),
            v2.RandomApply([jitter], 0.8),
            v2.RandomGrayscale(0.2),
        ]
    )
    works = {
        "ours": lambda: two_views(ours, generator),
        "torchvision": lambda: [torch.stack([single(p) for p in x]) for _ in range(2)],
    }
    times = race(works, rounds)
    speeds = {name: round(images / statistics.median(t)) for name, t in times.items()}
    return {
        "work": f"two views of {images} images of 32 × 32",
        **{f"{name}, images per second": speed for name, speed in speeds.items()},
        "times as fast": ratio(times["torchvision"], times["ours"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--pairs", type=int, nargs="+", default=[256, 512, 1024, 2048, 4096])
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--room", type=float, default=4.0, help="GiB for the cubic loss")
    parser.add_argument("--peak", choices=LOSSES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak:
        print(peak(args.peak, args.pairs[0]))
        return
    torch.manual_seed(SEED)
    start, rows = time.perf_counter(), []
    for n in args.pairs:
        rows.append(compare_losses(n, args.rounds, args.room))
        print(rows[-1], flush=True)
    views = compare_views(args.rounds, args.images)
    print(views)
    caption = (
        f"NT-Xent, D = {DIM}, τ = {TEMPERATURE}, float32, forward and backward; medians of "
        f"{counted(args.rounds, 'interleaved round')} on "
        f"{counted(torch.get_num_threads(), 'thread')}, "
        "memory of fresh processes"
    )
    took = time.perf_counter() - start
    path = record.write(
        "contrastive", rows, caption=caption, seed=SEED, seconds=took, views=views
    )
    print(path)


if __name__ == "__main__":
    main()
