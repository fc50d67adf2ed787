"""CLIP's loss in strips beside open_clip's ClipLoss: time and memory of value and gradients.

    python -m benchmarks.clip_peers [--rounds 15] [--pairs 2048] [--dims 64 512]

open_clip is no dependency: without it the program says how to get it. Both losses are given
features of any length, which open_clip's model would make 1 long before its loss; both must
give the same to 1e-5 before anything is timed. Memory is that of fresh processes, as in
``benchmarks.contrastive``. Writes ``results/clip_peers.json``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from benchmarks import record
from benchmarks.busy import beside, peak, peers, race
from course_utils.reference.clip import LARGEST, START, contrastive_loss
from course_utils.tables import counted
from course_utils.training.contrastive_tiled import contrastive_loss_tiled
from course_utils.training.fit import device as choose_device

SEED = 188
CLOSE = 1e-5  # of scalars, and of features' gradients as a share of the largest in each
TIME, MEMORY = 0.7, 0.3  # of the peer's, what ours may take
PACKAGES = ("open_clip_torch==3.3.0", "timm", "ftfy", "wcwidth", "regex", "huggingface_hub",
            "hf-xet", "httpx2", "httpcore2", "anyio", "h11", "truststore")  # fmt: skip
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

PEER = "open_clip"
OURS: dict[str, Loss] = {
    "in strips": contrastive_loss_tiled,
    "in strips, none kept": partial(contrastive_loss_tiled, keep=False),
    "as written": contrastive_loss,
}


def open_clip() -> Loss:
    """Theirs, behind the normalisation that their model does."""
    with peers("clip_peers", *PACKAGES):
        from open_clip import ClipLoss
    theirs = ClipLoss()
    return lambda x, y, s: theirs(F.normalize(x, dim=-1), F.normalize(y, dim=-1), s)


def inputs(n: int, dim: int, scale: float) -> list[Tensor]:
    """Features of n images and of their texts, (n, dim) each; the logit scale.

    So little alike that at s = 100 not all pairs are found yet, and gradients are not 0.
    """
    x, other = torch.randn(2, n, dim, generator=Generator().manual_seed(SEED))
    given = x, x + 4 * other, torch.tensor(scale)
    return [part.to(choose_device()).requires_grad_() for part in given]


def step(loss: Loss, given: list[Tensor]) -> list[Tensor]:
    """The value, and the gradients of all that is given."""
    value = loss(*given)
    return [value.detach(), *torch.autograd.grad(value, given)]


def require_same(name: str, ours: list[Tensor], theirs: list[Tensor]) -> float:
    """How far apart they are at most; refuse more than 1e-5."""
    names = ("value", "gradient of images", "gradient of texts", "gradient of the scale")
    worst = 0.0
    for what, a, b in zip(names, ours, theirs, strict=True):
        size = b.abs().max().item() if b.ndim else 1.0
        apart = (a - b).abs().max().item() / size
        if not apart <= CLOSE:  # NaN is not either
            raise AssertionError(f"{name}: {what} differs from the peer's by {apart:.1e}")
        worst = max(worst, apart)
    return worst


def memory(name: str, n: int, dim: int, scale: float) -> float:
    """MiB that one pass takes in a process of its own: the median of three processes."""
    command = [sys.executable, "-m", "benchmarks.clip_peers", "--peak", name, "--pairs", str(n)]
    command += ["--dims", str(dim), "--scales", str(scale)]
    said = [subprocess.check_output(command, text=True).split()[-1] for _ in range(3)]
    return round(statistics.median(map(int, said)) / 2**20, 1)


def peak_of(name: str, n: int, dim: int, scale: float) -> int:
    """Bytes, in this process."""
    loss = OURS.get(name) or open_clip()
    step(loss, inputs(8, dim, scale))  # libraries load and make room for themselves
    given = inputs(n, dim, scale)
    return peak(lambda: step(loss, given))


def compare(theirs: Loss, n: int, dim: int, scale: float, rounds: int) -> list[dict[str, Any]]:
    """A row for each of our ways."""
    given, losses = inputs(n, dim, scale), OURS | {PEER: theirs}
    want = step(theirs, given)
    apart = {name: require_same(name, step(OURS[name], given), want) for name in OURS}
    times = race({name: partial(step, loss, given) for name, loss in losses.items()}, rounds)
    peaks = {name: memory(name, n, dim, scale) for name in losses}
    work = f"{n} pairs, D = {dim}, s = {scale:.1f}"
    rows = []
    for name in OURS:
        row = {"work": work, "ours": name, **beside(times[name], times[PEER], TIME)}
        row |= {"ours, MiB": peaks[name], "peer, MiB": peaks[PEER]}
        row["share of its memory"] = round(peaks[name] / max(peaks[PEER], 0.1), 3)
        rows.append(row | {"memory asked for": MEMORY, "apart at most": f"{apart[name]:.0e}"})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--pairs", type=int, default=2048)
    parser.add_argument("--dims", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--scales", type=float, nargs="+", default=[START, LARGEST])
    parser.add_argument("--peak", choices=[*OURS, PEER], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak:
        print(peak_of(args.peak, args.pairs, args.dims[0], args.scales[0]))
        return
    start, theirs, rows = time.perf_counter(), open_clip(), []
    for scale in args.scales:
        for dim in args.dims:
            rows += compare(theirs, args.pairs, dim, scale, args.rounds)
            print(*rows[-len(OURS) :], sep="\n", flush=True)
    threads = counted(torch.get_num_threads(), "thread")
    caption = (
        "CLIP's loss beside open_clip's ClipLoss, float32, forward and backward; medians of "
        f"{counted(args.rounds, 'interleaved round')} on {threads}, memory of fresh processes"
    )
    took = time.perf_counter() - start
    print(record.write("clip_peers", rows, caption=caption, seed=SEED, seconds=took))


if __name__ == "__main__":
    main()
