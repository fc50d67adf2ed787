"""Exercise 14.6, is 80 % sure right in 80 %?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.clip.parts import BY_HAND, allowed, scalar
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def off(
    probabilities: Tensor, labels: Tensor, bins: int = 10, *,
    fits: Callable = lambda p: len(p) > 0 and bool(((p >= 0) & (p <= 1)).all()),
    sure: Callable = lambda p, labels: p.amax(1),
    part: Callable = lambda c, bins: (c * bins).ceil() - 1,
    belief: Callable = lambda mean, middle: mean,
    distance: Callable = lambda right, sure: (right - sure).abs(),
    weight: Callable = lambda counts: counts / counts.sum(),
    empty: Callable = lambda far, none: far.masked_fill(none, 0),
    over: Callable = lambda weight, far: (weight * far).sum(),
) -> float:  # fmt: skip
    """The weighted mean distance of accuracy and confidence."""
    if not fits(probabilities):
        raise ValueError("probabilities must be from 0 to 1, of one image or more")
    c, right = sure(probabilities, labels), probabilities.argmax(1) == labels
    member = F.one_hot(part(c, bins).long().clamp(0, bins - 1), bins).to(c)  # (B, bins)
    counts, middle = member.sum(0), (torch.arange(bins).to(c) + 0.5) / bins
    mean, share = (x.to(c) @ member / counts.clamp(min=1) for x in (c, right))
    far = empty(distance(share, belief(mean, middle)), counts == 0)
    return float(over(weight(counts), far))


calibration_error = Exercise(
    "14.6", "calibration_error", 5, 2, (BY_HAND,), right=off, reads=scalar
)


def guesses(draw: Draw, b: int, k: int, bold: float = 2.0) -> tuple[Tensor, Tensor]:
    """Probabilities of b images, two of five wrong."""
    p = (bold * draw.normal(b, k)).softmax(1)
    return p, (p.argmax(1) + (torch.arange(b) % 5 >= 3)) % k


@calibration_error.whole
def ordinary(draw: Draw) -> Iterator[tuple | Probe]:
    yield guesses(draw, 60, 5)
    yield *guesses(draw, 41, 3), 4
    yield *guesses(draw, 30, 10, bold=3), 15
    yield *guesses(draw, 25, 2), 7
    yield *guesses(draw, 9, 9, bold=1), 20
    p, labels = guesses(draw, 50, 6)
    yield given(bins=8, labels=labels, probabilities=p)


@calibration_error.aspect("in each part: accuracy against mean confidence", 0.5, {
    "the label's probability, not the largest": {"sure": lambda p, y: p[range(len(p)), y]},
    "the middle of a part, not its mean confidence": {"belief": lambda mean, middle: middle},
    "differences cancel: expected distances": {"distance": lambda right, sure: right - sure},
    "differences cancel: take their absolute values": {"distance": lambda right, c: c - right},
    "squared: expected the distance": {"distance": lambda right, sure: (right - sure) ** 2},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for k, bins in ((3, 10), (6, 5)):
        yield *guesses(draw, 40, k), bins


@calibration_error.aspect("a part's weight is its share of the images", 0.5, {
    "unweighted: a part counts by its images": {"weight": lambda n: (n > 0) / (n > 0).sum()},
    "unweighted, and empty parts count, too": {"weight": lambda n: 0 * n + 1 / len(n)},
    "added without weights": {"weight": lambda n: (n > 0).to(n)},
    "an empty part has no mean, NaN: leave it out": {
        "empty": lambda far, none: far.masked_fill(none, torch.nan)
    },
    "the largest distance: expected the mean": {"over": lambda weight, far: far.max()},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    top = torch.tensor([0.9, 0.62, 0.6, 0.58, 0.7]).double()
    p = torch.stack([top, 1 - top], 1)
    yield p, torch.tensor([1, 0, 0, 1, 1]), 4
    yield p[:4], torch.tensor([0, 1, 0, 0]), 3


@calibration_error.aspect("an edge belongs to the part below it", 0.5, {
    "an edge is counted to the part above": {
        "part": lambda c, bins: (c * bins).floor().clamp(max=bins - 1)
    }
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    top = torch.tensor([1, 0.75, 0.5, 0.5, 0.25, 0.875, 0.625, 0.375]).double()
    p = torch.cat([top[:, None], ((1 - top) / 4)[:, None].expand(-1, 4)], 1)
    for labels in ((0, 1, 0, 3, 0, 0, 2, 0), (3, 0, 2, 1, 0, 0, 0, 0)):
        for bins in (2, 4, 8):
            yield p, torch.tensor(labels), bins


@calibration_error.refuses(
    "refuses no image, and a probability outside 0 to 1", 0.25, allowed("fits", "such an input")
)
def _(draw: Draw) -> Iterator[tuple]:
    p, labels = guesses(draw, 6, 3)
    yield p + torch.tensor([0.8, 0, 0]), labels, 5


calibration_error.leaves_inputs(0.25)
