"""Who counts, and with what: captions of scenes in which something stands twice or thrice.

    python -m benchmarks.caption_counting [--seeds 3]

The networks of ``caption_seeds`` that are trained. Then the transformer's sum vector is asked:
of each group of two whose *two* it said, one thing is taken out of the **sum alone**, its cells
replaced by cells of the ground; the attention still sees both. As a control as many cells of
the ground are replaced by others. ``results/caption_counting.json``.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchmarks import record
from benchmarks.caption_cover import GRID, box_cells
from benchmarks.caption_rates import counts
from benchmarks.caption_seeds import network
from benchmarks.caption_study import weights_of
from course_utils.data.scenes import Scene, scenes
from course_utils.data.scenes.judged import judge
from course_utils.data.scenes.reading import read
from course_utils.reference import search
from course_utils.reference.captioning import Captioner
from course_utils.training.captioning import LENGTH, vocabulary

NAMES, JUDGED = ("caption_gru", "caption_transformer", "caption_vit"), 1_000
SUMS = {"caption_gru": "in h0 alone"}  # the others get it at every word
WITHOUT, CONTROL = "without one of two", "without as much ground"


class Pair(NamedTuple):
    """A thing that stands in a scene twice, both apart from all else."""

    scene: int
    thing: str
    cells: list[int]  # those of one of the two
    ground: list[int]  # those of no thing, shuffled


class WithSumOf:
    """A decoder for the search: its sum vector is that of another memory (B, S, C)."""

    def __init__(self, decoder: Any, other: Tensor) -> None:
        self.decoder, self.other = decoder, other

    def start(self, memory: Tensor) -> Any:
        t, cache, _ = self.decoder.start(memory)
        return t, cache, self.decoder.prepare(self.other)[1]

    def step(self, words: Tensor, state: Any) -> Any:
        return self.decoder.step(words, state)

    def reorder(self, state: Any, rows: Tensor) -> Any:
        return self.decoder.reorder(state, rows)


def pairs(seen: Sequence[Scene], dice: random.Random) -> list[Pair]:
    """Groups of exactly two of which one shares no cell, where there is enough ground."""
    found = []
    for n, scene in enumerate(seen):
        cells = torch.stack([box_cells(item.box) for item in scene.objects])
        names = [item.thing.name for item in scene.objects]
        ground = (~cells.any(0)).nonzero()[:, 0].tolist()
        for name in sorted(name for name in set(names) if names.count(name) == 2):
            alone = [
                mine for i, mine in enumerate(cells)
                if names[i] == name and cells[:, mine].sum() == mine.sum() <= len(ground) / 2
            ]  # fmt: skip
            if alone:
                order = dice.sample(ground, len(ground))
                found.append(Pair(n, name, alone[0].nonzero()[:, 0].tolist(), order))
    return found


def without(memory: Tensor, pair: Pair, control: bool) -> Tensor:
    """(S, C): the memory of its scene with the cells of one thing, or of ground, replaced."""
    size = len(pair.cells)
    gone = pair.ground[size : 2 * size] if control else pair.cells
    other = memory.clone()
    other[gone] = memory[pair.ground[:size]]
    return other


def number_said(caption: str, thing: str) -> int | None:
    """How many of a thing a caption first speaks of; None: it does not name it."""
    sentence = read(caption.replace(" ,", ","))
    told = [g.number for g in sentence.groups if g.thing == thing] if sentence else []
    return told[0] if told else None


def asked(captioner: Captioner, memory: Tensor, captions: list[str], some: list[Pair]) -> dict:
    """Of the pairs that were called *two*: how many still are, and how many are called *a*."""
    told = [pair for pair in some if number_said(captions[pair.scene], pair.thing) == 2]
    row: dict[str, Any] = {"pairs called two": len(told)}
    seen = memory[[pair.scene for pair in told]]
    for name, control in ((WITHOUT, False), (CONTROL, True)):
        other = torch.stack([without(memory[pair.scene], pair, control) for pair in told])
        decoder = WithSumOf(captioner.decoder, other)
        said = spoken(decoder, seen)
        numbers = [number_said(c, p.thing) for c, p in zip(said, told, strict=True)]
        row[f"{name}: two"] = round(numbers.count(2) / len(told), 4)
        row[f"{name}: a"] = round(numbers.count(1) / len(told), 4)
    return row


def spoken(decoder: Any, memory: Tensor) -> list[str]:
    return [vocabulary().decode(row) for row in search.greedy(decoder, memory, LENGTH)]


def full_and_numbers(captions: list[str], seen: Sequence[Scene]) -> dict[str, float]:
    """Shares, 0 to 1: full captions of both kinds of scenes; right numbers of what is named."""
    full = torch.tensor([judge(c, s).full for c, s in zip(captions, seen, strict=True)])
    names = [[item.thing.name for item in scene.objects] for scene in seen]
    several = torch.tensor([len(set(some)) < len(some) for some in names])
    row = {
        "nothing twice: full": full[~several].float().mean().item(),
        "something twice: full": full[several].float().mean().item(),
    }
    for found in counts(captions, seen):
        if word := {2: "two", 3: "three"}.get(found["group"]):
            row[f"{word} right"] = found["number right"]
            row[f"{word} named twice"] = found["named twice"]
    return {name: round(share, 4) for name, share in row.items()}


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start, source = time.perf_counter(), scenes("test", size=64, length=JUDGED)
    seen, rows = [source[i] for i in range(JUDGED)], []
    images, some = torch.stack([scene.image for scene in seen]), pairs(seen, random.Random(0))
    for name, seed in ((name, seed) for name in NAMES for seed in range(args.seeds)):
        if weights_of(name, seed) is None:
            print(name, seed, "is not trained yet: left out", flush=True)
            continue
        captioner = network(name, seed)
        memory = torch.cat([captioner.encoder(part) for part in images.split(250)])
        captions = spoken(captioner.decoder, memory)
        row = {"network": name, "seed": seed, "sum vector": SUMS.get(name, "at every word")}
        row |= full_and_numbers(captions, seen)
        if name == "caption_transformer":
            row |= asked(captioner, memory, captions, some)
        rows.append(row)
        print(row, flush=True)
    if not rows:
        raise SystemExit("no network is trained: python -m benchmarks.caption_seeds")
    caption = f"Numbers in captions of {JUDGED} scenes of the split test, {GRID} × {GRID} cells"
    seconds = time.perf_counter() - start
    print(record.write("caption_counting", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
