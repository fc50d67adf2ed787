"""Caption networks: scenes are rendered as they are; recipes learn and are judged."""

import pytest
import torch

from course_utils.data.scenes import COLOURS, GROUNDS, THING_NAMES, scenes
from course_utils.data.scenes.judged import judge
from course_utils.reference.captioning import Captioner, GRUDecoder, ImageEncoder
from course_utils.training import captioning, checkpoints
from course_utils.training.recipes import RECIPES
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


@pytest.mark.parametrize("name", [n for n in RECIPES if n.startswith("caption_")])
def test_a_trial_of_each_recipe_gives_a_network_and_its_row(name):
    trained = RECIPES[name](Run(torch.device("cpu"), share=0.002))
    assert len(trained.curve) >= 1
    assert 0 <= trained.curve[-1].accuracy <= 1
    if name != "caption_encoder":
        assert {
            "test, greedy: full",
            "test, beam 3: full",
            "combinations, greedy: shape named",
        } <= set(trained.row)
    weights = [t for t in trained.tensors.values() if t.is_floating_point()]
    assert sum(t.numel() for t in weights) * 2 <= 450_000


@pytest.mark.parametrize(
    "name", ["caption_encoder", "caption_gru", "caption_gru_plain", "caption_transformer"]
)
def test_checkpoints_have_the_shapes_that_their_recipe_trains(name):
    trained = RECIPES[name](Run(torch.device("cpu"), share=0.002))
    shapes = {k: t.shape for k, t in checkpoints.load(name).items()}
    assert shapes == {k: t.shape for k, t in trained.tensors.items()}
