"""The benchmarks of captions: what is compared is what its row says."""

from __future__ import annotations

import json
import random

import pytest
import torch

from benchmarks import caption_failures, caption_networks, caption_peers, captioning
from benchmarks.record import ROOT
from course_utils.data.scenes.judged import judge, target
from course_utils.reference.vit import ViT


@pytest.fixture(scope="module")
def scenes():
    return caption_failures.split("test", 150)


def test_one_wrong_word_makes_a_caption_wrong(scenes):
    dice, changed = random.Random(1), set()
    for scene in scenes:
        for _ in range(5):
            right = target(scene)
            wrong = caption_failures.wrong_word(right, dice)
            verdict = judge(wrong, scene)
            assert verdict.form == "list", wrong
            assert not verdict.true
            before, after = (text.replace("an ", "a ").split() for text in (right, wrong))
            (pair,) = {(a, b) for a, b in zip(before, after, strict=True) if a != b}
            changed.add(pair)
    assert len(changed) > 100


def test_rows_are_what_they_say(scenes):
    rows = {r["captions"]: r for r in caption_failures.against_all(scenes, scenes)}
    assert rows["perfect, from left to right"]["full"] == 1
    assert rows["perfect, in the order of a reference"]["BLEU-4"] == 1
    assert rows["the number of things"]["true"] == 1
    assert rows["the number of things"]["full"] == 0
    assert rows["the same, one word wrong"]["true"] == 0


def test_a_reference_is_not_among_those_it_is_held_against(scenes):
    rows = caption_failures.against_others(scenes, "four things on the sand")
    assert {row["references"] for row in rows} == {4}
    assert all(row["BLEU-4"] < 1 for row in rows)
    assert all(row["true"] == 1 for row in rows[:-1])


def test_what_the_book_says_of_the_measured_numbers():
    """BLEU puts wrong captions above right ones; where it does not, chapter 6 is to change."""
    record = json.loads((ROOT / "results" / "caption_failures.json").read_text("utf-8"))
    rows = {(r["captions"].split(" “")[0], r["references"]): r for r in record["rows"]}
    perfect, wrong = (
        rows["perfect, from left to right", 5],
        rows["the same, one word wrong, in that order", 5],
    )
    assert wrong["BLEU-4"] > perfect["BLEU-4"]
    assert wrong["true"] == 0 < perfect["full"] == 1
    assert rows["always", 5]["BLEU-4"] > 0.4
    assert rows["always", 5]["true"] < 0.1
    # CIDEr-D is not taken in by the constant.
    assert rows["always", 5]["CIDEr-D"] < perfect["CIDEr-D"] / 4
    # A reference against its others is no better than a sentence that never looks.
    assert abs(rows["a reference: any", 4]["BLEU-4"] - rows["always", 4]["BLEU-4"]) < 0.05


def test_ours_takes_no_longer_than_was_asked_for():
    """But for the cache: a sixth was asked for, a quarter is held."""
    record = json.loads((ROOT / "results" / "captioning.json").read_text("utf-8"))
    assert record["rows"]
    for row in record["rows"]:
        most = 0.25 if row["peer"] == "ours, uncached" else row["asked for"]
        assert row["share of its time"] <= most, row["work"]


def test_what_is_not_the_same_is_not_timed():
    captioning.same(0.5, 0.5 * (1 + 1e-9), "BLEU")
    with pytest.raises(AssertionError, match=r"BLEU: .* here, .* there"):
        captioning.same(0.5, 0.6, "BLEU")


def test_metrics_beside_their_peers():
    pytest.importorskip("pycocoevalcap")
    pytest.importorskip("sacrebleu")
    rows = [match.row(1) for match in captioning.metrics(20)]
    assert {row["peer"] for row in rows} == {"pycocoevalcap", "sacrebleu"}


def small_decoder() -> caption_peers.Plain:
    torch.manual_seed(0)
    plain = caption_peers.Plain(30, 16, 2, 4, 32, 12).eval()
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, 0, 0.4)
    with torch.no_grad():
        plain.output.bias[caption_peers.END] = -1e4  # all sentences are as long
    return plain


@torch.no_grad()
def test_generate_searches_in_the_same_network():
    """Every weight is in its place: other logits where any part differs."""
    pytest.importorskip("transformers")
    plain = small_decoder()
    model = caption_peers.generator(plain)
    memory, words = torch.randn(20, 9, 16), torch.randint(3, 30, (20, 11))
    theirs = model(decoder_input_ids=words, encoder_outputs=(memory,)).logits
    torch.testing.assert_close(theirs, plain(memory, words))
    said = caption_peers.generate(model, memory, 10)
    assert torch.equal(said, caption_networks.uncached(plain, memory, 10))
    assert caption_peers.generate(model, memory, 10, width=3).shape == said.shape


def full_beam(plain, memory: torch.Tensor, length: int, width: int = 3) -> torch.Tensor:
    """The best of ``width`` sentences, each read again for each word."""
    images, scores = len(memory), torch.full((len(memory), width), -1e9)
    scores[:, 0] = 0
    words = torch.full((images * width, 1), caption_peers.START)
    memories = memory.repeat_interleave(width, 0)
    for _ in range(length):
        logp = plain(memories, words)[:, -1].log_softmax(-1).view(images, width, -1)
        scores, best = (scores[..., None] + logp).flatten(1).topk(width)
        came_from = (torch.arange(images)[:, None] * width + best // logp.shape[-1]).flatten()
        new = (best % logp.shape[-1]).view(-1, 1)
        words = torch.cat([words[came_from], new], 1)
    return words.view(images, width, -1)[:, 0, 1:]


@torch.no_grad()
def test_searches_are_held_against_generate_before_they_are_timed():
    pytest.importorskip("transformers")
    plain, memory = small_decoder(), torch.randn(20, 9, 16)
    greedy = lambda m: caption_networks.uncached(plain, m, 10)  # noqa: E731
    beam = lambda m: full_beam(plain, m, 10)  # noqa: E731
    matches = caption_networks.searches(plain, greedy, beam, plain, memory, 10)
    assert [match.peer for match in matches] == ["ours, uncached", *["transformers"] * 2]
    assert all(match.row(1)["ours, ms"] > 0 for match in matches)
    wrong = lambda m: beam(m).roll(1, 0)  # noqa: E731
    with pytest.raises(AssertionError, match="a beam and generate: only"):
        caption_networks.searches(plain, greedy, wrong, plain, memory, 10)


def test_steps_are_those_of_one_network():
    ours, theirs = small_decoder(), small_decoder()
    memory, words = torch.randn(4, 9, 16), torch.randint(3, 30, (4, 11))
    names = ("a step", "torch")
    match = caption_networks.steps(*names, ours, theirs, memory, words, answers=words)
    before = ours.output.weight.clone()
    torch.testing.assert_close(match.ours(), match.theirs())
    assert not torch.equal(ours.output.weight, before)
    others = {"not close": 2, "parameters beside": 1}
    for message, layers in others.items():
        other = caption_peers.Plain(30, 16, layers, 4, 32, 12)
        with pytest.raises(AssertionError, match=message):
            caption_networks.steps(*names, ours, other, memory, words, answers=words)


@pytest.mark.parametrize("peer", ["torchvision", "timm"])
def test_vision_transformers_have_the_same_weights(peer):
    pytest.importorskip(peer)
    torch.manual_seed(0)
    sizes, images = (16, 8, 12, 2, 3, 24), torch.rand(2, 3, 16, 16)
    theirs, weights = caption_peers.VITS[peer](*sizes, 5)
    ours = ViT(*sizes, classes=5)
    ours.load_state_dict(weights)
    torch.testing.assert_close(ours(images), theirs(images))
    assert ours(images).std() > 0.01  # a head of zeros would tell nothing


def test_the_comparison_of_networks_is_whole():
    """At small sizes: what is raced, against whom, and that words are counted."""
    pytest.importorskip("transformers")
    pytest.importorskip("timm")
    torch.manual_seed(0)
    cpu, decoder = torch.device("cpu"), (16, 1, 2, 32, 28)
    searches = captioning.searches(decoder, 3, cpu)
    steps = [
        captioning.decoder_step(decoder, 2, cpu),
        *captioning.vit_steps((16, 8, 12, 1, 3, 24), 2, cpu),
    ]
    assert [m.peer for m in steps] == ["torch", "torchvision", "timm"]
    row = searches[1].row(1)
    assert row["ours, words a second"] == pytest.approx(3 * 26e3 / row["ours, ms"], rel=0.01)
    assert "ours, words a second" not in steps[0].row(1)
