"""Hidden checks of chapter 6, captioning with RNNs: what visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_utils.checks import captioning_rnn as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.captioning_rnn.additive_attention import ordinary as places
from course_utils.checks.captioning_rnn.additive_attention import some
from course_utils.checks.captioning_rnn.beam_search import GREEDY, LARGE, SMALL
from course_utils.checks.captioning_rnn.beams import network, telling
from course_utils.checks.captioning_rnn.caption_loss import batch
from course_utils.checks.captioning_rnn.gru_step import ordinary
from course_utils.checks.captioning_rnn.ngrams import corpus
from course_utils.checks.captioning_rnn.sentences import said
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


# -- 6.5 beam search ----------------------------------------------------------------------

beam_search = visible.beam_search.hidden_part()


@beam_search.aspect("a width beyond all continuations: the best of all captions", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield telling(draw, (4, 2, 3), 81, 4, GREEDY)
    yield telling(draw, (5, 3, 3), 150, 3, GREEDY, ends=0.5)
    yield telling(draw, (5, 2, 3), 7, 4, GREEDY)


@beam_search.refuses("refuses a width below 1", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    h, params = network(draw, *SMALL, ends=1)
    for width, length in ((-2, 4), (2, 0), (3, -1), (0, 3), (1, 1)):
        yield h, params, width, length


@beam_search.contract("no more steps than it takes", 0.25)
def _(answer: Answer, draw: Draw) -> None:
    h, params, *_ = telling(draw, LARGE, 3, 6, GREEDY, ends=4, when=lambda words: 2 in words)
    steps = []
    for length in (12, 48):
        trace = answer.trace(h, params, 3, length)
        steps.append(trace.lines + trace.operators.total())
    if steps[1] > 1.2 * steps[0] + 50:
        raise Wrong("goes on after no running caption can pass the best finished one: stop")


# -- 6.6 BLEU -----------------------------------------------------------------------------

corpus_bleu = visible.corpus_bleu.hidden_part()


@corpus_bleu.aspect(
    "0 where some p is 0; empty candidates",
    0.25,
    {
        "without a right 4-gram BLEU is 0: no tiny number stands for it": {
            "shares": lambda right, total: max(right, 1e-9) / max(total, 1)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    candidates, references = corpus(draw, (1, 0), (2,))
    yield [candidates[0], ""], references
    yield ["a red dog", "two cats"], [["a red dog", "a dog"], ["two cats on sand"]]
    yield ["x y z v w"], references[:1]
    yield ["", ""], references
    yield ["dog", candidates[1]], references


@corpus_bleu.refuses("refuses another number of references than candidates", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    candidates, references = corpus(draw, (1, 0), (2,), (0, -1))
    yield [], []
    yield [], references
    yield candidates, references[:2]
    yield candidates, [references[0], [], references[2]]
    yield candidates, [*references[:2], []]
    yield candidates, references
