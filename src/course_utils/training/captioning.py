"""Caption networks: scenes rendered once, the encoder's dense task, decoders, what they say."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.data import cache
from course_utils.data.scenes import COLOURS, GROUNDS, THING_NAMES, caption_words, scenes
from course_utils.data.scenes.judged import Verdict, judge, rates, target
from course_utils.reference.caption_metrics import apart, bleu, cider_d
from course_utils.reference.captioning import PAD, Captioner, Vocabulary, beam_search, greedy
from course_utils.training.fit import Epoch

BATCH = 64
LENGTH = 26  # the most words that a search says
NOTHING = len(THING_NAMES)  # the class of a cell in which no box has its centre
Watch = Callable[[Epoch], None]


def vocabulary() -> Vocabulary:
    """The words of all captions of scenes."""
    return Vocabulary([",", *caption_words()])


def _origin() -> str:
    """Hash of what draws and describes scenes: another program meets no old cache."""
    files = sorted(Path(inspect.getfile(scenes)).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def rendered(split: str, number: int) -> dict[str, Tensor]:
    """Scenes of 64 pixels: images (N, 3, 64, 64) uint8, words (N, L), labels of the 64 cells.

    ``thing``, ``size``, ``colour`` are (N, 64), ``ground`` (N,); −1 where there is no answer.
    """
    return cache.decoded(
        f"captions-{split}-{number}", _origin(), lambda: _render(split, number)
    )


def _render(split: str, number: int) -> dict[str, Tensor]:
    source, known = scenes(split, size=64, length=number), vocabulary()
    images = torch.empty(number, 3, 64, 64, dtype=torch.uint8)
    labels = {k: torch.full((number, 64), -1, dtype=torch.int8) for k in ("size", "colour")}
    labels["thing"] = torch.full((number, 64), NOTHING, dtype=torch.int8)
    labels["ground"] = torch.empty(number, dtype=torch.int8)
    said = []
    for i in range(number):
        scene = source[i]
        images[i] = scene.image
        labels["ground"][i] = GROUNDS.index(scene.ground)
        said.append(target(scene, "left"))
        for item in scene.objects:
            x0, y0, x1, y1 = item.box
            cell = int(y0 + y1) // 16 * 8 + int(x0 + x1) // 16
            labels["thing"][i, cell] = THING_NAMES.index(item.thing.name)
            labels["size"][i, cell] = item.size == "big"
            if item.colour:
                labels["colour"][i, cell] = list(COLOURS).index(item.colour)
    return {"images": images, "words": known.encode(said).to(torch.uint8), **labels}


class Dense(nn.Module):
    """Heads for the encoder's pre-training: thing, size, colour of each cell, the ground."""

    def __init__(self, encoder: nn.Module, size: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.cells = nn.Linear(size, NOTHING + 1 + 2 + len(COLOURS))
        self.ground = nn.Linear(size, len(GROUNDS))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        z = self.encoder(images)
        parts = self.cells(z).split([NOTHING + 1, 2, len(COLOURS)], -1)
        return *parts, self.ground(z.mean(1))


def dense_loss(network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Weighted loss, in which empty cells weigh little; the share of things named right."""
    thing, size, colour, ground = network(batch["images"])
    weight = torch.ones(NOTHING + 1, device=thing.device)
    weight[NOTHING] = 0.2
    y = {k: batch[k].long().flatten() for k in ("thing", "size", "colour", "ground")}
    there = batch["size"] >= 0
    right = _share(thing.argmax(-1) == batch["thing"], there)
    loss = (
        F.cross_entropy(thing.flatten(0, 1), y["thing"], weight=weight)
        + 0.5 * F.cross_entropy(size.flatten(0, 1), y["size"], ignore_index=-1)
        + 0.3 * F.cross_entropy(colour.flatten(0, 1), y["colour"], ignore_index=-1)
        + 0.3 * F.cross_entropy(ground, y["ground"])
    )
    return loss, right


def _share(right: Tensor, asked: Tensor) -> Tensor:
    """Of what is asked, how much is right; no number of them that a GPU had to wait for."""
    return (right & asked).sum() / asked.sum()


@torch.no_grad()
def dense_row(network: nn.Module, data: dict[str, Tensor]) -> dict[str, float]:
    """Shares of right answers at the cells where a thing has its centre, and of grounds."""
    network.eval()
    outputs = [network(part) for part in data["images"].split(250)]
    answers = [torch.cat(part).argmax(-1) for part in zip(*outputs, strict=True)]
    names = ("thing", "size", "colour", "ground")
    right = {k: a == data[k].long() for k, a in zip(names, answers, strict=True)}
    asked = {
        "thing": data["size"] >= 0, "size": data["size"] >= 0,
        "colour": data["colour"] >= 0, "ground": data["ground"] >= 0,
    }  # fmt: skip
    return {k: round(right[k][asked[k]].float().mean().item(), 4) for k in names}


def _number(data: dict[str, Tensor]) -> int:
    return len(next(iter(data.values())))


def _steps(
    data: dict[str, Tensor], steps: int, seed: int, batch: int
) -> Iterator[dict[str, Tensor]]:
    """Batches, with words as far as the longest caption goes: seen here, before the device."""
    number = _number(data)
    dice = torch.Generator().manual_seed(seed)
    order, at = torch.randperm(number, generator=dice), 0
    for _ in range(steps):
        if at + batch > number:
            order, at = torch.randperm(number, generator=dice), 0
        rows, at = order[at : at + batch], at + batch
        part = {name: tensor[rows] for name, tensor in data.items()}
        if "words" in part:
            part["words"] = part["words"][:, : int((part["words"] != PAD).sum(1).max())]
        yield part


def learn(
    network: nn.Module,
    objective: Callable[[nn.Module, dict[str, Tensor]], tuple[Tensor, Tensor]],
    data: dict[str, Tensor],
    steps: int,
    *,
    seed: int,
    lr: float = 3e-3,
    batch: int = BATCH,
    slower: nn.Module | None = None,
    watch: Watch = lambda _: None,
) -> list[Epoch]:
    """AdamW, 200 steps of warming up, cosine to almost nothing; how each 250 steps went.

    Args:
        objective: network and batch to the mean loss and the share of right answers.
        data: tensors of equal length, from which batches are drawn; on CUDA in bfloat16.
        slower: a part that keeps a third of the learning rate (a trained encoder).
    """
    trained = {id(p) for p in slower.parameters()} if slower is not None else set()
    groups = [
        {"params": [p for p in network.parameters() if (id(p) in trained) == s],
         "share": 1 / 3 if s else 1.0}
        for s in (False, True)
    ]  # fmt: skip
    groups = [g for g in groups if g["params"]]
    rule = torch.optim.AdamW(groups, lr, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    device = next(network.parameters()).device
    seen: list[Tensor] = []
    curve = []
    network.train()
    for step, part in enumerate(_steps(data, steps, seed, min(batch, _number(data))), 1):
        rate = lr * min(1, step / 200) * (0.5 * (1 + math.cos(math.pi * step / steps)) + 0.005)
        for group in rule.param_groups:
            group["lr"] = group["share"] * rate
        rule.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss, right = objective(network, {k: t.to(device) for k, t in part.items()})
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        rule.step()
        seen.append(torch.stack([loss.detach(), right]))
        if step % 250 == 0 or step == steps:
            curve.append(Epoch(step, *torch.stack(seen).mean(0).tolist()))
            watch(curve[-1])
            seen = []
    return curve


def caption_loss(network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Cross entropy of each word given those before it, padding left out; share right."""
    words = batch["words"].long()
    memory = batch["memory"].float() if "memory" in batch else batch["images"]
    logits = network(memory, words[:, :-1])
    y = words[:, 1:]
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=PAD)
    return loss, _share(logits.argmax(-1) == y, y != PAD)


@torch.no_grad()
def features(encoder: nn.Module, images: Tensor, device: torch.device) -> Tensor:
    """The encoder's z of all images, float16 on the CPU: a frozen encoder need run but once."""
    encoder.eval()
    return torch.cat([encoder(part.to(device)).half().cpu() for part in images.split(250)])


def decoder_then_all(
    network: Captioner,
    train: dict[str, Tensor],
    frozen: int,
    together: int,
    seed: int,
    watch: Watch,
    *,
    lr: float = 3e-3,
    batch: int = BATCH,
) -> list[Epoch]:
    """The decoder on features of the frozen encoder, then both end to end at half the rate."""
    device = next(network.parameters()).device
    curve: list[Epoch] = []
    if frozen:
        memory = features(network.encoder, train["images"], device)
        data = {"memory": memory, "words": train["words"]}
        curve += learn(network.decoder, caption_loss, data, frozen, seed=seed, lr=lr,
                       batch=batch, watch=watch)  # fmt: skip
    if together:
        data = {"images": train["images"], "words": train["words"]}
        more = learn(network, caption_loss, data, together, seed=seed + 1, lr=lr / 2,
                     batch=batch, slower=network.encoder, watch=watch)  # fmt: skip
        curve += [Epoch(e.number + frozen, e.loss, e.accuracy) for e in more]
    return curve


@torch.no_grad()
def said(network: Captioner, images: Tensor, width: int = 1) -> list[str]:
    """Captions of images, greedy or by a beam of ``width``."""
    network.eval()
    decoder: Any = network.decoder
    device = next(network.parameters()).device
    known, captions = vocabulary(), []
    for part in images.split(250):
        memory = network.encoder(part.to(device))
        ids = (
            greedy(decoder, memory, LENGTH)
            if width == 1
            else beam_search(decoder, memory, width, LENGTH)
        )
        captions += [known.decode(row) for row in ids]
    return captions


def captions_row(network: Captioner, number: int) -> dict[str, Any]:
    """What the network says of ``number`` scenes of each split, judged; shares from 0 to 1."""
    row: dict[str, Any] = {"parameters": sum(p.numel() for p in network.parameters())}
    for split in ("test", "style", "combinations"):
        source = scenes(split, size=64, length=number)
        seen = [source[i] for i in range(number)]
        images = torch.stack([scene.image for scene in seen])
        for name, width in (("greedy", 1), ("beam 3", 3)):
            captions = said(network, images, width)
            verdicts = [judge(c, s) for c, s in zip(captions, seen, strict=True)]
            row |= _shares(f"{split}, {name}", verdicts)
            if split == "test":
                things = [len(s.objects) for s in seen]
                row |= _by_number(name, things, [v.full for v in verdicts])
                mine = [apart(c) for c in captions]
                theirs = [[apart(r) for r in s.captions] for s in seen]
                row[f"test, {name}: BLEU-4"] = round(bleu(mine, theirs), 4)
                row[f"test, {name}: CIDEr-D"] = round(cider_d(mine, theirs), 4)
    return row


def _shares(start: str, verdicts: list[Verdict]) -> dict[str, float]:
    return {f"{start}: {name}": round(share, 4) for name, share in rates(verdicts).items()}


def _by_number(name: str, things: list[int], full: list[bool]) -> dict[str, float]:
    """Share of full captions by how many things stand in the scene."""
    return {
        f"test, {name}: full of {n}": round(
            sum(f for f, m in zip(full, things, strict=True) if m == n) / things.count(n), 4
        )
        for n in sorted(set(things))
    }
