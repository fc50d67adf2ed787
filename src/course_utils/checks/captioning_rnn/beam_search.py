"""Exercise 6.5, a search with several captions at once."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.captioning_rnn.beams import network, searched, telling, told
from course_utils.checks.captioning_rnn.parts import END
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given

beam_search = Exercise("6.5", "beam_search", points=10, hidden=3, right=searched, reads=told)


def unmoved(h: Tensor, rows: list[int]) -> Tensor:
    """States stay where they are; there are as many as there are captions."""
    return h[torch.arange(len(rows)) % len(h)]


GREEDY = {"keeps": lambda width: 1}
LAST = {"adds": lambda sums: 0 * sums}
MEAN = {"worth": lambda log_p, n: log_p / n, "stops": lambda best, sums: False}
UNMOVED = {"follows": unmoved}
ANY_END = {"counts": lambda order, width: order}
NOT_APART = {"counts": lambda order, width: [], "runs": lambda word: True}
SHRINKS = {"room": lambda width, done: max(0, width - done)}
FIRST = {"stops": lambda best, sums: bool(best.words)}
CUT = {"cut": lambda best, running: best if best.words else max(running)}
WITHOUT_END = {"gives": lambda words: [word for word in words if word != END]}
SHORTER = {"steps": lambda length: length - 1}
SMALL, LARGE = (6, 3, 5), (9, 4, 7)  # words, sizes of their vectors and of h


@beam_search.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for width in (2, 3):
        yield telling(draw, LARGE, width, 8, UNMOVED, ANY_END, GREEDY, ends=0.5)
        yield telling(draw, SMALL, width, 6, SHRINKS, ends=0.5)
        yield telling(draw, SMALL, width, 6, CUT, FIRST)
        yield telling(draw, SMALL, width, 4, MEAN, NOT_APART)
        yield telling(draw, SMALL, width, 4, SHORTER, UNMOVED)
    yield telling(draw, LARGE, 1, 8, ANY_END, when=lambda words: words[-1] != END)
    yield telling(draw, SMALL, 1, 6, MEAN, NOT_APART, ends=1)
    h, params, width, length = telling(draw, LARGE, 3, 6, GREEDY, NOT_APART, ends=1)
    yield given(length=length, width=width, params=params, h=h)


@beam_search.aspect(
    "the beam keeps the captions with the largest sum of log p",
    1,
    {
        "the best word is taken each time, that is greedy: keep `width` captions": GREEDY,
        "only the last word's log p counts: add those of the words before": LAST,
        "divided by the number of words: the plain sums compete": MEAN,
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield telling(draw, SMALL, 3, 6, GREEDY, MEAN, ends=0.5)
    yield telling(draw, LARGE, 2, 4, LAST, GREEDY)


@beam_search.aspect(
    "states follow their captions",
    0.5,
    {
        "h stays where it is: a caption goes on from its own state, h[rows]": UNMOVED,
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for width in (2, 4):
        yield telling(draw, LARGE, width, 5, UNMOVED, ends=-40)


@beam_search.aspect(
    "finished captions are kept apart, the others go on",
    1.25,
    {
        "each end counts: only one among the best `width` of all continuations does": ANY_END,
        "a finished caption goes on: keep it apart, nothing follows <end>": NOT_APART,
        "a finished caption makes the beam narrower for good: each step keeps `width`": SHRINKS,
        "the words lack <end>: a finished caption holds it": WITHOUT_END,
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield telling(draw, SMALL, 3, 6, SHRINKS, ends=1)
    yield telling(draw, LARGE, 2, 6, ANY_END, NOT_APART)


@beam_search.aspect(
    "stops when nothing can pass, or after `length` words",
    0.75,
    {
        "stops at the first finished caption: a running one may still pass it": FIRST,
        "a caption that is cut off is ignored: it counts as it stands": CUT,
        "one word too few: <start> is none of the `length` words": SHORTER,
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield telling(draw, SMALL, 3, 8, FIRST, when=lambda words: words[-1] == END)
    yield telling(draw, SMALL, 2, 4, CUT)
    yield telling(draw, LARGE, 4, 3, SHORTER, ends=-2)
    yield *network(draw, *SMALL, ends=-30), 2, 1


@beam_search.refuses(
    "refuses a width below 1",
    0.25,
    {"a width or length below 1 should raise a ValueError": {"valid": lambda w, n: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *network(draw, *SMALL, ends=1), 0, 4


@beam_search.contract("leaves h and params as they are", 0.25)
def _(answer: Answer, draw: Draw) -> None:
    for probe in beam_search.probes(Exercise.WHOLE)[:8]:
        probe.ask(answer)
    if answer.changed_input:
        raise Wrong(f"the input was changed in place: {answer.changed}")
