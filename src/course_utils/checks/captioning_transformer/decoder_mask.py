"""Exercise 7.2, who may look at whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.captioning_transformer.parts import looked
from course_utils.checks.compare import complain
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, Subject, experiment, given


def may_look(
    lengths: Tensor,
    size: int,
    past: int = 0,
    *,
    rows: Callable = lambda past, size: torch.arange(past, size),
    earlier: Callable = lambda t, s: s <= t,
    real: Callable = lambda t, s, n: s < n,
    says: Callable = lambda seen: seen,
    short: Callable = lambda lengths: bool((lengths < 1).any()),
    long: Callable = lambda lengths, size: bool((lengths > size).any()),
    left: Callable = lambda past, size: past < size,
) -> Tensor:
    """(B, size − past, size): no later word, no pad."""
    if short(lengths) or long(lengths, size) or not left(past, size):
        raise ValueError("lengths from 1 to size, past below size")
    t, s = rows(past, size)[:, None], torch.arange(size)
    n = lengths[:, None, None]
    return says(earlier(t, s) & real(t, s, n))


decoder_mask = Exercise("7.2", "decoder_mask", points=5, hidden=1, right=may_look)


def influence(subject: Subject, lengths: Tensor, x: Tensor) -> Tensor:
    """Which outputs of an attention with this mask change when one word is exchanged.

    Nothing of the mask but what it does counts here: (B, size, size) of True and False.
    """
    b, size, _ = x.shape
    mask = subject(lengths, size)
    if not isinstance(mask, Tensor) or mask.shape != (b, size, size):
        complain(mask, torch.ones(b, size, size).bool(), f"size {size}")
    others = x[:, None] + torch.eye(size).to(x)[..., None]  # in [:, s] word s is another
    before, after = (looked(0 * y, y, y, mask.bool()[:, None]) for y in (x[:, None], others))
    return ((after - before).abs().amax(-1) > 1e-9).mT


@decoder_mask.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield torch.tensor([3, 5, 4]), 5
    yield torch.tensor([2, 6]), 6
    yield torch.tensor([4, 7, 6, 5]), 7, 3
    yield torch.tensor([6, 4]), 6, 5
    yield torch.tensor([1]), 4, 0
    yield torch.tensor([4, 2, 3]), 4, 1
    yield torch.tensor([1, 1]), 1
    yield given(past=2, size=5, lengths=torch.tensor([3, 4, 5, 2, 3]))


@decoder_mask.aspect(
    "another word in the future changes nothing",
    0.75,
    exchange(
        "earlier",
        {
            "the triangle is the upper one: a word sees those before it": lambda t, s: s >= t,
            "no causal mask: a word must not see the later ones": lambda t, s: s >= 0 * t,
            "a word does not see itself: s ≤ t, else the first sees none": lambda t, s: s < t,
        },
    ),
)
def _(draw: Draw) -> Iterator[Probe]:
    about = "which words change an output, lengths [6, 6], size 6"
    yield experiment(influence, torch.tensor([6, 6]), draw.normal(2, 6, 3), about=about)


@decoder_mask.aspect(
    "nobody looks at a pad",
    0.5,
    exchange(
        "real",
        {
            "pads are looked at: the words of caption b are s < lengths[b]": (
                lambda t, s, n: s < s + n
            ),
            "one pad is looked at: s < lengths[b], not ≤": lambda t, s, n: s <= n,
            "the rows of pads are hidden: their columns have to be": lambda t, s, n: t < n,
        },
    )
    | {
        "True means hidden here: in this chapter it means may look": {"says": torch.logical_not}
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield torch.tensor([2, 5, 3]), 5
    yield torch.tensor([1, 4]), 6


@decoder_mask.aspect(
    "with a cache: rows past to size − 1",
    0.25,
    exchange(
        "rows",
        {
            "with a cache the rows are counted from 0: the first is the word at past": (
                lambda past, size: torch.arange(size - past)
            ),
            "past is ignored: only the rows from past on are asked for": (
                lambda past, size: torch.arange(size)
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield torch.tensor([6, 6]), 6, 4
    yield torch.tensor([5, 5, 5]), 5, 1


@decoder_mask.refuses(
    "refuses a caption without words, lengths above size, past = size",
    0.25,
    {
        "a caption without a word has nothing to look at: it should raise a ValueError": {
            "short": lambda lengths: False
        },
        "a length above size should raise a ValueError": {"long": lambda lengths, size: False},
        "a past that is not below size should raise a ValueError: no row is left": {
            "left": lambda past, size: True
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield torch.tensor([2, 0, 3]), 4
    yield torch.tensor([2, 5]), 4
    yield torch.tensor([3, 2]), 3, 3


decoder_mask.keeps(points=0.5, name="gives bool and leaves lengths alone")
