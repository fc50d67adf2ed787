"""Exercise 6.2, the loss of a batch of captions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks import twins
from course_utils.checks.captioning_rnn.parts import END, PAD, scalar
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def of_all_words(loss: Tensor, counts: Tensor) -> Tensor:
    return loss.sum() / counts.sum()


def of_captions(loss: Tensor, counts: Tensor) -> Tensor:
    """Of those that have words."""
    return (loss.sum(1) / counts.sum(1))[counts.any(1)].mean()


def entropy(
    logits: Tensor,
    targets: Tensor,
    *,
    some: Callable = lambda counts: bool(counts.any()),
    words: Callable = lambda targets: targets != PAD,
    log_p: Callable = lambda logits: logits.log_softmax(-1),
    over: Callable = of_all_words,
) -> Tensor:
    """Mean of −log p of the words that are no padding."""
    if not some(targets != PAD):
        raise ValueError("targets: nothing but padding")
    counts = words(targets)
    true = log_p(logits).gather(-1, targets[..., None]).squeeze(-1)
    return over(-torch.where(counts, true, 0.0), counts.to(logits))


FINISHED = twins.Family("nll_loss|cross_entropy", ("sklearn.metrics",))
BY_HAND = twins.ban("write the mean over the words yourself, log_softmax is allowed", FINISHED)
caption_loss = Exercise(
    "6.2", "caption_loss", 6, hidden=1, bans=(BY_HAND,), right=entropy, reads=scalar
)


def batch(draw: Draw, v: int, *lengths: int, size: int = 0) -> tuple[Tensor, Tensor]:
    """Logits and targets of captions with so many words, <end> included."""
    size = size or max(lengths)
    targets = draw.integers(3, v, len(lengths), size)
    for row, n in zip(targets, lengths, strict=True):
        row[n - 1 :] = END
        row[n:] = PAD
    return 2 * draw.normal(len(lengths), size, v), targets


@caption_loss.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield batch(draw, 7, 3, 5)
    yield batch(draw, 5, 6, 2, 4, 1)
    yield batch(draw, 11, 4, 2, 3, size=6)
    yield batch(draw, 9, 2, 7, 4)
    yield batch(draw, 8, 3, size=5)
    yield batch(draw, 6, 4, 4)
    logits, targets = batch(draw, 4, 1, 5, 3, 2, 4)
    yield given(targets=targets, logits=logits)


@caption_loss.aspect(
    "padding does not count",
    0.75,
    {
        "padding counts: only words whose target is not 0 do": {
            "words": lambda targets: targets == targets
        },
        "divided by all B · T places: divide by the number of words": {
            "over": lambda loss, counts: loss.mean()
        },
        "<end> is left out like padding: it is a word to predict": {
            "words": lambda targets: targets > END
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield batch(draw, 7, 3, 3, size=5)
    yield batch(draw, 6, 2, 2, 2, size=6)


@caption_loss.aspect(
    "the mean over all words of the batch",
    0.5,
    exchange(
        "over",
        {
            "the mean of the captions' means: each word of the batch counts the same": (
                of_captions
            ),
            "summed: take the mean over the words": lambda loss, counts: loss.sum(),
            "divided by the number of captions: divide by the number of words": (
                lambda loss, counts: loss.sum() / len(loss)
            ),
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield batch(draw, 7, 2, 6)
    yield batch(draw, 5, 5, 1, 3)


@caption_loss.aspect(
    "−log p of the target, with a softmax over the vocabulary",
    0.5,
    exchange(
        "log_p",
        {
            "the softmax is taken twice: logits go into log_softmax as they are": (
                lambda logits: logits.softmax(-1).log_softmax(-1)
            ),
            "the softmax is over the words of a caption: over the vocabulary, dim=-1": (
                lambda logits: logits.log_softmax(-2)
            ),
            "the softmax is over the batch: over the vocabulary, dim=-1": (
                lambda logits: logits.log_softmax(0)
            ),
            "no softmax: minus the logit itself is no −log p": lambda logits: logits,
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield batch(draw, 8, 4, 4)
    yield batch(draw, 5, 3, 3, 3)


@caption_loss.refuses(
    "refuses a batch of padding alone",
    0.25,
    {"a batch without a word should raise a ValueError": {"some": lambda counts: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 5), torch.zeros(2, 3, dtype=torch.int64)
    yield draw.normal(1, 1, 4), torch.zeros(1, 1, dtype=torch.int64)
    logits, targets = batch(draw, 6, 1, 2)
    yield logits, targets * torch.tensor([[0], [1]])


caption_loss.gradients("logits", 0.25)
caption_loss.keeps(points=0.25, name="keeps the dtype, without axes; inputs stay as they are")
