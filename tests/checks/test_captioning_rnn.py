"""Chapter 6's definitions against torch, the reference, other metrics and exhaustive search."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.answers.captioning_rnn.beam_search import bank
from course_utils.checks.captioning_rnn.additive_attention import attended, some
from course_utils.checks.captioning_rnn.additive_attention import ordinary as places
from course_utils.checks.captioning_rnn.beam_search import LARGE, SMALL, beam_search
from course_utils.checks.captioning_rnn.beams import network, searched, told
from course_utils.checks.captioning_rnn.caption_batch import batched
from course_utils.checks.captioning_rnn.caption_loss import batch, entropy
from course_utils.checks.captioning_rnn.gru_step import gated, ordinary
from course_utils.checks.captioning_rnn.ngrams import bleu
from course_utils.checks.captioning_rnn.parts import END, PAD, Params, stepped
from course_utils.checks.captioning_rnn.sentences import said
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.reference import captioning as reference

PEERS = Path(__file__).parents[1] / "reference" / "caption_metrics.json"


def test_batches_are_those_of_the_reference():
    captions, words = said(Draw(0), 4, 0, 7)
    ids = reference.Vocabulary(words).encode(captions)
    inputs, targets = batched(captions, words)
    assert torch.equal(targets, ids[:, 1:])
    assert torch.equal(inputs, ids[:, :-1].masked_fill(targets == PAD, PAD))


def test_the_loss_is_torch_s_cross_entropy():
    logits, targets = batch(Draw(0), 7, 3, 5, 1)
    theirs = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=PAD)
    torch.testing.assert_close(entropy(logits, targets), theirs)


def test_the_step_is_that_of_torch_s_cell():
    x, h, params = ordinary(Draw(0), 3, 5, 4)
    cell = nn.GRUCell(5, 4, dtype=torch.float64)
    cell.load_state_dict(params)
    torch.testing.assert_close(gated(x, h, params), cell(x, h))
    torch.testing.assert_close(stepped(x, h, params), cell(x, h))


def test_attention_is_that_of_the_reference():
    h, memory, params = places(Draw(0), 3, 5, 4, 2, 6)
    mask = some(Draw(1), 3, 5)
    layer = reference.AdditiveAttention(4, 2, 6).double()
    state = {"memory.weight": params["W_m"], "memory.bias": 0 * params["v"],
             "query.weight": params["W_h"], "score.weight": params["v"][None]}  # fmt: skip
    layer.load_state_dict(state)
    for m in (None, mask):
        ours, theirs = attended(h, memory, params, m), layer(h, memory, mask=m)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other)


class Small:
    """The small network of exercise 6.5 as the reference's searches want it."""

    def __init__(self, params: Params) -> None:
        self.params = params

    def start(self, memory: Tensor) -> Tensor:
        return memory[:, 0]

    def step(self, words: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        h = stepped(self.params["words"][words], h, self.params)
        return h @ self.params["out"].T + self.params["bias"], h

    def reorder(self, h: Tensor, rows: Tensor) -> Tensor:
        return h[rows]

    def log_p(self, h: Tensor, words: list[int]) -> float:
        last, total = reference.START, 0.0
        for word in words:
            logits, h = self.step(torch.tensor([last]), h)
            total, last = total + logits.log_softmax(-1)[0, word].item(), word
        return total


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_beams_find_what_the_reference_finds(width):
    draw, length = Draw(width), 6
    for n in range(60):
        h, params = network(draw, *(SMALL if n % 2 else LARGE), ends=0.5)
        words, log_p = searched(h, params, width, length)
        ids = reference.beam_search(Small(params), h[:, None], width, length)[0].tolist()
        theirs = ids[: ids.index(END) + 1] if END in ids else ids
        assert words == theirs
        assert log_p == pytest.approx(Small(params).log_p(h, words))


def test_a_beam_without_limits_finds_the_best_of_all_captions():
    draw, v, length = Draw(0), 4, 3
    others = [word for word in range(v) if word != END]
    captions = [
        [*words, *last]
        for n in range(length)
        for words in itertools.product(others, repeat=n)
        for last in ([END], *([[word] for word in others] if n == length - 1 else []))
    ]
    for _ in range(10):
        h, params = network(draw, v, 2, 3, ends=0.5)
        small = Small(params)
        best = max(captions, key=lambda words: small.log_p(h, words))
        assert searched(h, params, 200, length)[0] == best


def test_probes_hold_what_a_beam_is_for():
    """Greedy loses, the best ends early, and none ends."""
    found = []
    for probe in beam_search.probes(Exercise.WHOLE):
        h, params, width, length = probe.named(beam_search.signature).values()
        words, log_p = searched(h, params, width, length)
        greedy = searched(h, params, 1, length)[1]
        found.append((log_p > greedy, words[-1] == END and len(words) < length, END in words))
    greedy_loses, early, ends = zip(*found, strict=True)
    assert sum(greedy_loses) >= 4
    assert sum(early) >= 2
    assert not all(ends)


@pytest.mark.parametrize("answer", [a for a in bank.answers if a.right], ids=lambda a: a.name)
def test_whether_a_finished_caption_takes_a_place_changes_nothing(answer):
    """In two of these answers it does, for one step: what it pushes out can never pass it."""
    draw = Draw(5)
    for n in range(40):
        h, params = network(draw, *(SMALL if n % 2 else LARGE), ends=0.5)
        width = 1 + n % 4
        words, log_p = told(answer.function(h, params, width, 6))
        ours = searched(h, params, width, 6)
        assert (words, log_p) == (str(ours[0]), pytest.approx(ours[1]))


CASES = json.loads(PEERS.read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_bleu_is_that_of_sacrebleu(case):
    assert bleu(case["captions"], case["references"]) == pytest.approx(case["sacrebleu"][3])
