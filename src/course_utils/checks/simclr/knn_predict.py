"""Exercise 10.6, ask the neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, Subject, experiment, given
from course_utils.checks.simclr.rows import indices, uneven, unit_rows
from course_utils.checks.watch import Ban


def sums(ballots: Tensor, votes: Tensor) -> Tensor:
    """(M, k) weights, (M, k, classes) for whom -> (M, classes)."""
    return (ballots[:, :, None] * votes).sum(1)


def voted(
    bank: Tensor,
    labels: Tensor,
    queries: Tensor,
    classes: int,
    k: int,
    temperature: float = 0.07,
    *,
    fits: Callable = lambda k, n: k <= n,
    rows: Callable = unit_rows,
    asks: Callable = lambda k, n: k,
    weighs: Callable = lambda s, t: (s / t).exp(),
    counts: Callable = sums,
    elects: Callable = lambda votes, labels, which: votes.argmax(1),
) -> Tensor:
    """The class with the largest sum of votes of the k most similar rows: (M,) int64."""
    if not fits(k, len(bank)):
        raise ValueError("k is larger than the bank")
    n = min(asks(k, len(bank)), len(bank))
    s, which = (rows(queries) @ rows(bank).T).topk(n, dim=1)
    votes = F.one_hot(labels[which], classes).to(s)
    return elects(counts(weighs(s, temperature), votes), labels, which)


BY_HAND = Ban("find the neighbours yourself, it is the exercise", modules=("sklearn", "faiss"))
knn_predict = Exercise(
    "10.6",
    "knn_predict",
    points=6,
    hidden=1,
    bans=(BY_HAND,),
    right=voted,
    reads=indices,
)


def labelled(draw: Draw, n: int, *classes: int) -> Tensor:
    """(n,) of these classes without a pattern; each of them is there."""
    return torch.tensor(classes)[draw.normal(n).argsort() % len(classes)]


def one_by_one(subject: Subject, bank: Tensor, labels: Tensor, queries: Tensor) -> list:
    return [subject(bank, labels, query[None], 3, 6, 0.5) for query in queries]


@knn_predict.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    bank = uneven(draw, 20, 3), labelled(draw, 20, 0, 1, 2, 3, 4)
    yield *bank, uneven(draw, 60, 3), 5, 7
    yield *bank, uneven(draw, 40, 3), 5, 1
    yield uneven(draw, 15, 4), labelled(draw, 15, 0, 1), uneven(draw, 90, 4), 2, 6, 0.4
    yield uneven(draw, 12, 2), labelled(draw, 12, 3, 1, 5), uneven(draw, 71, 2), 6, 12, 3.0
    yield given(
        **{"queries": uneven(draw, 80, 5), "bank": uneven(draw, 31, 5)},
        **{"labels": labelled(draw, 31, 0, 2, 3), "classes": 4, "k": 8, "temperature": 1.0},
    )
    bank = uneven(draw, 14, 3), labelled(draw, 14, 0, 1, 2)
    yield experiment(one_by_one, *bank, uneven(draw, 12, 3), about="one query at a time")


@knn_predict.aspect(
    "the k rows with the largest cosine vote",
    0.75,
    {
        "not normalised: divide each row by its length": {"rows": lambda z: z},
        **exchange(
            "asks",
            {
                "all rows of the bank vote: only the k most similar ones do": lambda k, n: n,
                "only the most similar row votes: k of them do": lambda k, n: 1,
            },
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    bank = uneven(draw, 20, 3), labelled(draw, 20, 0, 1, 2)
    yield *bank, uneven(draw, 60, 3), 3, 5, 1.0


@knn_predict.aspect(
    "a vote weighs exp(s / τ)",
    0.75,
    {
        **exchange(
            "weighs",
            {
                "every vote counts the same: it weighs exp(s / τ)": (
                    lambda s, t: torch.ones_like(s)
                ),
                "a vote weighs its similarity: it weighs exp(s / τ)": lambda s, t: s,
                "multiplied by the temperature: exp(s / τ)": lambda s, t: (s * t).exp(),
                "the temperature is ignored, always 0.07": lambda s, t: (s / 0.07).exp(),
            },
        ),
        "the mean weight of a class's votes: they are summed": {
            "counts": lambda ballots, votes: sums(ballots, votes) / votes.sum(1).clamp(min=1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    bank = uneven(draw, 14, 3), labelled(draw, 14, 0, 1)
    for temperature in (0.3, 2.5):
        yield *bank, uneven(draw, 80, 3), 2, 9, temperature


@knn_predict.aspect(
    "the class with the largest sum, though some have no row in the bank",
    0.5,
    exchange(
        "elects",
        {
            "the row of the neighbour: expected its class": lambda votes, labels, which: which[
                :, 0
            ],
            "the place among the classes that are there: expected the class": (
                lambda votes, labels, which: votes[:, labels.unique()].argmax(1)
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for there in ((1, 4), (5, 3, 2)):
        labels = labelled(draw, 20, *there)
        yield uneven(draw, 20, 3), labels, uneven(draw, 30, 3), 6, 3


knn_predict.keeps(points=0.5, name="gives int64 and leaves its inputs alone")
