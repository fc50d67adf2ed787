"""Exercise 14.3, a classifier made of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.clip.parts import KEEPS, allowed, near, rows, unit
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def classified(
    images: Tensor, prompts: list[Tensor], scale: float, *,
    fits: Callable = lambda prompts: len(prompts) > 0 and all(map(len, prompts)),
    image: Callable = unit,
    each: Callable = unit,
    joins: Callable = lambda texts: texts.mean(0),
    again: Callable = unit,
    compares: Callable = lambda x, prompts, weight: x @ torch.stack([*map(weight, prompts)]).T,
    times: Callable = lambda cosine, scale: scale * cosine,
    over: Callable = lambda logits: logits.softmax(1),
    adds: Callable = lambda shares, prompts: shares,
) -> Tensor:  # fmt: skip
    """(B, K): a softmax over classes."""
    if not fits(prompts):
        raise ValueError("each class needs a text, and there must be a class")
    cosines = compares(image(images), prompts, lambda texts: again(joins(each(texts))))
    return adds(over(times(cosines, scale)), prompts)


zero_shot = Exercise("14.3", "zero_shot", points=8, hidden=2, right=classified)


def classes(draw: Draw, b: int, d: int, *counts: int) -> tuple[Tensor, list[Tensor]]:
    """b images, and so many texts of each class."""
    return rows(draw, b, d), [rows(draw, p, d) for p in counts]


@zero_shot.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for b, d, counts, scale in (
        (4, 3, (2, 5, 1), 3.0), (3, 4, (3, 3, 3), 1.0), (2, 5, (4, 2), 8),
        (5, 2, (1, 2, 3, 4), 0.5), (6, 4, (2,) * 6, 2.5),
    ):  # fmt: skip
        yield *classes(draw, b, d, *counts), scale
    yield near(draw, 3, 6, 0.2), [near(draw, p, 6, 0.4) for p in (3, 2, 4)], 30.0
    images, prompts = classes(draw, 4, 4, 3, 2)
    yield given(scale=5.0, prompts=prompts, images=images)


@zero_shot.aspect("a class's weight: texts 1 long, their mean, 1 long again", 1.25, {
    "the mean is not made 1 long again: unlike texts lose": {"again": lambda w: w},
    "texts of any length are averaged: first make each 1 long": {"each": lambda p: p},
    "texts: columns are made 1 long, make rows 1 long": {"each": lambda p: unit(p.T).T},
    "only a class's first text is used: take the mean": {"joins": lambda texts: texts[0]},
    "the softmax runs over all texts: each class has one weight": {
        "compares": lambda x, ps, _: x @ unit(torch.cat(ps)).T,
        "adds": lambda p, ps: torch.stack([s.sum(1) for s in p.split([*map(len, ps)], 1)], 1),
    },
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for counts in ((3, 2, 4), (2, 2)):
        images, prompts = classes(draw, 4, 3, *counts)
        yield unit(images), prompts, 1.0


@zero_shot.aspect("a softmax over the classes, of scale times the cosine", 1, {
    "the images are not made 1 long": {"image": lambda x: x},
    "images: columns are made 1 long, make rows 1 long": {"image": lambda x: unit(x.T).T},
    "the scale is forgotten": {"times": lambda cosine, scale: cosine},
    "e^scale: this scale is no logarithm": {"times": lambda x, scale: torch.e**scale * x},
    "the softmax runs over images, not classes": {"over": lambda logits: logits.softmax(0)},
    "these are the logits: expected probabilities": {"over": lambda logits: logits},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for b, scale in ((3, 4.0), (5, 0.6)):
        images, prompts = classes(draw, b, 4, 1, 1, 1)
        yield images, [unit(texts) for texts in prompts], scale


@zero_shot.aspect("at the scale of a trained CLIP, 100", 0.5)
def _(draw: Draw) -> Iterator[Probe]:
    for dtype in (torch.float32, torch.float64):
        images, texts = near(draw, 3, 5, 0.1).to(dtype), near(draw, 6, 5, 0.1).to(dtype)
        about = f"images near the texts and opposite to them, scale 100, {dtype}"
        yield Probe((torch.cat([images, -images]), [*texts.split(2)], 100.0), about=about)


@zero_shot.refuses(
    "refuses a class without texts, and no class", 0.25, allowed("fits", "such prompts")
)
def _(draw: Draw) -> Iterator[tuple]:
    images, prompts = classes(draw, 3, 4, 2, 1, 3)
    yield images, [prompts[0], prompts[1][:0], prompts[2]], 2.0


zero_shot.gradients("images", 0.25)
zero_shot.keeps(points=0.25, name=KEEPS)
