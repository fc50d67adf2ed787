"""What chapter 6 says, held by what was measured and by what its networks do."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn

from course_utils import data, facts, results, training
from course_utils.data.scenes.judged import judge, target
from course_utils.reference import captioning as reference
from course_utils.reference.caption_metrics import cider_d
from course_utils.training.captioners import untrained
from course_utils.training.captioning import vocabulary
from tests.conftest import ROOT

QUESTIONS = yaml.safe_load(
    (ROOT / "src" / "course_utils" / "questions" / "captioning_rnn.yml").read_text("utf-8")
)
KNOWN = vocabulary()
PLAIN, ATTENDS = "caption_gru_plain", "caption_gru"


def seeds_of(name: str) -> list[dict[str, Any]]:
    return [r for r in results.table("caption_seeds").record["rows"] if r["network"] == name]


def study(part: str, name: str = ATTENDS, **fixed: object) -> list[dict[str, Any]]:
    """Rows of a part of the study, of one network and with these values."""
    rows = results.table("caption_study").record[part]
    wanted = {"network": name} | fixed
    return [r for r in rows if all(r[k] == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def captioner() -> reference.Captioner:
    network = untrained(ATTENDS).eval().requires_grad_(False)
    network.load_state_dict(training.load(ATTENDS))
    return network


# -- words and loss -----------------------------------------------------------------------


def test_who_counts_padding_sees_a_better_loss_of_who_knows_nothing_else():
    """For three batches of 64 captions."""
    source = data.scenes("test", size=64)
    for first in (0, 64, 128):
        batch = KNOWN.encode([target(source[first + i]) for i in range(64)])[:, 1:]
        padding = batch == reference.PAD
        logits = torch.zeros(*batch.shape, len(KNOWN))
        logits[padding] = torch.eye(len(KNOWN))[reference.PAD] * 1e4
        losses = nn.functional.cross_entropy(logits.mT, batch, reduction="none")
        assert losses[~padding].mean().item() == pytest.approx(math.log(len(KNOWN)), rel=1e-4)
        assert losses.mean() < 0.85 * losses[~padding].mean()


# -- the memory ---------------------------------------------------------------------------


def left(cell: nn.Module, seed: int) -> float:
    """The share of the gradient at the last state that reaches the first, 20 steps before."""
    dice = torch.Generator().manual_seed(100 + seed)
    first = torch.zeros(1, 92, requires_grad=True)
    state = first
    for _ in range(20):
        state = cell(torch.randn(1, 48, generator=dice), state)
    way = torch.randn(1, 92, generator=dice)
    (reached,) = torch.autograd.grad((state * way).sum(), first)
    return (reached.norm() / way.norm()).item()


def units(seed: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    torch.manual_seed(seed)
    opened = nn.GRUCell(48, 92)
    with torch.no_grad():
        opened.bias_ih[92:184] = 2.0
    return nn.RNNCell(48, 92), nn.GRUCell(48, 92), opened


def test_gradients_through_twenty_steps():
    """The figure's text; with the initial weights both units have next to nothing."""
    for seed in range(3):
        plain, gru, opened = (left(cell, seed) for cell in units(seed))
        assert 1e-7 < plain < 5e-6 < 1e-5 < gru < 2e-4
        assert 0.05 < opened < 0.2


def test_an_open_update_gate_copies():
    cell = nn.GRUCell(3, 4)
    with torch.no_grad():
        cell.bias_ih[4:8] = 100.0
    h = torch.randn(2, 4)
    assert torch.allclose(cell(torch.randn(2, 3), h), h)


def test_larger_weights_let_the_gradient_of_a_plain_unit_grow():
    for seed in range(3):
        torch.manual_seed(seed)
        cell = nn.RNNCell(48, 92)
        with torch.no_grad():
            nn.init.orthogonal_(cell.weight_hh).mul_(2)
        assert left(cell, seed) > 5


# -- the bottleneck and attention ---------------------------------------------------------


def test_attention_is_ahead_with_any_number_of_things():
    plain, attends = seeds_of(PLAIN), seeds_of(ATTENDS)
    assert len(plain) == len(attends) == 3
    sizes = plain[0]["parameters"], attends[0]["parameters"]
    assert abs(sizes[0] - sizes[1]) < 0.05 * sizes[1]
    for key in ("steps frozen", "steps end to end"):
        assert len({r[key] for r in plain + attends}) == 1
    for n in range(1, 7):
        key = f"test, greedy: full of {n}"
        assert min(r[key] for r in attends) > max(r[key] for r in plain), n


@pytest.mark.parametrize("name", [PLAIN, ATTENDS])
def test_both_fall_with_more_things(name):
    for row in seeds_of(name):
        shares = [row[f"test, greedy: full of {n}"] for n in (1, 3, 6)]
        assert shares == sorted(shares, reverse=True)


def test_equal_scores_give_the_mean_of_all_places():
    attention = reference.AdditiveAttention(5, 3, 4)
    nn.init.zeros_(attention.score.weight)
    memory = torch.randn(2, 64, 5)
    context, weights = attention(torch.randn(2, 3), memory)
    assert torch.allclose(context, memory.mean(1), atol=1e-6)
    assert weights[0, 0].item() == pytest.approx(QUESTIONS["mean"]["answer"], abs=2e-4)


def test_a_place_has_seen_its_neighbours(captioner):
    image = data.scenes("test", size=64)[8].image[None] / 255
    other = image.clone()
    other[..., 24:32, 24:32] = 0.5  # cell 3, 3
    moved = (captioner.encoder(image) - captioner.encoder(other)).abs().amax(-1).view(8, 8)
    assert (moved > 1e-4)[2:5, 2:5].all()


def test_words_depend_on_places_without_much_weight():
    """Covering another thing changes some nouns, for each seed; the own box most."""
    for row in study("cover", cover="elsewhere", nouns="all"):
        (own,) = study("cover", cover="the thing's box", nouns="all", seed=row["seed"])
        assert row["changed"] > 2 * row["standard error of changed"]
        assert own["changed"] > row["changed"]


def test_a_mean_does_not_count():
    """Two equal memories side by side give the context of one."""
    attention = reference.AdditiveAttention(5, 3, 4)
    h, memory = torch.randn(1, 3), torch.randn(1, 6, 5)
    one, _ = attention(h, memory)
    two, _ = attention(h, torch.cat([memory, memory], 1))
    assert torch.allclose(one, two, atol=1e-6)
    for seed in range(3):
        once, more = (study("counts", seed=seed, group=g)[0]["number right"] for g in (1, 3))
        assert more < once


# -- search -------------------------------------------------------------------------------


class Broken:
    """A decoder with one thing wrong, as in the failure gallery."""

    def __init__(self, decoder: reference.GRUDecoder, wrong: str) -> None:
        self.decoder, self.wrong = decoder, wrong

    def start(self, memory: Tensor) -> tuple[Tensor, ...]:
        h, places, keys = self.decoder.start(memory)
        if self.wrong == "padding looked at":
            more = torch.zeros_like(places)
            return h, torch.cat([places, more], 1), torch.cat(
                [keys, self.decoder.attention.memory(more)], 1
            )  # fmt: skip
        return h, places, keys

    def step(self, words: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, Any]:
        logits, new = self.decoder.step(words, state)
        if self.wrong == "no end word":
            logits[:, reference.END] = -math.inf
        return logits, state if self.wrong == "always h₀" else new

    def reorder(self, state: tuple[Tensor, ...], rows: Tensor) -> tuple[Tensor, ...]:
        stay = self.wrong == "states stay behind"
        return state if stay else self.decoder.reorder(state, rows)


def said(captioner, wrong: str) -> list[str]:
    """Captions of 300 scenes with a beam of 3."""
    scenes = data.scenes("test", size=64)
    memory = captioner.encoder(torch.stack([scenes[i].image for i in range(300)]))
    ids = reference.beam_search(Broken(captioner.decoder, wrong), memory, 3, 26)
    return [KNOWN.decode(row) for row in ids]


def shares(captions: list[str]) -> list[float]:
    """Wholly right ones of three times a hundred."""
    scenes = data.scenes("test", size=64)
    full = [judge(caption, scenes[i]).full for i, caption in enumerate(captions)]
    return torch.tensor(full).float().view(3, 100).mean(1).tolist()


def test_each_broken_search_is_worse(captioner):
    whole = shares(said(captioner, ""))
    for wrong in ("states stay behind", "no end word", "padding looked at", "always h₀"):
        captions = said(captioner, wrong)
        assert max(shares(captions)) < min(whole), wrong
        if wrong == "no end word":
            assert shares(captions) == [0, 0, 0]
            assert all(len(caption.replace(",", " ,").split()) == 26 for caption in captions)


# -- its own words ------------------------------------------------------------------------


def test_a_wrong_word_costs_the_next_ones():
    for row in study("mistakes", after="own mistake"):
        assert row["right after it"] < row["right without it"]


# -- metrics ------------------------------------------------------------------------------


def scored(captions: str, references: int) -> dict[str, Any]:
    (row,) = (
        r
        for r in results.table("caption_failures").record["rows"]
        if r["captions"].startswith(captions) and r["references"] == references
    )
    return row


def test_bleu_prefers_a_wrong_word_to_another_order():
    other, wrong = scored("perfect, from left", 5), scored("the same, one word wrong, in", 5)
    assert other["full"] == 1
    assert wrong["true"] == 0
    assert other["BLEU-4"] < wrong["BLEU-4"]
    assert (other["BLEU-4"], wrong["BLEU-4"]) == (0.753, 0.808)  # the model answers quote them
    assert scored("the number", 5)["BLEU-4"] == 1


def test_a_constant_is_as_good_as_a_reference_by_bleu_not_by_cider():
    constant, one = scored("always", 4), scored("a reference: any", 4)
    assert abs(constant["BLEU-4"] - one["BLEU-4"]) < 0.01
    assert (constant["BLEU-4"], one["BLEU-4"]) == (0.374, 0.376)
    assert constant["CIDEr-D"] < one["CIDEr-D"] / 2


def test_of_a_single_image_even_a_perfect_caption_gets_no_cider():
    captions = ["a cat on the sand", "two dogs on the grass"]
    assert cider_d(captions[:1], [captions[:1]]) == 0
    assert cider_d(captions, [[caption] for caption in captions]) > 5


def test_by_bleu_the_published_network_was_better_than_a_person():
    row = facts.facts("captioning_coco")
    assert row["Show and tell"]["value"] > row["a person"]["value"]


# -- the questions ------------------------------------------------------------------------


def test_answers_are_computed():
    """Each number in the questions by another way than its explanation."""
    tree = {"a": (0.6, 0.5), "two": (0.4, 0.9)}
    greedy = max(tree, key=lambda word: tree[word][0])
    whole = {word: math.prod(p) for word, p in tree.items()}
    assert max(whole, key=whole.__getitem__) != greedy
    cell = nn.GRUCell(128, 92)
    w = torch.tensor(1.0, requires_grad=True)
    h = w
    for _ in range(20):
        h = 0.9 * h + 0.3
    (slope,) = torch.autograd.grad(h, w)
    computed = {
        "places": KNOWN.encode(["a big cat on the sand"]).shape[1] - 1,
        "left": round(100 * slope.item()),
        "fork": round(max(whole.values()), 9),
        "biases": sum(p.numel() for p in cell.parameters()),
        "mean": round(torch.zeros(64).softmax(0)[0].item(), 4),
        "uniform": "{loss:.2f}",
    }
    assert computed == {n: q["answer"] for n, q in QUESTIONS.items() if "answer" in q}
