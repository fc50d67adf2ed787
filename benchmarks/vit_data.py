"""How much data a vision transformer needs beside a CNN, chapter 7, over seeds.

    python -m benchmarks.vit_data [--seeds 3] [--steps 300]

Both learn the dense task of scenes, which thing has its centre in which cell of the 8 × 8 grid,
from as many images as the row says and in equally many steps of 64 images. Judged are 1000
images of the validation split: the share of things named right. ``results/vit_data.json``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks import record
from course_utils.reference.captioning import ImageEncoder
from course_utils.reference.vit import ViT
from course_utils.training.captioning import Dense, dense_loss, dense_row, learn, rendered

ALL, SIZES = 32_000, (1_000, 4_000, 16_000)


def vit(positions: bool = True) -> ViT:
    """As in the chapter's captioner: 64 patches of 8 × 8 pixels, three blocks."""
    return ViT(64, 8, 64, 3, 4, 128, class_token=False, positions=positions)


def measured(make: Callable[[], Any], images: int, steps: int, seed: int) -> dict[str, float]:
    """One network trained and judged."""
    torch.manual_seed(seed)
    encoder = make()
    network = Dense(encoder, encoder.size)
    train = {name: t[:images] for name, t in rendered("train", ALL).items() if name != "words"}
    start = time.perf_counter()
    learn(network, dense_loss, train, steps, seed=seed)
    seconds = time.perf_counter() - start
    row = {"seconds": seconds, "parameters": sum(p.numel() for p in encoder.parameters())}
    seen = {name: t[:1_000] for name, t in train.items()}
    row["seen"] = dense_row(network, seen)["thing"]
    return row | {"new": dense_row(network, rendered("val", 1_000))["thing"]}


def row_of(name: str, make: Callable, images: int, steps: int, seeds: int) -> dict[str, Any]:
    found = [measured(make, images, steps, seed) for seed in range(seeds)]
    row = {"network": name, "images": images, "parameters": int(found[0]["parameters"])}
    for key in ("seen", "new"):
        row |= {key: round(statistics.mean(f[key] for f in found), 4)}
        row |= {f"seeds of {key}": [f[key] for f in found]}
    row["seconds of training"] = round(statistics.mean(f["seconds"] for f in found), 1)
    print(row, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    networks: list[tuple[str, Callable, tuple[int, ...]]] = [
        ("ViT", vit, SIZES),
        ("CNN", ImageEncoder, SIZES),
        ("ViT, no positions", lambda: vit(positions=False), SIZES[-1:]),
    ]
    for name, make, sizes in networks:
        rows += [row_of(name, make, n, args.steps, args.seeds) for n in sizes]
    caption = (
        f"Things of scenes named by cell, {args.steps} steps of 64 images, {args.seeds} seeds"
    )
    seconds = time.perf_counter() - start
    print(record.write("vit_data", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
