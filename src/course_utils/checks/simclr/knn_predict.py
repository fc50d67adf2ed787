"""Exercise 10.6, ask the neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject, experiment, given
from course_utils.checks.simclr.rows import uneven, unit, unit_rows
from course_utils.checks.watch import Ban


def voted(
    bank: Tensor,
    labels: Tensor,
    queries: Tensor,
    classes: int,
    k: int,
    temperature: float = 0.07,
    *,
    fits: Callable = lambda k, n: k <= n,
    stored: Callable = unit_rows,
    asked: Callable = unit_rows,
    nearest: Callable = lambda s, bank, queries: s,
    asks: Callable = lambda k, n: k,
    weighs: Callable = lambda s, t: (s / t).exp(),
    elects: Callable = lambda votes, labels, which: votes.argmax(1),
) -> Tensor:
    """The class with the largest sum of votes of the k most similar rows: (M,) int64."""
    if not fits(k, len(bank)):
        raise ValueError("k is larger than the bank")
    n = min(asks(k, len(bank)), len(bank))
    s = asked(queries) @ stored(bank).T
    which = nearest(s, bank, queries).topk(n, dim=1).indices
    votes = weighs(s.gather(1, which), temperature)[:, :, None] * F.one_hot(
        labels[which], classes
    )
    return elects(votes.sum(1), labels, which)


BY_HAND = Ban("find the neighbours yourself, it is the exercise", modules=("sklearn", "faiss"))
knn_predict = Exercise("10.6", "knn_predict", points=6, hidden=1, bans=(BY_HAND,), right=voted)


def labelled(draw: Draw, n: int, *classes: int) -> Tensor:
    """(n,) of these classes without a pattern; each of them is there."""
    return torch.tensor(classes)[draw.normal(n).argsort() % len(classes)]


def rivals(draw: Draw, few: int, many: int, cosine: float) -> tuple[Tensor, Tensor, Tensor]:
    """A few rows of class 0 as the queries are, and more of class 1 at this cosine."""
    near, aside = torch.eye(4).double()[:1], F.pad(unit(draw, many, 3), (1, 0))
    bank = torch.cat([near.repeat(few, 1), cosine * near + (1 - cosine**2) ** 0.5 * aside])
    labels = (torch.arange(few + many) >= few).long()
    lengths = 0.5 + draw.uniform(few + many, 1)
    return lengths * bank, labels, near + 0.02 * draw.normal(5, 4)


def one_by_one(subject: Subject, bank: Tensor, labels: Tensor, queries: Tensor) -> list:
    return [subject(bank, labels, query[None], 3, 6, 0.5) for query in queries]


@knn_predict.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    bank = uneven(draw, 20, 3), labelled(draw, 20, 0, 1, 2, 3, 4)
    yield *bank, uneven(draw, 60, 3), 5, 7
    yield *bank, uneven(draw, 40, 3), 5, 1
    yield uneven(draw, 15, 4), labelled(draw, 15, 0, 1), uneven(draw, 91, 4), 2, 6, 0.4
    yield uneven(draw, 12, 2), labelled(draw, 12, 3, 1, 5), uneven(draw, 71, 2), 6, 12, 3.0
    yield given(
        **{"queries": uneven(draw, 80, 5), "bank": uneven(draw, 31, 5)},
        **{"labels": labelled(draw, 31, 0, 2, 3), "classes": 4, "k": 8, "temperature": 1.0},
    )
    yield *rivals(draw, 1, 9, 0.94), 2, 10, 0.02
    yield *rivals(draw, 4, 5, -1.0), 3, 9, 10.0
    yield unit(draw, 1, 3), torch.tensor([0]), unit(draw, 2, 3), 1, 1
    bank = uneven(draw, 14, 3), labelled(draw, 14, 0, 1, 2)
    yield experiment(one_by_one, *bank, uneven(draw, 12, 3), about="one query at a time")


@knn_predict.aspect(
    "the k rows with the largest cosine vote",
    0.75,
    {
        "not normalised: divide each row by its length": {
            "stored": lambda z: z,
            "asked": lambda z: z,
        },
        "only the bank is normalised: divide the queries by their lengths too": {
            "asked": lambda z: z
        },
        "only the queries are normalised: divide the rows of the bank by their lengths too": {
            "stored": lambda z: z
        },
        "the nearest by distance vote: take the k with the largest cosine": {
            "nearest": lambda s, bank, queries: -torch.cdist(queries, bank)
        },
        "all rows of the bank vote: only the k most similar do": {"asks": lambda k, n: n},
        "only the most similar row votes: k of them do": {"asks": lambda k, n: 1},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    bank = uneven(draw, 20, 3), labelled(draw, 20, 0, 1, 2)
    yield *bank, uneven(draw, 60, 3), 3, 5, 1.0


@knn_predict.aspect(
    "a vote weighs exp(s / τ), and the largest sum wins",
    1.25,
    {
        # Without the way to ask it would, with "all rows vote", explain the largest class.
        "every vote counts the same: it weighs exp(s / τ)": {
            "weighs": lambda s, t: 1 + 0 * s,
            "asks": lambda k, n: k,
        },
        "a vote weighs its similarity: it weighs exp(s / τ)": {"weighs": lambda s, t: s},
        "the temperature is ignored: exp(s / τ)": {"weighs": lambda s, t: s.exp()},
        "the row of the neighbour: expected its class": {
            "elects": lambda votes, labels, which: which[:, 0]
        },
        "the place among the classes that are in the bank: expected the class": {
            "elects": lambda votes, labels, which: votes[:, labels.unique()].argmax(1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    bank = uneven(draw, 14, 3), labelled(draw, 14, 1, 4)
    for temperature in (0.3, 2.5):
        yield *bank, uneven(draw, 80, 3), 6, 9, temperature


@knn_predict.refuses(
    "refuses a k larger than the bank",
    0.25,
    {"a k larger than the bank should raise a ValueError": {"fits": lambda k, n: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield unit(draw, 6, 3), labelled(draw, 6, 0, 1), unit(draw, 4, 3), 2, 20


knn_predict.keeps(points=0.5, name="gives int64 and leaves its inputs alone")
