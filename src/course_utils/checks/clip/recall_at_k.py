"""Exercise 14.4, found among the first k."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.clip.parts import BY_HAND, allowed, scalar
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject, experiment


def found(
    similarity: Tensor, right: Tensor, k: int, *,
    fits: Callable = lambda k, c: 1 <= k <= c,
    solvable: Callable = lambda right: bool(right.any(1).all()),
    stands: Callable = lambda one, other: one >= other,
    rivals: Callable = lambda right: ~right[:, :, None],
    inside: Callable = lambda ahead, k: ahead < k,
    joins: Callable = lambda inside, right: (inside & right).any(1),
    share: Callable = lambda hits, c: hits.double().mean(),
) -> float:  # fmt: skip
    """The share of queries with fewer than k wrong answers before a right one."""
    c = similarity.shape[1]
    if not fits(k, c) or not solvable(right):
        raise ValueError("k must be 1 to C, and each query needs a right answer")
    before = stands(similarity[:, :, None], similarity[:, None]) & rivals(right)
    return float(share(joins(inside(before.sum(1), k), right), c))


recall_at_k = Exercise("14.4", "recall_at_k", 7, 2, (BY_HAND,), right=found, reads=scalar)


def search(draw: Draw, c: int, best: int, alike: int = 1) -> tuple[Tensor, Tensor]:
    """8 · best queries, half of them with the same c candidates from the last to the first.

    The best right answer is at each of the first places, one or two more behind it.
    """
    n = torch.arange(4 * best)[:, None]
    place = draw.normal(len(n), c).argsort(1)
    behind, which = place - n % best, n // best
    right = (behind == 0) | ((behind == 1) & (which % 2 == 1)) | ((behind == 2) & (which > 1))
    similarity = (c // (2 * alike) - place // alike).double() / 4
    return torch.cat([similarity, similarity.flip(1)]), torch.cat([right, right.flip(1)])


def tied(subject: Subject, similarity: Tensor, right: Tensor, k: int) -> list:
    """The share where the wrong ones of each tie come first, and beside it that of the ties."""
    order = 0.05 * ~right + 0.04 * torch.linspace(0, 1, right.shape[1])
    apart = subject(similarity + order, right, k)
    more = float(subject(similarity, right, k) - apart)
    return [apart, "as many" if abs(more) < 1e-6 else "more" if more > 0 else "fewer"]


@recall_at_k.whole
def ordinary(draw: Draw) -> Iterator[tuple | Probe]:
    for c, best, k in ((6, 4, 1), (7, 5, 3), (5, 3, 5), (32, 4, 2), (40, 4, 3)):
        yield *search(draw, c, best), k
    for c, best, k in ((9, 5, 1), (8, 6, 4), (40, 4, 2), (24, 3, 1)):
        about = f"{8 * best} queries, {c} candidates, three of them tied, k {k}"
        yield experiment(tied, *search(draw, c, best, alike=3), k, about=about)
    similarity, right = search(draw, 9, 6)
    below = {"k": 4, "right": right, "similarity": 30 * (similarity - 3)}
    yield Probe((), below, about="9 candidates, all similarities below 0, k 4")


ALL = {"rivals": lambda right: ~torch.eye(right.shape[1]).bool()[None]}  # compete


@recall_at_k.aspect("the share of queries with a right answer among the first k", 1.5, {
    "all right answers are asked for: one of them is enough": (
        ALL | {"joins": lambda got, right: (got | ~right).all(1)}
    ),
    "the share of a query's right answers: one of them is enough": (
        ALL | {"joins": lambda got, right: (got & right).sum(1) / right.sum(1)}
    ),
    "only the first right answer of a row is looked for: any of them is enough": {
        "joins": lambda got, right: (got & right & (right.cumsum(1) == 1)).any(1)
    },
    "the least similar are put first: begin with the most similar": {"stands": torch.le},
    "the first k + 1 are looked at": {"inside": torch.le},
    "the first k − 1 are looked at": {"inside": lambda ahead, k: ahead < k - 1},
    "divided by the number of candidates": {"share": lambda hits, c: hits.sum() / c},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for c, best, k in ((6, 3, 2), (5, 4, 1)):
        yield *search(draw, c, best), k


@recall_at_k.aspect("a wrong answer that is as similar stands before the right one", 1, {
    "a tie counts as found, always or as topk and sort happen to put it": {"stands": torch.gt},
    "a tie costs too much: of equals only wrong ones stand before, no right ones": ALL,
})  # fmt: skip
def _(draw: Draw) -> Iterator[Probe]:
    for c, best, k in ((6, 3, 1), (9, 4, 2), (7, 6, 4)):
        about = f"{8 * best} queries, {c} candidates, three of them tied, k {k}"
        yield experiment(tied, *search(draw, c, best, alike=3), k, about=about)


SLIPS = allowed("fits", "a k outside 1 to C") | allowed("solvable", "no right answer")


@recall_at_k.refuses("refuses a k outside 1 to C, a query without a right answer", 0.25, SLIPS)
def _(draw: Draw) -> Iterator[tuple]:
    similarity, right = search(draw, 5, 3)
    yield similarity, right, 6
    yield similarity, right & (torch.arange(len(right)) != 1)[:, None], 2


recall_at_k.leaves_inputs(0.25)
