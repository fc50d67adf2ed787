"""Diffusion beside two libraries: a training step of a U-Net, and the loop of DDIM.

    python -m benchmarks.diffusion_peers [--rounds 11] [--batch 32]

The peers are no dependencies: without them the program says how to get them. Before anything
is timed a peer's loss must be ours of the same network, and its DDIM ours, both to 1e-5.
Writes ``results/diffusion_peers.json``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks import diffusion_networks as networks
from benchmarks import record
from benchmarks.busy import beside, race
from benchmarks.diffusion_networks import SCHEDULE, STEPS, Peer, Step, operations, parameters
from course_utils import data
from course_utils.reference.diffusion import Model, loss
from course_utils.reference.samplers import sample, times
from course_utils.reference.unet import UNet
from course_utils.tables import counted
from course_utils.training import checkpoints
from course_utils.training.fit import device as choose_device

SEED, CLOSE = 188, 1e-5
STRIDES = 50  # steps of DDIM
SHARE, SHARES = 0.6, {"diffusers": 0.95}  # of the peer's time, what ours may take
KINDS = ("float32", "bfloat16")
OURS = {"patch 2": 2, "patch 1": 1}  # at 1 layers see 28 × 28 pixels, as the peers' first do
PAIRS = [("patch 2", "float32", "float32"), ("patch 2", "bfloat16", "float32"),
         ("patch 2", "bfloat16", "bfloat16"), ("patch 1", "float32", "float32")]  # fmt: skip
PER_OPERATION = "share of its CPU time an operation"
Row = dict[str, Any]
Sampler = Callable[..., Callable[[Model, Tensor], Tensor]]


def require_same(what: str, ours: Tensor, theirs: Tensor) -> None:
    apart = (ours - theirs).abs().max().item()
    if not apart <= CLOSE:  # NaN is not either
        raise AssertionError(f"{what} differs from ours by {apart:.1e}")


def require_same_loss(name: str, peer: Peer, x: Tensor) -> None:
    """The peer's own loss beside ours of its network, at the same times with the same noise."""
    t, noise = torch.randint(STEPS, (len(x),), device=x.device), torch.randn_like(x)
    with torch.no_grad():
        ours = loss(peer.says, x, t + 1, noise, SCHEDULE, "eps")
        require_same(f"{name}: the loss", ours, peer.objective(x, t, noise))


def works(peers: Mapping[str, Peer], x: Tensor, labels: Tensor) -> dict[str, Step]:
    """A training step of each network in each number format."""
    steps = {}
    for kind in KINDS:
        half = kind == "bfloat16"
        for name, patch in OURS.items():
            network = UNet(patch=patch).to(x.device)
            steps[f"{name}, {kind}"] = networks.our_step(network, x, labels, half)
        for name, peer in peers.items():
            steps[f"{name}, {kind}"] = networks.their_step(peer, x, half)
    return steps


def training(
    peers: Mapping[str, Peer], x: Tensor, labels: Tensor, rounds: int
) -> tuple[list[Row], dict[str, float]]:
    """Rows of each of our ways beside each of theirs; 10⁹ operations of each network."""
    for name, peer in peers.items():
        require_same_loss(name, peer, x)
    steps, rows = works(peers, x, labels), []
    needed = {name: operations(steps[f"{name}, float32"]) / 1e9 for name in [*OURS, *peers]}
    spent = race(steps, rounds)
    for name in peers:
        for own, mine, other in PAIRS:
            row: Row = {"work": f"training step, {len(x)} images", "ours": f"{own}, {mine}"}
            row["peer"] = f"{name}, {other}"
            share = SHARES.get(name, SHARE)
            row |= beside(spent[row["ours"]], spent[row["peer"]], share)
            each = row["ours, CPU ms"] / row["peer, CPU ms"] * needed[name] / needed[own]
            rows.append(row | {PER_OPERATION: round(each, 2)})
    return rows, {name: round(number, 2) for name, number in needed.items()}


def draw(model: Model, start: Tensor, clip: bool) -> Tensor:
    path = times(STEPS, STRIDES)
    return sample(model, start.shape, SCHEDULE, path, noise=start[None], clip=clip)


def loops(
    model: Model, what: str, start: Tensor, rounds: int, sampler: Sampler = networks.sampler
) -> list[Row]:
    """DDIM of ours beside diffusers', with x̂₀ cut to −1 to 1 and not cut."""
    rows = []
    for clip in (True, False):
        theirs = partial(sampler(SCHEDULE, STRIDES, clip), model, start)
        ours = partial(draw, model, start, clip)
        require_same(f"DDIM, {what}", ours(), theirs())
        spent = race({"ours": ours, "theirs": theirs}, rounds)
        row: Row = {"work": f"DDIM, {STRIDES} steps, {len(start)} images", "ours": what}
        row["peer"] = f"diffusers' DDIMScheduler, x̂₀ {'cut' if clip else 'not cut'}"
        rows.append(row | beside(spent["ours"], spent["theirs"], SHARE) | {PER_OPERATION: None})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--batch", type=int, default=32)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    start, device = time.perf_counter(), choose_device()
    peers = networks.all_peers(device)
    clothes = data.fashion("train")
    x = (2 * clothes.images[: args.batch].float() / 255 - 1).to(device)
    rows, needed = training(peers, x, clothes.labels[: args.batch].to(device), args.rounds)
    network = UNet().to(device).eval()
    checkpoints.restore(network, "diffusion_fashion")
    free = lambda x, t: x  # noqa: E731 (a network that costs nothing)
    rows += loops(free, "the loop alone", torch.randn_like(x), 5 * args.rounds)
    rows += loops(network, "with our U-Net", torch.randn_like(x), args.rounds)
    print(*rows, sep="\n")
    counts = {name: parameters(UNet(patch=patch)) for name, patch in OURS.items()}
    counts |= {name: parameters(peer.network) for name, peer in peers.items()}
    threads = counted(torch.get_num_threads(), "thread")
    caption = (
        "Images of 28 × 28; equal losses and equal images before; medians of "
        f"{counted(args.rounds, 'interleaved round')}, five times as many for the loop alone, "
        f"on {threads}"
    )
    more = {"parameters": counts, "billions of operations in a training step": needed}
    took = time.perf_counter() - start
    name = "diffusion_peers"
    print(record.write(name, rows, caption=caption, seed=SEED, seconds=took, **more))


if __name__ == "__main__":
    main()
