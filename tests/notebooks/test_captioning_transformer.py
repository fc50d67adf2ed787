"""What chapter 7 says, held by what was measured and by what its networks do."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import yaml
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils import data, facts, results, training
from course_utils.data.scenes.judged import judge, target
from course_utils.reference import transformer as reference
from course_utils.reference.captioning import Captioner
from course_utils.reference.vit import ViT
from course_utils.training.captioners import untrained
from course_utils.training.captioning import said, vocabulary
from course_utils.widgets.attention_grid.widget import PRESETS
from tests.conftest import ROOT

QUESTIONS = yaml.safe_load(
    (ROOT / "src" / "course_utils" / "questions" / "captioning_transformer.yml").read_text(
        "utf-8"
    )
)
KNOWN = vocabulary()
THREE = ("caption_gru", "caption_transformer", "caption_vit")


def rows(name: str) -> list[dict[str, Any]]:
    return results.table(name).record["rows"]


def above(upper: list[float], lower: list[float]) -> bool:
    """For whichever seed."""
    return min(upper) > max(lower)


def trained(name: str) -> Captioner:
    network = untrained(name)
    network.load_state_dict(training.load(name))
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return trained("caption_transformer")


# -- attention ----------------------------------------------------------------------------


def test_the_example_by_hand():
    q = torch.tensor([[0.0, 2.0]])
    k, v = torch.tensor([[0.5, 0], [2, 0], [0, 2]]), torch.tensor([[0.0, 0], [1, 0], [0, 1]])
    y, weights = reference.attention(q, k, v)
    assert [round(w, 3) for w in weights[0].tolist()] == [0.053, 0.053, 0.894]
    assert [round(x, 3) for x in y[0].tolist()] == [0.053, 0.894]
    y, _ = reference.attention(q, k, v, torch.tensor([[True, True, False]]))
    assert y[0].tolist() == [0.5, 0.0]


def test_only_the_last_word_keeps_its_favourite_under_the_causal_mask():
    q = torch.tensor(PRESETS["match"]["q"][:3], dtype=torch.float)
    k = torch.tensor(PRESETS["match"]["k"][:3], dtype=torch.float)
    assert q.tolist() == [[0, 1], [0, 2], [1, 0]]
    free, masked = (
        reference.attention(q, k, k, mask)[1].argmax(1)
        for mask in (None, reference.causal_mask(3))
    )
    assert (free == masked).tolist() == [False, False, True]


def test_a_mean_does_not_count():
    """One apple or three among empty places: the attention stays, the sum grows."""
    apple, empty = torch.tensor([6.0, 0.0]), torch.tensor([0.0, 0.0])
    found = []
    for n in (1, 2, 3):
        places = torch.stack([apple] * n + [empty] * (64 - n))
        y, _ = reference.attention(4 * apple[None], places, places)
        found.append((y[0].tolist(), places.sum(0).tolist()))
    assert [y for y, _ in found] == [[6.0, 0.0]] * 3
    assert [total for _, total in found] == [[6.0, 0.0], [12.0, 0.0], [18.0, 0.0]]


def test_a_softer_softmax_changes_with_the_number_but_less_than_the_sum():
    seen = []
    for n in (1, 2, 3):
        places = torch.tensor([[1.0]] * n + [[0.0]] * (64 - n))
        seen.append(reference.attention(torch.ones(1, 1), places, places)[0].item())
    assert seen[0] < seen[1] < seen[2] < 0.2


def test_without_the_root_a_random_network_looks_at_one_token():
    """And its scores get almost no gradient; with the root nothing depends on d."""
    dice = torch.Generator().manual_seed(5)
    largest: dict[bool, list[float]] = {True: [], False: []}
    slopes = {}
    for d in (4, 16, 64, 256):
        q, k = torch.randn(2, 200, 16, d, generator=dice)
        for divided in largest:
            scores = (q @ k.mT / (d**0.5 if divided else 1)).requires_grad_()
            weights = scores.softmax(-1)
            largest[divided].append(weights.amax(-1).mean().item())
            noise = torch.randn(weights.shape, generator=dice)
            (slope,) = torch.autograd.grad((weights * noise).sum(), scores)
            slopes[divided, d] = slope.abs().mean().item()
    assert max(largest[True]) - min(largest[True]) < 0.03
    assert sorted(largest[False]) == largest[False]
    assert largest[False][-1] > 0.9
    assert slopes[False, 256] < slopes[True, 256] / 2


def test_a_word_changes_no_output_before_it(captioner):
    z = captioner.encoder(data.scenes("test", size=64)[8].image[None])
    words = KNOWN.encode([target(data.scenes("test", size=64)[8])])
    other = words.clone()
    other[0, 6] = KNOWN.numbers["cat"]
    moved = (captioner.decoder(z, other) - captioner.decoder(z, words)).abs().amax(-1)[0]
    assert (moved > 1e-6).nonzero().flatten().tolist() == list(range(6, words.shape[1]))


def shares(captioner: Captioner) -> tuple[torch.Tensor, float]:
    """Weight of each head (2, 4) on the thing that is said next, and of even weights."""
    source, found, even = data.scenes("test", size=64), [], []
    weights: list[torch.Tensor] = []
    for layer in captioner.decoder.layers:
        layer.multihead_attn.register_forward_pre_hook(
            lambda part, given: weights.append(part.weights(*given))
        )
    for scene in (source[i] for i in range(100)):
        said = target(scene).replace(",", " ,").split()
        names = [item.thing.name for item in scene.objects]
        weights.clear()
        captioner.decoder(
            captioner.encoder(scene.image[None]), KNOWN.encode([target(scene)])[:, :-1]
        )
        for item in scene.objects:
            name = item.thing.name
            if names.count(name) == 1 and name in said:
                left, top, right, bottom = (int(side) for side in item.box)
                on = torch.zeros(8, 8)
                on[top // 8 : -(-bottom // 8), left // 8 : -(-right // 8)] = 1
                t = said.index(name)
                found.append(torch.stack([w[0, :, t] @ on.flatten() for w in weights]))
                even.append(on.mean().item())
    return torch.stack(found).mean(0), sum(even) / len(even)


def test_heads_of_the_second_block_are_on_the_thing_that_comes_next(captioner):
    found, even = shares(captioner)
    first, second = found
    assert second.min() > 3 * even
    assert first.max() > 2 * first.min()
    assert first.min() < 2 * even


def test_after_two_comes_what_is_there_in_the_plural(captioner):
    """The captioner's answer to the prediction, over scenes with one thing."""
    source, follows = data.scenes("test", size=64), []
    for scene in (source[i] for i in range(400)):
        if len(scene.objects) == 1:
            memory = captioner.encoder(scene.image[None])
            words = torch.tensor([[KNOWN.numbers["<start>"], KNOWN.numbers["two"]]])
            word = KNOWN.words[captioner.decoder(memory, words)[0, -1].argmax()]
            follows.append(word[:3] == scene.objects[0].thing.name[:3])
    assert len(follows) > 20
    assert sum(follows) > 0.75 * len(follows)


def test_a_cache_saves_more_products_than_words(captioner):
    z, words = torch.randn(1, 64, 80), torch.ones(1, 16, dtype=torch.long)
    with FlopCounterMode(display=False) as again:
        for t in range(1, 17):
            captioner.decoder(z, words[:, :t])
    with FlopCounterMode(display=False) as cached:
        state = captioner.decoder.start(z)
        for t in range(16):
            _, state = captioner.decoder.step(words[:, t], state)
    assert again.get_total_flops() / cached.get_total_flops() > sum(range(1, 17)) / 16


# -- captioners and the vision transformer ------------------------------------------------


def test_without_positions_tokens_are_a_set():
    order, images = torch.randperm(64), torch.rand(1, 3, 64, 64)
    cut = images.unfold(2, 8, 8).unfold(3, 8, 8).reshape(1, 3, 64, 8, 8)[:, :, order]
    shuffled = cut.view(1, 3, 8, 8, 8, 8).permute(0, 1, 2, 4, 3, 5).reshape(1, 3, 64, 64)
    for positions in (False, True):
        net = ViT(64, 8, 32, 2, 4, 64, class_token=False, positions=positions)
        same = torch.allclose(net(images)[:, order], net(shuffled), atol=1e-5)
        assert same is not positions


def test_the_layers_help_to_name_what_a_patch_shows():
    (row,) = rows("caption_vit_readout")
    things = [row[f"layer {n}: things"] for n in range(4)]
    assert things[-1] == max(things)
    assert things[-1] > things[0] + 0.1
    own, last = rows("patch_readout")
    assert last["seeds of things"] == [things[-1]]
    assert len(own["seeds of things"]) == 3
    assert max(own["seeds of things"]) < things[-1] - 0.1


def test_the_cnn_is_ahead_with_few_images_and_the_vit_with_many():
    new: dict[str, dict[int, list[float]]] = {}
    old: dict[str, dict[int, list[float]]] = {}
    for row in rows("vit_data"):
        new.setdefault(row["network"], {})[row["images"]] = row["seeds of new"]
        old.setdefault(row["network"], {})[row["images"]] = row["seeds of seen"]
    cnn, vit = new["CNN"], new["ViT"]
    assert list(cnn) == list(vit) == [100, 1_000, 10_000, 60_000]
    assert all(len(seeds) == 3 for seeds in [*cnn.values(), *vit.values()])
    for images in (100, 1_000):
        assert above(cnn[images], vit[images])
        assert min(old["ViT"][images]) > 0.99  # by heart
    assert above(vit[60_000], cnn[60_000])
    bag = new["ViT, no positions"][60_000]
    assert above(vit[60_000], bag)
    assert not above(bag, cnn[60_000])
    means = [sum(vit[images]) for images in vit]
    assert means == sorted(means)


def test_both_networks_are_of_about_equal_size():
    counts = [row["parameters"] for row in rows("vit_data")]
    assert max(counts) < 1.1 * min(counts)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("vit_data", ("600 steps", "3 seeds")), ("decoder_failures", ("400 steps", "3 seeds"))],
)
def test_steps_and_seeds_are_those_of_the_text(name, parts):
    assert all(part in results.table(name).record["caption"] for part in parts)


def measured(key: str) -> dict[str, list[float]]:
    """What each seed gave, by the captioner's name."""
    found: dict[str, list[float]] = {}
    for row in rows("caption_seeds"):
        if key in row:
            found.setdefault(row["network"], []).append(row[key])
    return found


@pytest.mark.parametrize("search", ["greedy", "beam 3"])
def test_the_transformer_is_ahead_of_the_gru_and_the_cnn_of_the_vit(search):
    full = measured(f"test, {search}: full")
    gru, transformer, vit = (full[name] for name in THREE)
    assert above(transformer, gru)
    assert above(transformer, vit)
    sizes = measured("parameters")
    assert abs(sizes[THREE[0]][0] - sizes[THREE[1]][0]) < 0.05 * sizes[THREE[0]][0]


def test_the_vit_knows_less_of_what_is_where():
    (cnn,) = rows("caption_encoder")
    for vit in measured("of things, after the dense task")["caption_vit"]:
        assert vit < cnn["thing"] - 0.02


def test_the_scenes_side_by_side_exist():
    """Of three things or more: wholly right by all three captioners, by two, one, none."""
    some = [data.scenes("test", size=64)[n] for n in range(80)]
    images = torch.stack([scene.image for scene in some])
    right = [
        [judge(caption, scene).full for caption, scene in zip(captions, some, strict=True)]
        for captions in (said(trained(name), images) for name in THREE)
    ]
    numbers = {
        sum(r)
        for r, s in zip(zip(*right, strict=True), some, strict=True)
        if len(s.objects) > 2
    }
    assert numbers == {0, 1, 2, 3}


def counted(network: str, key: str) -> list[float]:
    return [row[key] for row in rows("caption_counting") if row["network"] == network]


def test_there_are_three_seeds():
    for name in THREE:
        for record in ("caption_seeds", "caption_counting"):
            seeds = {row["seed"] for row in rows(record) if row["network"] == name}
            assert seeds == {0, 1, 2}, (record, name)


@pytest.mark.parametrize("network", THREE)
def test_captions_are_better_where_nothing_stands_twice(network):
    nothing, something = (
        counted(network, f"{kind} twice: full") for kind in ("nothing", "something")
    )
    assert above(nothing, something)


def test_the_transformer_is_ahead_of_the_gru_most_where_something_stands_twice():
    gru, transformer = (
        {kind: counted(name, f"{kind} twice: full") for kind in ("nothing", "something")}
        for name in THREE[:2]
    )
    lead = {kind: min(transformer[kind]) - max(gru[kind]) for kind in gru}
    assert above(transformer["something"], gru["something"])
    assert lead["something"] > 0.1 + max(transformer["nothing"]) - min(gru["nothing"])


def test_the_transformer_counts_by_its_sum():
    """One of two taken out of the sum alone; as much ground taken out is the control."""
    assert min(counted("caption_transformer", "pairs called two")) > 30
    out, control = "without one of two", "without as much ground"
    assert min(counted("caption_transformer", f"{out}: a")) > 0.5
    assert max(counted("caption_transformer", f"{out}: two")) < 0.4
    assert min(counted("caption_transformer", f"{control}: two")) > 0.85
    assert max(counted("caption_transformer", f"{control}: a")) < 0.1


@pytest.mark.parametrize("name", THREE)
def test_other_drawings_and_other_pairs(name):
    """Less than half on other drawings; other pairs almost never, though parts are named."""
    for new, test in zip(
        measured("style, greedy: full")[name], measured("test, greedy: full")[name], strict=True
    ):
        assert new < test / 2
    assert max(measured("combinations, greedy: full")[name]) < 0.02
    assert max(measured("combinations, greedy: shape both")[name]) < 0.05
    for part in ("named", "coloured"):
        assert min(measured(f"combinations, greedy: shape {part}")[name]) > 0.2


def seeds(name: str, key: str, what: str) -> dict[Any, list[float]]:
    """What every seed gave, by the name of the row."""
    return {row[key]: row[f"seeds of {what}"] for row in rows(name)}


def test_what_a_decoder_loses_with_a_part_left_out():
    loss, full = (seeds("decoder_failures", "what was done", what) for what in ("loss", "full"))
    leaky, whole = "no causal mask", full["as it should be"]
    assert all(above(loss[name], loss[leaky]) for name in loss if name != leaky)
    assert max(full[leaky]) == 0 < min(whole)
    for name in ("no positions of words", "no positions of the grid"):
        assert not above(whole, full[name])
    of_things = seeds("decoder_failures", "what was done", "found")
    right = "as it should be"
    for better, worse in ((loss[right], loss["no positions of words"]),
                          (of_things["no positions of words"], of_things[right])):  # fmt: skip
        assert all(b < w for b, w in zip(better, worse, strict=True))
    for upper, lower in ((right, "no positions of the grid"),
                         ("no positions of the grid", right)):  # fmt: skip
        assert not above(loss[upper], loss[lower])
    assert above(full["no sum vector"], whole)


def test_published_captioners_are_those_of_the_file():
    found = facts.facts("captioning_transformers")["Meshed-memory transformer"]
    assert found["value"] > facts.facts("captioning_coco")["Show and tell"]["value"]


# -- the questions ------------------------------------------------------------------------


def test_answers_are_computed():
    """Each number in the questions by another way than its explanation."""
    attention = nn.MultiheadAttention(64, 4)
    computed = {
        "products": sum(t + 1 for t in range(16)) / 16,
        "cross": reference.MultiHeadAttention(8, 4)
        .weights(torch.zeros(1, 10, 8), torch.zeros(1, 64, 8))
        .numel(),
        "tokens": nn.Unfold(16, stride=16)(torch.zeros(1, 1, 224, 224)).shape[-1] + 1,
        "weights": sum(p.numel() for p in attention.parameters()),
    }
    assert computed == {n: q["answer"] for n, q in QUESTIONS.items() if "answer" in q}


@pytest.mark.parametrize("search", ["greedy", "beam 3"])
def test_more_steps_help_each_captioner(search: str) -> None:
    """One seed, above the best of three with fewer steps, the ViT by far the most."""
    key = f"test, {search}: full"
    longer = {name: rows(f"{name}_long")[0] for name in THREE}
    steps = {name: measured("steps end to end")[name][0] for name in THREE}
    for name, row in longer.items():
        assert row[key] > max(measured(key)[name])
        assert row["steps end to end"] / steps[name] == (5 if name == "caption_vit" else 4)
    gain = {name: longer[name][key] - max(measured(key)[name]) for name in THREE}
    assert gain["caption_vit"] > 1.5 * max(gain[name] for name in THREE[:2])
    assert max(THREE, key=lambda name: longer[name][key]) == "caption_transformer"
