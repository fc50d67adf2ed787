"""Exercise 14.1, the symmetric loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.clip.parts import BY_HAND, KEEPS, allowed, near, rows, scalar, unit
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def symmetric(
    images: Tensor, texts: Tensor, t: Tensor, *,
    fits: Callable = lambda x, y: x.shape == y.shape and len(x) > 0,
    length: Callable = unit,
    learns: Callable = lambda t: t,
    scale: Callable = torch.exp,
    chooses: Callable = lambda z: z.logsumexp(1) - z.diagonal(),
    over: Callable = torch.mean,
    joins: Callable = lambda i, t: (i + t) / 2,
) -> Tensor:  # fmt: skip
    """Each image finds its text among N, each text its image."""
    if not fits(images, texts):
        raise ValueError("images and texts must be (N, D) both, with N > 0")
    logits = scale(learns(t)) * length(images) @ length(texts).T
    return joins(over(chooses(logits)), over(chooses(logits.T)))


clip_loss = Exercise("14.1", "clip_loss", 8, 1, (BY_HAND,), right=symmetric, reads=scalar)


def log(scale: float) -> Tensor:
    """The t of a scale."""
    return torch.tensor(math.log(scale), dtype=torch.float64)


@clip_loss.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, d, scale in ((4, 3, 3.0), (3, 5, 1.0), (5, 2, 0.4), (3, 3, 2.0), (1, 4, 2.5)):
        yield rows(draw, n, d), rows(draw, n, d), log(scale)
    for n, d, scale, noise in ((6, 4, 1 / 0.07, 0.3), (4, 6, 20.0, 0.2)):
        yield near(draw, n, d, noise), near(draw, n, d, noise), log(scale)
    yield given(t=log(1.7), texts=rows(draw, 2, 3), images=rows(draw, 2, 3))


@clip_loss.aspect("cosines, times s = e^t", 1, {
    "not normalised: make every row 1 long": {"length": lambda z: z},
    "columns are made 1 long: make rows 1 long": {"length": lambda z: z / z.norm(dim=0)},
    "t in place of s = e^t: t is its logarithm": {"scale": lambda t: t},
    "divided by e^t: s is no temperature": {"scale": lambda t: (-t).exp()},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for n, d, scale in ((4, 3, 2.0), (3, 4, 0.5)):
        images = rows(draw, n, d)  # one direction is as the other
        yield images, images * (0.5 + draw.uniform(n, 1)), log(scale)


@clip_loss.aspect("images choose among texts, texts among images; the mean of both", 1, {
    "only images choose: each text is to tell its image, too": {"joins": lambda i, t: i},
    "the two means are added: half of that": {"joins": lambda i, t: i + t},
    "one softmax over all N² pairs: an image chooses among its N texts": {
        "chooses": lambda z: z.flatten().logsumexp(0) - z.diagonal()
    },
    "summed over the pairs: take the mean": {"over": torch.sum},
    "softmax before cross_entropy, which takes logits: the softmax is done twice": {
        "chooses": lambda z: z.softmax(1).logsumexp(1) - z.softmax(1).diagonal()
    },
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for n, d in ((4, 3), (3, 5)):
        yield unit(draw.normal(n, d)), unit(draw.normal(n, d)), log(1)


@clip_loss.aspect("right at s = 100", 0.75, {
    "a small number is added inside the logarithm: it hides how wrong a pair is": {
        "chooses": lambda z: -(z.softmax(1).diagonal() + 1e-8).log()
    }
})  # fmt: skip
def _(draw: Draw) -> Iterator[Probe]:
    one, sides = near(draw, 4, 5, 0.05), torch.tensor([[1, -1, 1, -1]]).double().T
    for texts in (one.flip(0), -one * sides, one * sides):
        for dtype in (torch.float32, torch.float64):
            about = f"s = 100, {dtype}: cross_entropy, log_softmax and logsumexp are stable"
            yield Probe((one * sides, texts, log(100)), about=about).to(dtype)


@clip_loss.refuses(
    "refuses two shapes, and no pair", 0.25, allowed("fits", "two shapes, or no pair,")
)
def _(draw: Draw) -> Iterator[tuple]:
    yield rows(draw, 5, 3), rows(draw, 4, 3), log(2)


clip_loss.gradients("images, texts, t", 0.5, {"t is held constant": {"learns": Tensor.detach}})
clip_loss.keeps(points=0.25, name=KEEPS)
