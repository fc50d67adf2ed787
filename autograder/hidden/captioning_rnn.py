"""Hidden checks of chapter 6, captioning with RNNs: what visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_utils.checks import captioning_rnn as visible
from course_utils.checks.captioning_rnn.additive_attention import ordinary as places
from course_utils.checks.captioning_rnn.additive_attention import some
from course_utils.checks.captioning_rnn.caption_batch import said
from course_utils.checks.captioning_rnn.caption_loss import batch
from course_utils.checks.captioning_rnn.gru_step import ordinary
from course_utils.checks.core import Draw

# -- 6.1 captions as numbers --------------------------------------------------------------

caption_batch = visible.caption_batch.hidden_part()


@caption_batch.refuses(
    "refuses an empty list, special words in a caption, another case",
    0.5,
    {"an empty list should raise a ValueError": {"some": lambda captions: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    captions, words = said(draw, 3, 4)
    yield [], words
    for extra in ("<pad>", "<end>", "<start>", "Dog", "cat", "Sand", "grass", "a.", "an"):
        yield [captions[0], f"{captions[1]} {extra}"], words
    yield captions, [word for word in words if word != ","]
    yield [captions[1], ""], words


# -- 6.2 loss -----------------------------------------------------------------------------

caption_loss = visible.caption_loss.hidden_part()


@caption_loss.aspect(
    "stable: logits of a thousand",
    0.5,
    {
        "a small number is added inside the logarithm: it hides how wrong a word is": {
            "log_p": lambda logits: (logits.softmax(-1) + 1e-8).log()
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for far in (40.0, 500.0):
        logits, targets = batch(draw, 7, 3, 5, 2)
        yield far * logits, targets
        yield (far * logits).float(), targets


# -- 6.3 GRU ------------------------------------------------------------------------------

gru_step = visible.gru_step.hidden_part()


@gru_step.aspect("stable: inputs of a thousand", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for far in (300.0, 2000.0):
        x, h, params = ordinary(draw, 3, 4, 5)
        yield far * x, h, params
        yield -far * x, h, params


# -- 6.4 attention ------------------------------------------------------------------------

additive_attention = visible.additive_attention.hidden_part()


@additive_attention.refuses("refuses a mask that leaves nothing to look at", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for b, row in ((3, 1), (2, 0), (1, 0)):
        mask = some(draw, b, 4)
        yield *places(draw, b, 4, 3, 2, 5), mask
        mask = mask.clone()
        mask[row] = False
        yield *places(draw, b, 4, 3, 2, 5), mask
    yield *places(draw, 4, 4, 3, 2, 5), torch.eye(4).bool()


@additive_attention.aspect("stable: scores of a thousand", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for far in (200.0, 1000.0):
        h, memory, params = places(draw, 3, 5, 2, 4, 3)
        h[:, 0], params["W_h"][0], params["W_m"][0] = 9.0, 1.0, 0.0
        params["v"][0] = -10  # of a unit that is 1 everywhere: all scores are far below 0
        params["v"] *= far
        yield h, memory, params
        yield h, memory, params, some(draw, 3, 5)
