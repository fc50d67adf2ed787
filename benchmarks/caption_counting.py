"""Who counts, and with what: captions of scenes in which something stands twice or thrice.

    python -m benchmarks.caption_counting [--seeds 3]

The networks of ``caption_seeds`` that are trained; and the transformer once more, given the
*mean* of all scenes' sum vectors in place of the scene's own: all else is as it was trained.
``results/caption_counting.json``.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch
from torch import Tensor

from benchmarks import record
from benchmarks.caption_rates import counts
from benchmarks.caption_seeds import network
from benchmarks.caption_study import weights_of
from course_utils.data.scenes import Scene, scenes
from course_utils.data.scenes.judged import judge
from course_utils.reference.captioning import Captioner
from course_utils.training.captioning import said

NAMES, JUDGED = ("caption_gru", "caption_transformer", "caption_vit"), 500
OWN, MEAN = "own", "mean of all scenes"


@torch.no_grad()
def with_mean_sum(captioner: Captioner, images: Tensor) -> Captioner:
    """The same network; its decoder gets one sum vector for all scenes, the mean of theirs."""
    decoder: Any = captioner.decoder
    prepare = decoder.prepare
    memory = torch.cat([captioner.encoder(part) for part in images.split(250)])
    mean = prepare(memory)[1].mean(0, keepdim=True)
    decoder.prepare = lambda z: (prepare(z)[0], mean.expand(len(z), -1, -1))
    return captioner


def twice(scene: Scene) -> bool:
    """Whether some thing stands in the scene more than once."""
    names = [item.thing.name for item in scene.objects]
    return len(set(names)) < len(names)


def row_of(captioner: Captioner, seen: list[Scene], images: Tensor) -> dict[str, float]:
    """Shares, 0 to 1: full captions of both kinds of scenes; right numbers of what is named."""
    captions = said(captioner, images)
    full = torch.tensor([judge(c, s).full for c, s in zip(captions, seen, strict=True)])
    several = torch.tensor([twice(scene) for scene in seen])
    row = {
        "nothing twice: full": full[~several].float().mean().item(),
        "something twice: full": full[several].float().mean().item(),
    }
    right = {found["group"]: found["number right"] for found in counts(captions, seen)}
    row |= {f"{word} right": right.get(n, 0.0) for n, word in ((2, "two"), (3, "three"))}
    return {name: round(share, 4) for name, share in row.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start, source = time.perf_counter(), scenes("test", size=64, length=JUDGED)
    seen = [source[i] for i in range(JUDGED)]
    images, rows = torch.stack([scene.image for scene in seen]), []
    for name in NAMES:
        for seed in range(args.seeds):
            if weights_of(name, seed) is None:
                print(name, seed, "is not trained yet: left out", flush=True)
                continue
            made = {OWN: network(name, seed)}
            if name == "caption_transformer":
                made[MEAN] = with_mean_sum(network(name, seed), images)
            for vector, captioner in made.items():
                about = {"network": name, "seed": seed, "sum vector": vector}
                if name == "caption_gru":
                    about["sum vector"] = "in h0 alone"
                rows.append(about | row_of(captioner, seen, images))
                print(rows[-1], flush=True)
    if not rows:
        raise SystemExit("no network is trained: python -m benchmarks.caption_seeds")
    caption = f"Numbers in captions of {JUDGED} scenes of the split test"
    seconds = time.perf_counter() - start
    print(record.write("caption_counting", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
