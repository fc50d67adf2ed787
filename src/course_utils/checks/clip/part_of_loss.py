"""Exercise 14.5, a batch over several machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.clip.parts import BY_HAND, KEEPS, allowed, scalar, unit
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject, given


def shared(
    images: Tensor, texts: Tensor, every_image: Tensor, every_text: Tensor, first: int,
    s: Tensor, *,
    fits: Callable = lambda first, n, N: 0 <= first <= N - n,
    place: Callable = lambda first, n: torch.arange(first, first + n),
    asks: Callable = lambda own, every: own,
    among: Callable = lambda own, every: every,
    times: Callable = torch.mul,
    joins: Callable = torch.add,
    over: Callable = lambda total, n, N: total / (2 * N),
) -> Tensor:  # fmt: skip
    """Its part of the symmetric loss: two matrices (n, N)."""
    n, N = len(images), len(every_image)
    if not fits(first, n, N):
        raise ValueError("rows first to first + n − 1 must be among the N")

    def total(own: Tensor, mine: Tensor, others: Tensor, theirs: Tensor) -> Tensor:
        logits = times(asks(own, mine) @ among(others, theirs).T, s)
        right = place(first, len(logits))[:, None] == torch.arange(logits.shape[1])
        return (logits.logsumexp(1) - (right * logits).sum(1)).sum()

    of_images = total(images, every_image, texts, every_text)
    return over(joins(of_images, total(texts, every_text, images, every_image)), n, N)


part_of_loss = Exercise("14.5", "part_of_loss", 7, 2, (BY_HAND,), right=shared, reads=scalar)


def pairs(draw: Draw, n: int, d: int, first: int, own: int, s: float) -> tuple:
    """What a process holds of n pairs: ``own`` of them, from ``first`` on."""
    x, y, mine = unit(draw.normal(n, d)), unit(draw.normal(n, d)), slice(first, first + own)
    return x[mine], y[mine], x, y, first, torch.tensor(s).double()


@part_of_loss.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, first, own, s in ((6, 2, 3, 2.0), (7, 4, 3, 1.0), (5, 3, 1, 4.0), (8, 0, 4, 0.5)):
        yield pairs(draw, n, own + 1, first, own, s)
    yield pairs(draw, 4, 6, 0, 4, 5.0)
    yield pairs(draw, 9, 2, 1, 5, 3.0)
    x, y, every_x, every_y, first, s = pairs(draw, 6, 3, 4, 2, 2.5)
    yield given(x, y, s=s, first=first, every_text=every_y, every_image=every_x)


FROM_0 = {"place": lambda first, n: torch.arange(n)}


@part_of_loss.aspect("each row chooses among all N; its pair is number first + i", 0.75, {
    "first is forgotten: the pair of row i is number first + i": FROM_0,
    "only its own pairs are compared": {"among": lambda own, every: own} | FROM_0,
    "the scale is forgotten": {"times": lambda cosines, s: cosines},
    "e^s: s is the scale, not its logarithm": {"times": lambda x, s: x * s.exp()},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for n, first, own in ((6, 2, 2), (5, 1, 3)):
        yield pairs(draw, n, 4, first, own, 3.0)


@part_of_loss.aspect("the parts of all processes add up to the loss of all N", 0.75, {
    "the mean over its own n pairs: divide by N": {"over": lambda sum, n, N: sum / (2 * n)},
    "not halved: the mean of both directions": {"over": lambda sum, n, N: sum / N},
    "not divided: the loss is a mean over all N": {"over": lambda sum, n, N: sum},
    "halved, not divided by N: the loss is a mean": {"over": lambda sum, n, N: sum / 2},
    "the texts' direction is missing": {"joins": lambda of_images, of_texts: of_images},
    "the images' direction is missing": {"joins": lambda of_images, of_texts: of_texts},
    "the loss of all N pairs, not its part": {"asks": lambda own, every: every} | FROM_0,
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for n, own in ((6, 2), (4, 3)):
        yield pairs(draw, n, 4, 0, own, 1.0)


@part_of_loss.contract("two matrices (n, N), never (N, N)", 0.5)
def _(answer: Answer, draw: Draw) -> None:
    products = answer.trace(*pairs(draw, 128, 8, 60, 4, 2.0)).multiplications
    if products > 128 * 128 * 8 / 2:
        raise Wrong(f"all with all, {products} products: 8192 make two matrices (4, 128)")


def flows(subject: Subject, x: Tensor, y: Tensor, first: int, own: int, s: Tensor) -> list:
    """Gradients of features before they were made 1 long, by whichever tensor they come."""
    x, y, s = (z.clone().requires_grad_() for z in (x, y, s))
    four = {"images": unit(x)[first : first + own], "texts": unit(y)[first : first + own]}
    four |= {"every_image": unit(x), "every_text": unit(y)}
    part = subject(**four, first=first, s=s)
    if not isinstance(part, Tensor) or not part.requires_grad:
        raise Wrong("no gradient at all: the path to the inputs is cut")
    ways = torch.autograd.grad(part, [*four.values(), s, x, y], allow_unused=True)
    for name, way in zip([*four, "s"], ways, strict=False):
        if way is None or not way.any():
            raise Wrong(f"no gradient reaches {name}: the path to it is cut")
    return list(ways[4:])


@part_of_loss.experiments("the gradient reaches all four tensors and s", 0.5)
def _(draw: Draw) -> Iterator[Probe]:
    whose = ("gradient of s", "gradient of all images", "gradient of all texts")
    for n, first, own in ((6, 2, 3), (5, 0, 2)):
        inputs = draw.normal(n, 4), draw.normal(n, 4), first, own, torch.tensor(3.0).double()
        yield Probe(inputs, {}, flows, whose, f"{own} of {n} pairs")


@part_of_loss.refuses(
    "refuses rows that do not fit into first … N", 0.25, allowed("fits", "rows beyond the N")
)
def _(draw: Draw) -> Iterator[tuple]:
    x, y, every_x, every_y, _, s = pairs(draw, 6, 4, 2, 3, 2.0)
    yield x, y, every_x, every_y, 4, s


part_of_loss.keeps(points=0.25, name=KEEPS)
