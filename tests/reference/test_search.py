"""Greedy search and beam search."""

import itertools

import pytest
import torch

from course_utils.reference.captioning import GRUDecoder
from course_utils.reference.search import END, PAD, START, beam_search, greedy
from course_utils.reference.transformer import TransformerDecoder


@pytest.fixture(autouse=True)
def doubles():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


class Chain:
    """A decoder whose next word hangs on the last one alone: p (V, V) for each image."""

    def __init__(self, probabilities):
        self.logits = torch.tensor(probabilities).log()

    def start(self, memory):
        return torch.arange(len(memory))

    def step(self, words, state):
        return self.logits[words], state

    def reorder(self, state, rows):
        return state[rows]


# From START: 3 (.6) or 4 (.4); after 3 all is unsure, after 4 the end is certain.
GARDEN = [
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.6, 0.4],
    [1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.4, 0.3, 0.3],
    [0.0, 0.0, 1.0, 0.0, 0.0],
]


def test_a_beam_finds_what_greedy_misses():
    decoder, memory = Chain(GARDEN), torch.zeros(2, 1, 1)
    assert greedy(decoder, memory, 5).tolist() == [[3, END]] * 2
    assert beam_search(decoder, memory, 2, 5).tolist() == [[4, END, PAD, PAD, PAD]] * 2


def test_a_search_stops_at_its_length():
    silent = [[0.0, 0.0, 0.0, 0.7, 0.3]] * 5
    memory = torch.zeros(1, 1, 1)
    assert greedy(Chain(silent), memory, 4).tolist() == [[3] * 4]
    assert beam_search(Chain(silent), memory, 2, 4).tolist() == [[3] * 4]


def decoders():
    yield TransformerDecoder(6, 8, 1, 2, 16, 8).eval()
    yield GRUDecoder(6, 8, places=4, hidden=8).eval()
    yield GRUDecoder(6, 8, places=4, hidden=8, attention=False).eval()


@pytest.mark.parametrize("which", range(3))
@torch.no_grad()
def test_a_wide_beam_finds_the_best_of_all_captions(which):
    """All captions of at most four words are scored in full; states must follow their beams."""
    decoder, memory = list(decoders())[which], torch.randn(2, 4, 8)
    for weight in decoder.parameters():
        weight.mul_(2.0)
    others = [w for w in range(6) if w != END]
    captions = [
        (*words, END) for n in range(4) for words in itertools.product(others, repeat=n)
    ] + list(itertools.product(others, repeat=4))
    found = beam_search(decoder, memory, 700, 4)
    for b in range(2):
        scores = {}
        for n in range(1, 5):
            group = [c for c in captions if len(c) == n]
            said = torch.tensor(group)
            read = torch.cat([torch.full((len(group), 1), START), said[:, :-1]], 1)
            logs = decoder(memory[b : b + 1].expand(len(group), -1, -1), read).log_softmax(-1)
            total = logs.gather(2, said[..., None]).sum((1, 2))
            scores |= dict(zip(group, total.tolist(), strict=True))
        best = max(scores, key=scores.__getitem__)
        assert found[b].tolist() == [*best, *[PAD] * (4 - len(best))]


@pytest.mark.parametrize("which", range(3))
@torch.no_grad()
def test_a_beam_of_one_is_greedy(which):
    decoder, memory = list(decoders())[which], torch.randn(5, 4, 8)
    said = greedy(decoder, memory, 6)
    assert torch.equal(beam_search(decoder, memory, 1, 6)[:, : said.shape[1]], said)
