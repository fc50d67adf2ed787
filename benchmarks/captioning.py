"""Captions beside the best-known libraries: their metrics, interleaved in one process.

    python -m benchmarks.captioning [--rounds 9] [--images 5000]

The peers are in the extra ``bench``: ``make bench NAMES=captioning``. Each comparison first
asks that both give the same, then takes the median of the rounds' ratios. Writes
``results/captioning.json``.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping

import torch

from benchmarks import record
from benchmarks.caption_failures import split
from benchmarks.match import Match
from course_utils.data.scenes.judged import target
from course_utils.reference.caption_metrics import apart, bleu, cider_d

SEED = 188
CLOSE = 1e-6  # of two metrics, relative


def same(ours: float, theirs: float, what: str) -> None:
    if abs(ours - theirs) > CLOSE * abs(theirs):
        raise AssertionError(f"{what}: {ours} here, {theirs} there")


def metrics(images: int) -> list[Match]:
    """BLEU-4 and CIDEr-D of target captions against five references each."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from sacrebleu.metrics import BLEU

    scenes = split("train", images)
    captions = [apart(target(scene)) for scene in scenes]
    references = [[apart(caption) for caption in scene.captions] for scene in scenes]
    gts, res = dict(enumerate(references)), {n: [c] for n, c in enumerate(captions)}
    streams = list(zip(*references, strict=True))
    sacre = BLEU(smooth_method="none", tokenize="none", force=True)
    ours = {"BLEU-4": lambda: bleu(captions, references)}
    ours["CIDEr-D"] = lambda: cider_d(captions, references)
    peers: Mapping[tuple[str, str], Callable[[], float]] = {
        ("BLEU-4", "pycocoevalcap"): lambda: Bleu(4).compute_score(gts, res, verbose=0)[0][3],
        ("BLEU-4", "sacrebleu"): lambda: sacre.corpus_score(captions, streams).score / 100,
        ("CIDEr-D", "pycocoevalcap"): lambda: Cider().compute_score(gts, res)[0],
    }
    for (what, name), theirs in peers.items():
        same(ours[what](), theirs(), f"{what} of {name}")
    return [
        Match(f"{what} of {images} captions", name, 1.0, ours[what], theirs)
        for (what, name), theirs in peers.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--images", type=int, default=5_000, help="that the metrics score")
    args = parser.parse_args()
    torch.manual_seed(SEED)
    start, rows = time.perf_counter(), []
    for match in metrics(args.images):
        rows.append(match.row(args.rounds))
        print(rows[-1], flush=True)
    caption = (
        f"Medians of {args.rounds} interleaved rounds in one process on "
        f"{torch.get_num_threads()} threads; equal results before; load of the machine "
        f"{os.getloadavg()[1]:.1f}"
    )
    seconds = time.perf_counter() - start
    print(record.write("captioning", rows, caption=caption, seed=SEED, seconds=seconds))


if __name__ == "__main__":
    main()
