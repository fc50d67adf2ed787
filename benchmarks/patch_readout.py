"""What a patch's own pixels say of what it shows, beside the readouts of the trained ViT.

    python -m benchmarks.patch_readout [--scenes 4000] [--steps 3000] [--seeds 3]

An MLP reads the pixels of one patch and its place in the grid, and no other patch. It has more
scenes to learn from than the linear readouts of ``caption_vit_readout``, and layers between.
What those get beyond it, a token has from other patches. ``results/patch_readout.json``.
"""

from __future__ import annotations

import argparse
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks import record
from course_utils import results
from course_utils.data.scenes import STUFF, Scene, scenes
from course_utils.training.patches import CONTENTS, contents

PATCH, PLACES, HIDDEN, BATCH, TESTED = 8, 64, 256, 512, 300


def own_patches(some: list[Scene]) -> tuple[Tensor, Tensor, Tensor]:
    """Pixels (N, 192) in -1 to 1, places (N,) and contents (N,) of all patches."""
    images = torch.stack([scene.image for scene in some]).float() / 255 * 2 - 1
    pixels = F.unfold(images, PATCH, stride=PATCH).mT.flatten(0, 1)
    places = torch.arange(PLACES).repeat(len(some))
    return pixels, places, torch.cat([contents(scene) for scene in some])


class Reader(nn.Module):
    """Pixels and place of one patch to logits of what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Embedding(PLACES, 64)
        self.layers = nn.Sequential(
            nn.Linear(3 * PATCH**2 + 64, HIDDEN), nn.GELU(),
            nn.Linear(HIDDEN, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, len(CONTENTS)),
        )  # fmt: skip

    def forward(self, pixels: Tensor, places: Tensor) -> Tensor:
        return self.layers(torch.cat([pixels, self.place(places)], 1))


def measured(train: tuple, test: tuple, steps: int, seed: int) -> dict[str, float]:
    """Shares of right answers on the test scenes, of all patches and of those of things."""
    torch.manual_seed(seed)
    reader, (x, places, y) = Reader(), train
    rule = torch.optim.AdamW(reader.parameters(), 1e-3, weight_decay=0.01)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(rule, steps)
    for _ in range(steps):
        rows = torch.randint(len(x), (BATCH,))
        loss = F.cross_entropy(reader(x[rows], places[rows]), y[rows])
        rule.zero_grad()
        loss.backward()
        rule.step()
        slower.step()
    with torch.no_grad():
        right = reader(*test[:2]).argmax(1) == test[2]
    things = test[2] >= len(STUFF)
    return {
        "right": right.double().mean().item(),
        "things": right[things].double().mean().item(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start, keys = time.perf_counter(), ("right", "things")
    source, others = scenes("train", size=64), scenes("test", size=64)
    train = own_patches([source[i] for i in range(args.scenes)])
    test = own_patches([others[i] for i in range(TESTED)])
    found = [measured(train, test, args.steps, seed) for seed in range(args.seeds)]
    row: dict[str, object] = {"reads": "its own pixels and place, MLP", "scenes": args.scenes}
    row |= {f"seeds of {key}": [round(f[key], 4) for f in found] for key in keys}
    (read,) = results.table("caption_vit_readout").record["rows"]
    last = max(int(key.split()[1][:-1]) for key in read if key.startswith("layer"))
    beside = {"reads": "tokens behind the last layer, linear", "scenes": read["scenes"]}
    beside |= {f"seeds of {key}": [read[f"layer {last}: {key}"]] for key in keys}
    caption = f"Patches named right in {TESTED} scenes of the split test, {args.steps} steps"
    print(record.write("patch_readout", [row, beside], caption=caption, seed=0,
                       seconds=time.perf_counter() - start))  # fmt: skip


if __name__ == "__main__":
    main()
