"""Exercise 14.2, the position that has read it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.clip.parts import KEEPS, allowed, unit
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def last(true: Tensor) -> Tensor:
    """(B,): the last place of each row where it holds."""
    return true.shape[1] - 1 - true.flip(1).int().argmax(1)


def features(
    states: Tensor, tokens: Tensor, end: int, projection: Tensor, *,
    ends: Callable = lambda is_end: bool(is_end.any(1).all()),
    place: Callable = lambda tokens, is_end: is_end.int().argmax(1),
    takes: Callable = lambda states, where: states[range(len(states)), where],
    before: Callable = lambda state: state,
    projects: Callable = torch.matmul,
    length: Callable = unit,
) -> Tensor:  # fmt: skip
    """(B, E): the state at the first end word, projected, 1 long."""
    is_end = tokens == end
    if not ends(is_end):
        raise ValueError("each row must have its end word")
    return length(projects(before(takes(states, place(tokens, is_end))), projection))


text_features = Exercise("14.2", "text_features", points=6, hidden=2, right=features)


def texts(draw: Draw, shape: tuple, end: int, behind: str, *where: int) -> tuple:
    """Texts that end at these places; shape (L, D, E). Their first word has a large number."""
    (n, d, e), b, places = shape, len(where), torch.tensor(where)[:, None]
    words, column = draw.integers(1, 9, b, n), torch.arange(n)
    words += words >= end  # none of them is the end word
    words[:, 0] = 30
    again = {"zeros": 0 * words, "others": words, "end": 0 * words + end}
    again["both"] = torch.where(column % 2 == 0, end, words)
    tokens = torch.where(column < places, words, again[behind]).scatter(1, places, end)
    return draw.normal(b, n, d), tokens, end, draw.normal(d, e)


@text_features.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield texts(draw, (6, 4, 3), 7, "zeros", 2, 5, 0, 3)
    yield texts(draw, (7, 3, 5), 4, "others", 1, 4, 3)
    yield texts(draw, (5, 4, 4), 49, "end", 3, 0, 1, 2, 4)
    yield texts(draw, (8, 5, 2), 3, "both", 2, 1, 5)
    yield texts(draw, (5, 2, 4), 0, "others", 1, 2, 3, 1)
    yield texts(draw, (6, 3, 3), 0, "end", 2, 4)
    states, tokens, end, projection = texts(draw, (4, 3, 3), 49, "zeros", 1, 2)
    yield given(projection=projection, end=end, tokens=tokens, states=states)


@text_features.aspect("the state at the first end word", 1, {
    "the last position: it may be padding": {"place": lambda w, e: last(e | ~e)},
    "the largest number: the end word's may be any": {"place": lambda w, e: w.argmax(1)},
    "the last end word: padding may repeat it": {"place": lambda w, e: last(e)},
    "words that are not 0 are counted": {"place": lambda w, e: (w != 0).sum(1) - 1},
    "the mean over all positions": {"takes": lambda states, where: states.mean(1)},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for end, behind in ((5, "zeros"), (5, "others"), (5, "end"), (49, "end")):
        states, tokens, end, _ = texts(draw, (6, 4, 4), end, behind, 1, 4, 2)
        yield unit(states), tokens, end, torch.eye(4).double()


@text_features.aspect("multiplied by the projection, then made 1 long", 0.75, {
    "not normalised: make the result 1 long": {"length": lambda y: y},
    "the state is made 1 long, not its projection": {"before": unit, "length": lambda y: y},
    "columns are made 1 long: make rows 1 long": {"length": lambda y: y / y.norm(dim=0)},
    "the projection is transposed: it is (D, E)": {"projects": torch.nn.functional.linear},
    "the projection is missing": {"projects": lambda state, projection: state},
})  # fmt: skip
def _(draw: Draw) -> Iterator[tuple]:
    for d, e in ((4, 4), (3, 5)):
        yield texts(draw, (1, d, e), 6, "zeros", 0, 0, 0)


@text_features.refuses(
    "refuses a row without its end word", 0.25, allowed("ends", "such a row")
)
def _(draw: Draw) -> Iterator[tuple]:
    states, tokens, end, projection = texts(draw, (5, 3, 4), 6, "zeros", 1, 3, 2)
    yield states, tokens + (tokens == end) * torch.tensor([[0], [1], [0]]), end, projection


text_features.gradients("states, projection", 0.25)
text_features.keeps(points=0.25, name=KEEPS)
