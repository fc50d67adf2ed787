"""What chapter 6 says, held by what was measured and by what its networks do."""

from __future__ import annotations

import math
from collections import Counter
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
from course_utils.training.captioning import learn, vocabulary
from tests.conftest import ROOT

QUESTIONS = yaml.safe_load(
    (ROOT / "src" / "course_utils" / "questions" / "captioning_rnn.yml").read_text("utf-8")
)
KNOWN = vocabulary()
PLAIN, WIDE, ATTENDS = "caption_gru_plain", "caption_gru_wide", "caption_gru"
ALL = (PLAIN, WIDE, ATTENDS)
NEXT = "caption_transformer"  # chapter 7's


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


def share(states: list[Tensor], seed: int) -> float:
    """The share of the gradient at the last state that reaches the first."""
    way = torch.randn(1, 92, generator=torch.Generator().manual_seed(seed))
    (reached,) = torch.autograd.grad((states[-1] * way).sum(), states[0])
    return (reached.norm() / way.norm()).item()


def left(cell: nn.Module, seed: int) -> float:
    """The same after twenty random inputs."""
    dice = torch.Generator().manual_seed(100 + seed)
    states = [torch.zeros(1, 92, requires_grad=True)]
    for _ in range(20):
        states.append(cell(torch.randn(1, 128, generator=dice), states[-1]))
    return share(states, seed)


def units(seed: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    torch.manual_seed(seed)
    opened = nn.GRUCell(128, 92)
    with torch.no_grad():
        opened.bias_ih[92:184] = 2.0
    return nn.RNNCell(128, 92), nn.GRUCell(128, 92), opened


def test_gradients_through_twenty_steps():
    """The figure's text; with the initial weights both units keep almost nothing."""
    for seed in range(3):
        plain, gru, opened = (left(cell, seed) for cell in units(seed))
        assert 1e-8 < plain < 1e-6 < 1e-5 < gru < 2e-4
        assert 0.04 < opened < 0.2


def test_the_trained_gru_keeps_some_hundredths_of_the_gradient(captioner):
    source = data.scenes("test", size=64)
    for index in (101, 293, 328):
        state = captioner.decoder.start(captioner.encoder(source[index].image[None]))
        states = [state[0].requires_grad_()]
        words = KNOWN.encode([target(source[index])])[0]
        assert len(words) > 20
        for word in words[:20]:
            _, state = captioner.decoder.step(word[None], state)
            states.append(state[0])
        assert 0.002 < share(states, index) < 0.2


def test_an_open_update_gate_copies():
    cell = nn.GRUCell(3, 4)
    with torch.no_grad():
        cell.bias_ih[4:8] = 100.0
    h = torch.randn(2, 4)
    assert torch.allclose(cell(torch.randn(2, 3), h), h)


def test_larger_weights_let_the_gradient_of_a_plain_unit_grow():
    for seed in range(3):
        torch.manual_seed(seed)
        cell = nn.RNNCell(128, 92)
        with torch.no_grad():
            nn.init.orthogonal_(cell.weight_hh).mul_(2)
        assert left(cell, seed) > 5


def test_our_training_shortens_gradients_longer_than_one(monkeypatch):
    lengths = []

    def noted(weights, most):
        lengths.append(most)

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", noted)
    batch = {"x": torch.ones(4, 2)}
    learn(
        nn.Linear(2, 1), lambda net, b: (net(b["x"]).mean(), torch.ones(())), batch, 2, seed=0
    )
    assert lengths == [1, 1]


# -- the bottleneck and attention ---------------------------------------------------------


def ahead(upper: str, lower: str, what: str) -> float:
    """By how much the worst seed of one decoder is above the best of the other."""
    key = f"test, greedy: {what}"
    return min(r[key] for r in seeds_of(upper)) - max(r[key] for r in seeds_of(lower))


def test_three_decoders_with_all_else_equal():
    seeds = {name: seeds_of(name) for name in ALL}
    assert {len(rows) for rows in seeds.values()} == {3}
    assert max(seeds, key=lambda name: seeds[name][0]["parameters"]) == WIDE
    for key in ("steps frozen", "steps end to end"):
        assert len({r[key] for rows in seeds.values() for r in rows}) == 1
    networks = [untrained(name) for name in ALL]
    encoders = {str(network.encoder) for network in networks}
    assert len(encoders) == 1
    memory = torch.rand(1, 64, networks[0].encoder.size)
    assert [n.decoder.start(memory)[0].shape[1] for n in networks] == [92, 160, 92]


@pytest.mark.parametrize("one_vector", [PLAIN, WIDE])
def test_one_vector_mixes_what_belongs_apart(one_vector):
    assert ahead(ATTENDS, one_vector, "found") > 0
    assert ahead(ATTENDS, one_vector, "shape both") > ahead(ATTENDS, one_vector, "found")


@pytest.mark.parametrize("one_vector", [PLAIN, WIDE])
def test_a_sum_is_ahead_in_numbers(one_vector):
    assert ahead(one_vector, ATTENDS, "many") > 0


@pytest.mark.parametrize("name", ALL)
def test_all_fall_far_with_more_things(name):
    for row in seeds_of(name):
        shares = [row[f"test, greedy: full of {n}"] for n in (1, 3, 6)]
        assert shares == sorted(shares, reverse=True)
        assert shares[-1] < shares[0] / 2


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


def test_before_heart_a_part_of_the_weight_lies_on_the_balls(captioner):
    scene, decoder = data.scenes("test", size=64)[8], captioner.decoder
    ids = KNOWN.encode([target(scene)])[0]
    on = {name: torch.zeros(8, 8) for name in ("heart", "ball")}
    for item in scene.objects:
        if item.thing.name in on:
            x0, y0, x1, y1 = (int(side) for side in item.box)
            on[item.thing.name][y0 // 8 : -(-y1 // 8), x0 // 8 : -(-x1 // 8)] = 1
    found: dict[str, dict[str, float]] = {}
    state = decoder.start(captioner.encoder(scene.image[None]))
    for t, word in enumerate(ids[:-1], 1):
        _, weights = decoder.attention(state[0], *state[1:])
        shares_of = {k: (weights[0] @ cells.flatten()).item() for k, cells in on.items()}
        found.setdefault(KNOWN.words[ids[t]], shares_of)
        _, state = decoder.step(word[None], state)
    assert found["blue"]["heart"] > 0.8
    assert found["heart"]["ball"] > 0.2 > found["blue"]["ball"]


def changed(cover: str, nouns: str, seed: int) -> float:
    (row,) = study("cover", cover=cover, nouns=nouns, seed=seed)
    return row["changed"]


@pytest.mark.parametrize("seed", range(3))
def test_what_changes_under_a_cover(seed):
    """On the whole the map is right; outside of the thing it shows no more than drawn cells."""
    covers = ("the thing's box", "most attended", "elsewhere, drawn cells")
    thing, attended, drawn = (changed(cover, "all", seed) for cover in covers)
    assert thing > 0.8
    assert thing > attended > thing - 0.15
    assert 0.1 < drawn < 0.5
    assert 0.1 < changed("most attended, outside the box", "all", seed) < drawn


@pytest.mark.parametrize("seed", range(3))
def test_a_large_weight_is_not_a_large_effect(seed):
    """Of nouns before which more than half of the weight lies outside of their thing."""
    covers = ("the thing's box", "most attended, outside the box", "elsewhere, drawn cells")
    rows = [study("cover", cover=c, nouns="attention elsewhere", seed=seed)[0] for c in covers]
    thing, outside, drawn = (row["changed"] for row in rows)
    errors = [row["standard error of changed"] for row in rows]
    assert min(row["number"] for row in rows) > 100
    assert thing - outside > 3 * math.hypot(*errors[:2])
    assert outside - drawn < 2 * math.hypot(*errors[1:])


@pytest.mark.parametrize("seed", range(3))
def test_attention_lists_what_stands_twice(seed):
    """Both balls are found; one vector of 160 numbers says *two* more often."""
    (lists,), (wide,) = (study("counts", name, seed=seed, group=2) for name in (ATTENDS, WIDE))
    assert lists["named"] > 0.95 * lists["groups"]
    assert lists["named twice"] > 0.4
    assert lists["named twice"] > wide["named twice"]
    assert lists["number right"] < wide["number right"]


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


@pytest.fixture(scope="module")
def beam(captioner) -> list[str]:
    return said(captioner, "")


@pytest.fixture(scope="module")
def whole(beam) -> list[float]:
    return shares(beam)


@pytest.mark.parametrize("wrong", ["no end word", "padding looked at", "always h₀"])
def test_a_broken_search_says_hardly_anything_right(captioner, beam, whole, wrong):
    captions = said(captioner, wrong)
    assert max(shares(captions)) < 0.1 < min(whole)
    if wrong == "no end word":
        assert all(len(caption.replace(",", " ,").split()) == 26 for caption in captions)
        begins = [now.startswith(good) for now, good in zip(captions, beam, strict=True)]
        assert sum(begins) > len(captions) / 2
    if wrong == "always h₀":
        goes_round = [max(Counter(caption.split()).values()) > 5 for caption in captions]
        assert goes_round[8]
        assert sum(goes_round) > 0.9 * len(captions)


def test_of_scene_8_the_beam_finds_a_likelier_sentence_and_a_wrong_one(captioner):
    scene = data.scenes("test", size=64)[8]
    memory = captioner.encoder(scene.image[None])
    ids = (
        reference.greedy(captioner.decoder, memory, 26),
        reference.beam_search(captioner.decoder, memory, 3, 26),
    )
    captions = [KNOWN.decode(row[0]) for row in ids]
    assert [judge(caption, scene).full for caption in captions] == [True, False]
    sums = []
    for caption in captions:
        words = KNOWN.encode([caption])
        log_p = captioner.decoder(memory, words[:, :-1]).log_softmax(-1)
        sums.append(log_p.gather(-1, words[:, 1:, None]).sum().item())
    assert sums[0] < sums[1]


def test_states_that_stay_behind_cost_what_the_beam_gained(captioner, whole):
    behind = shares(said(captioner, "states stay behind"))
    assert all(b < w for b, w in zip(behind, whole, strict=True))
    scenes = data.scenes("test", size=64)
    memory = captioner.encoder(torch.stack([scenes[i].image for i in range(300)]))
    ids = reference.greedy(captioner.decoder, memory, 26)
    greedy = shares([KNOWN.decode(row) for row in ids])
    assert sum(behind) <= sum(greedy) < sum(whole)
    assert all(0 <= g - b < 0.1 for g, b in zip(greedy, behind, strict=True))  # a little


@pytest.mark.parametrize("name", ALL)
def test_a_beam_of_three_gains_some(name):
    for row in seeds_of(name):
        gain = row["test, beam 3: full"] - row["test, greedy: full"]
        assert 0 < gain < 0.1


# -- its own words ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_its_own_mistakes_cost_more_than_a_wrong_word_put_in(seed):
    (own,) = study("mistakes", after="own mistake", seed=seed)
    (ours,) = study("mistakes", after="a wrong word", seed=seed)
    assert own["difference"] > 3 * ours["difference"]
    assert own["difference"] > 3 * own["standard error"]
    assert ours["difference"] > 2 * ours["standard error"]


# -- what ours reaches --------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_little_is_right_in_another_style_and_in_new_colours(name):
    for row in seeds_of(name):
        assert row["style, beam 3: full"] < row["test, beam 3: full"] / 2 + 0.01
        assert row["combinations, beam 3: full"] < 0.02


@pytest.mark.parametrize("name", ALL)
def test_chapter_7_does_better_with_numbers_not_with_new_colours(name):
    assert ahead(NEXT, name, "many") > 0
    assert all(row["combinations, beam 3: full"] < 0.02 for row in seeds_of(NEXT))


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
    assert other["CIDEr-D"] > wrong["CIDEr-D"]
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
    assert 0.5**20 < 1e-6
    computed = {
        "places": KNOWN.encode(["a big cat on the sand"]).shape[1] - 1,
        "left": round(100 * slope.item()),
        "fork": round(max(whole.values()), 9),
        "biases": sum(p.numel() for p in cell.parameters()),
        "mean": round(torch.zeros(64).softmax(0)[0].item(), 4),
        "uniform": "{loss:.2f}",
    }
    assert computed == {n: q["answer"] for n, q in QUESTIONS.items() if "answer" in q}
