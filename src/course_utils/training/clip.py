"""CLIP on emoji: how images and texts are varied, and how both towers learn."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from course_utils.data import Batches
from course_utils.data.emoji import Concept, concepts
from course_utils.reference.clip import multi_positive_loss, unit
from course_utils.reference.clip_towers import CLIP, ImageTower, WordMean, Words
from course_utils.training import resume as state
from course_utils.training.augment import Augmentation, seeded
from course_utils.training.fit import Epoch

LEAST = 4  # meanings that share a keyword; of rarer ones little would be learned


@cache
def emoji_words() -> Words:
    """The vocabulary: words of the concepts that are trained on, of no other."""
    known = [concept.texts for concept in concepts() if concept.split == "train"]
    return Words.of(known, LEAST)


def small_clip() -> CLIP:
    """Both towers, untrained: 76 k weights for images, 111 k for texts."""
    return CLIP(ImageTower(), WordMean(len(emoji_words())))


# -- images -----------------------------------------------------------------------------------


def varied(seed: int) -> Augmentation:
    """``vary`` with a generator of its own, for ``Pictures.batches``."""
    return seeded(vary, seed)


def vary(x: Tensor, generator: Generator, faint: bool = True) -> Tensor:
    """Each drawing turned, enlarged, moved and recoloured, half of them on another ground.

    Args:
        x: (B, 4, S, S) float in 0 to 1, colours weighted by the opacity; best ``boxed``.
        faint: each picture's colours change by a share of its own of what is possible, from
            none to all, so that words for colours can be learned, too; False: by all.

    Returns:
        (B, 3, S, S) in 0 to 1.
    """
    dice = torch.rand(len(x), 14, generator=generator).to(x)
    x = _moved(x, dice[:, :4])
    colours, opacity = x[:, :3], x[:, 3:]
    share = dice[:, 4, None] if faint else torch.ones_like(dice[:, :1])
    shown = _recoloured(colours, opacity, (2 * dice[:, 5:10] - 1) * share)
    return shown + (1 - opacity) * _ground(dice[:, 10:])


def _moved(x: Tensor, dice: Tensor) -> Tensor:
    """Turned by up to 0.2 rad, shown at 1 / 1.25 to 1 / 0.9, moved by up to 9 % of the side."""
    angle, size = 0.4 * dice[:, 0] - 0.2, 0.9 + 0.35 * dice[:, 1]
    cos, sin = size * angle.cos(), size * angle.sin()
    across, down = (0.36 * dice[:, 2:4] - 0.18).unbind(1)  # of half a side
    window = torch.stack([cos, -sin, across, sin, cos, down], 1).unflatten(1, (2, 3))
    grid = F.affine_grid(window, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


def _recoloured(colours: Tensor, opacity: Tensor, by: Tensor) -> Tensor:
    """Saturation by up to 40 %, light by up to 20 %, each channel by up to 12 %; by (B, 5)."""
    saturation = (1 + 0.4 * by[:, 0])[:, None, None, None]
    light = (1 + 0.2 * by[:, 1, None]) * (1 + 0.12 * by[:, 2:])  # (B, 3)
    grey = colours.mean(1, keepdim=True)
    changed = torch.lerp(grey, colours, saturation) * light[:, :, None, None]
    return torch.minimum(changed.clamp_(min=0), opacity)


def _ground(dice: Tensor) -> Tensor:
    """White for half of the pictures, grey or coloured for a quarter each: (B, 3, 1, 1)."""
    kind, colour = dice[:, :1], dice[:, 1:4]
    other = torch.where(kind < 0.75, colour[:, :1], colour)
    return torch.where(kind < 0.5, 1, other)[:, :, None, None]


# -- texts ------------------------------------------------------------------------------------


def known_texts(concept: Concept) -> list[str]:
    """Name and keywords of which a word is known; the name alone where there is none."""
    words = emoji_words()
    known = [text for text in concept.texts if words.encode([text], skip=True).any()]
    return known or [concept.name]


def texts_of(
    meanings: Sequence[Concept], words: Words, number: int = 32, seed: int = 0
) -> Tensor:
    """Texts that an image of each concept may stand beside: (N, number, L) int64.

    Half of them are the name, a quarter the name with up to three keywords, a quarter keywords
    alone; unknown words are left out. A batch takes one of them at random for each image.
    """
    dice = random.Random(seed)
    texts = [_text(concept, words, dice) for concept in meanings for _ in range(number)]
    return words.encode(texts, skip=True).unflatten(0, (len(meanings), number))


def _text(concept: Concept, words: Words, dice: random.Random) -> str:
    name, *others = concept.texts
    some = dice.sample(others, min(len(others), dice.randint(1, 3)))
    kind = dice.random()
    if not some or kind < 0.5:
        return name
    text = " ".join([name, *some] if kind < 0.75 else some)
    return text if len(words.unknown(text)) < len(text.split()) else name


# -- learning ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block(Epoch):
    """What some passes over the data gave; ``accuracy``: images that found their text.

    ``passes`` counts them from the beginning, ``scale`` is the logit scale after them.
    """

    passes: int
    scale: float


def learn(
    model: CLIP,
    batches: Batches,
    texts: Tensor,
    blocks: int,
    *,
    passes: int = 10,
    lr: float = 3e-3,
    weight_decay: float = 0.05,
    objective: Callable[..., Tensor] = multi_positive_loss,
    resume: Path | None = None,
    watch: Callable[[Epoch], None] = lambda _: None,
) -> list[Block]:
    """Train both towers in place; AdamW, a short rise of the rate and a cosine down to 0.

    Args:
        batches: full ones alone, of images ``varied`` and the numbers of their concepts.
        texts: (N, M, L), M texts of each concept, on the CPU.
        blocks: how many, of ``passes`` each.
        objective: gives the loss of (images, texts, logit scale, labels).
        resume: a file that holds the state after each block, see ``fit``.
        watch: is told each block.
    """
    steps = blocks * passes * len(batches)
    training = _Training(model, texts, lr, weight_decay, steps, objective)
    settings = {"blocks": blocks, "passes": passes, "batches": len(batches), "lr": lr,
                "weight_decay": weight_decay, "texts": list(texts.shape)}  # fmt: skip

    def block(number: int) -> Block:
        model.train()
        bar = tqdm(range(passes), f"block {number}", leave=False, disable=None)
        said = [training.step(x, labels) for _ in bar for x, labels in batches]
        loss, right = torch.stack(said).mean(0).tolist()
        return Block(number, loss, right, number * passes, model.scale().item())

    parts = training.parts()
    return state.epochs(blocks, block, Block, resume, parts, batches, settings, watch)


class _Training:
    """A model with what moves its weights."""

    def __init__(
        self, model: CLIP, texts: Tensor, lr: float, decay: float, steps: int,
        objective: Callable[..., Tensor],
    ) -> None:  # fmt: skip
        matrices = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim < 2]  # norms, biases, the scale
        groups: list[dict[str, Any]] = [
            {"params": matrices},
            {"params": others, "weight_decay": 0.0},
        ]
        self.rule = AdamW(groups, lr, (0.9, 0.98), weight_decay=decay, fused=True)
        self.rate = LambdaLR(self.rule, partial(_share, steps=steps))
        self.model, self.texts, self.objective = model, texts, objective

    def step(self, x: Tensor, labels: Tensor) -> Tensor:
        """One batch: its loss, and the share of images whose nearest text means the same."""
        which = torch.randint(self.texts.shape[1], (len(labels),))
        words = self.texts[labels.cpu(), which]
        words = words[:, : max(1, int((words != 0).sum(1).max()))].to(x.device)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(x.device.type, torch.bfloat16):  # two thirds of the time on a CPU
            images, texts, scale = self.model(x, words)
        loss = self.objective(images, texts, scale, labels)
        self.rule.zero_grad(set_to_none=True)
        loss.backward()
        self.rule.step()
        self.rate.step()
        self.model.scale.limit()
        with torch.no_grad():
            nearest = (unit(images) @ unit(texts).T).argmax(1)
            right = (labels[nearest] == labels).float().mean()
        return torch.stack([loss.detach(), right])

    def parts(self) -> dict[str, Any]:
        """All that has a state."""
        return {"model": self.model, "rule": self.rule, "rate": self.rate}


def _share(at: int, steps: int) -> float:
    """Of the highest rate: up in 100 steps, in a short training in a tenth; then down."""
    rise = min(1.0, (at + 1) / min(100, max(1, steps // 10)))
    return rise * (1 + math.cos(math.pi * min(1.0, at / steps))) / 2
