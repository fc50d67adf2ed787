"""Caption networks: scenes are rendered as they are; recipes learn and are judged."""

import pytest
import torch

from course_utils.course import CourseError
from course_utils.data.scenes import COLOURS, GROUNDS, THING_NAMES, scenes
from course_utils.data.scenes.judged import judge
from course_utils.reference.captioning import Captioner, GRUDecoder, ImageEncoder
from course_utils.training import captioners, captioning, checkpoints, recipes
from course_utils.training.recipes import RECIPES, captioning_large
from course_utils.training.run import Run

WORDS = len(captioning.vocabulary())


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))


def test_rendered_scenes_hold_what_stands_in_them():
    data, source = captioning.rendered("val", 12), scenes("val", size=64, length=12)
    known = captioning.vocabulary()
    for i in range(12):
        scene = source[i]
        assert torch.equal(data["images"][i], scene.image)
        assert judge(known.decode(data["words"][i]), scene).full
        assert GROUNDS[data["ground"][i]] == scene.ground
        cells = {}
        for item in scene.objects:
            x0, y0, x1, y1 = item.box
            cells[int((y0 + y1) / 2 // 8) * 8 + int((x0 + x1) / 2 // 8)] = item
        assert {c for c in range(64) if data["thing"][i, c] < len(THING_NAMES)} == set(cells)
        for cell, item in cells.items():
            assert THING_NAMES[data["thing"][i, cell]] == item.thing.name
            assert bool(data["size"][i, cell]) == (item.size == "big")
            colour = data["colour"][i, cell]
            assert (list(COLOURS)[colour] if colour >= 0 else None) == item.colour


def test_a_decoder_learns_a_few_captions_by_heart():
    torch.manual_seed(0)
    data = captioning.rendered("train", 64)
    network = Captioner(ImageEncoder((8, 12, 16)), GRUDecoder(WORDS, 16))
    curve = captioning.decoder_then_all(network, data, 0, 200, 0, lambda _: None)
    assert [epoch.number for epoch in curve] == [200]
    _, before = captioning.caption_loss(
        Captioner(ImageEncoder((8, 12, 16)), GRUDecoder(WORDS, 16)), data
    )
    loss, after = captioning.caption_loss(network, data)
    assert after > before + 0.2
    assert loss < 2.5


def test_the_frozen_part_leaves_the_encoder_as_it_was():
    torch.manual_seed(0)
    data = captioning.rendered("train", 64)
    network = Captioner(ImageEncoder((8, 12, 16)), GRUDecoder(WORDS, 16, attention=False))
    before = {k: v.clone() for k, v in network.encoder.state_dict().items()}
    first = network.decoder.output.weight.clone()
    captioning.decoder_then_all(network, data, 3, 0, 0, lambda _: None)
    assert all(torch.equal(v, before[k]) for k, v in network.encoder.state_dict().items())
    assert not torch.equal(first, network.decoder.output.weight)


def test_the_padding_costs_nothing():
    torch.manual_seed(0)
    data = captioning.rendered("train", 8)
    network = Captioner(ImageEncoder((8, 12, 16)), GRUDecoder(WORDS, 16)).eval()
    wider = data | {"words": torch.nn.functional.pad(data["words"], (0, 5))}
    torch.testing.assert_close(
        captioning.caption_loss(network, data), captioning.caption_loss(network, wider)
    )


LARGE = ["caption_transformer_large", "caption_vit_large"]
CAPTIONS = [n for n in RECIPES if n.startswith("caption_") and n != "caption_vit_readout"]


@pytest.mark.parametrize("name", CAPTIONS)
def test_a_trial_of_each_recipe_gives_a_network_and_its_row(name):
    large = name.endswith("_large")
    trained = RECIPES[name](Run(torch.device("cpu"), share=0.0001 if large else 0.002))
    assert len(trained.curve) >= 1
    assert 0 <= trained.curve[-1].accuracy <= 1
    if name != "caption_encoder":
        assert {
            "test, greedy: full",
            "test, beam 3: full",
            "combinations, greedy: shape named",
        } <= set(trained.row)
    weights = [t for t in trained.tensors.values() if t.is_floating_point()]
    in_a_page = not large and name != "caption_gru_wide"
    assert (sum(t.numel() for t in weights) * 2 <= 450_000) == in_a_page
    assert trained.ships == (not name.endswith("_long") and name not in LARGE)


@pytest.mark.parametrize("name", LARGE)
def test_large_networks_are_as_large_as_their_recipe_says(name):
    network = captioners.untrained(name)
    assert network.decoder.output.in_features == network.encoder.size == 256
    assert captioning_large.PLAN.scenes >= 64_000
    with torch.no_grad():
        memory = network.encoder.eval()(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
        assert network.decoder(memory, torch.tensor([[1, 3]])).shape == (1, 2, WORDS)


def test_layers_are_read_by_their_recipe(monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(
        recipes.captioning, "trained", lambda name: captioners.untrained(name).eval()
    )
    read = RECIPES["caption_vit_readout"](Run(torch.device("cpu"), share=0.02))
    layers = len(read.tensors["weight"])
    assert layers == 4  # before the first of three, and behind each
    assert set(read.row) == {"scenes"} | {
        f"layer {n}: {what}" for n in range(layers) for what in ("right", "things")
    }


def test_a_missing_and_another_checkpoint_say_which_command_makes_it(tmp_path):
    gru = captioners.untrained("caption_gru")
    with pytest.raises(
        CourseError, match=r"no checkpoint 'caption_gru'.*course train caption_gru"
    ):
        checkpoints.restore(gru, "caption_gru", tmp_path)
    others = captioners.untrained("caption_transformer").state_dict()
    checkpoints.save_checkpoint("caption_gru", others, {}, tmp_path)
    with pytest.raises(
        CourseError, match=r"of another network .*course train caption_gru makes"
    ):
        checkpoints.restore(gru, "caption_gru", tmp_path)
    torch.manual_seed(0)
    other = captioners.untrained("caption_gru")
    checkpoints.save_checkpoint("caption_gru", other.state_dict(), {}, tmp_path)
    checkpoints.restore(gru, "caption_gru", tmp_path)
    torch.testing.assert_close(
        gru.decoder.output.weight, other.decoder.output.weight, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize(
    "name",
    [
        "caption_encoder",
        "caption_gru",
        "caption_gru_plain",
        "caption_gru_wide",
        "caption_transformer",
    ],
)
def test_checkpoints_have_the_shapes_that_their_recipe_trains(name):
    trained = RECIPES[name](Run(torch.device("cpu"), share=0.002))
    shapes = {k: t.shape for k, t in checkpoints.load(name).items()}
    assert shapes == {k: t.shape for k, t in trained.tensors.items()}
