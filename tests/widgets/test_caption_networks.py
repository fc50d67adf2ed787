"""The caption networks in the page say what those of the reference say."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course_utils.reference.captioning import (
    END,
    START,
    Captioner,
    GRUDecoder,
    ImageEncoder,
    beam_search,
    greedy,
)
from course_utils.reference.transformer import TransformerDecoder
from course_utils.reference.vit import ViT
from course_utils.training import checkpoints
from course_utils.widgets.captioner import cases, networks
from tests.widgets.kit import TOLERANCE, half_weights, received, run, send

SHIPPED = [n for n in networks.NAMES if (checkpoints.FOLDER / f"{n}.safetensors").exists()]
IN_CHAPTERS = ("caption_gru", "caption_transformer")
WORDS, LENGTH, WIDTH, MARGIN = 30, 12, 3, 1e-4

# For each image: memory; greedy words with log p and looks; the beam's words, score, steps.
SCRIPT = """
const { weights, images, heads, length, width, given } = calls;
const decoder = kit.decoderOf(weights.decoder, heads);
const answers = images.map((image) => {
  const memory = kit.encode(image, weights.encoder, heads);
  const said = kit.write(decoder, memory, { choose: kit.greedily, length });
  const beam = kit.beamSearch(decoder, memory, { width, length });
  const going = kit.beamSearch(decoder, memory, { width, length, given });
  return { memory, said, beam, going, score: kit.scoreOf(said), names: decoder.names };
});
"""


def random_network(kind: str) -> Captioner:
    torch.manual_seed(3)
    encoder: nn.Module = ImageEncoder((4, 6, 12))
    if kind == "vit":
        encoder = ViT(64, 8, 16, 2, 4, 24, class_token=False)
    size = encoder.size
    if kind.startswith("gru"):
        decoder: nn.Module = GRUDecoder(
            WORDS, size, attention=kind == "gru", hidden=14, embedding=10
        )
    else:
        decoder = TransformerDecoder(
            WORDS, 16, 2, 4, 20, LENGTH, features=size, summed=6 if kind == "vit" else 0
        )
    network = Captioner(encoder, decoder)
    for name, weight in network.state_dict().items():
        if "running_var" in name:
            weight.uniform_(0.5, 2)
        elif weight.is_floating_point():
            weight.add_(0.3 * torch.randn(weight.shape))
    network.load_state_dict(half_weights(network.state_dict()))
    return network.eval().double()


def memory_of(network: Captioner, images: Tensor) -> Tensor:
    """Of images from 0 to 1; the vision transformer takes what is no byte as it is."""
    is_vit = isinstance(network.encoder, ViT)
    return network.encoder(2 * images - 1 if is_vit else images)


def looks_of(decoder: Any, memory: Tensor, words: list[int]) -> Tensor:
    """Where each head looks for each word, (words, heads, 64), from the whole sentence."""
    before = torch.tensor([[START, *words[:-1]]])
    if isinstance(decoder, GRUDecoder):
        state, looks = decoder.start(memory), []
        for word in before[0]:
            h, *rest = state
            if decoder.attention is not None:
                looks.append(decoder.attention(h, *rest)[1])
            state = decoder.step(word[None], state)[1]
        return torch.stack(looks) if looks else torch.empty(len(words), 0, 64)
    seen, more = decoder.prepare(memory)
    x = decoder.words(before) + decoder.places[: len(words)]
    x, looks = x if more is None else x + more, []
    for layer in decoder.layers:
        middle = x + layer.self_attn(layer.norm1(x), causal=True)
        looks.append(layer.multihead_attn.weights(layer.norm2(middle), seen)[0])
        x = layer(x, seen)
    return torch.cat(looks).transpose(0, 1)


def answers_of(network: Captioner, images: Tensor, length: int, folder: Path) -> list[Any]:
    weights = {"encoder": network.encoder.state_dict(), "decoder": network.decoder.state_dict()}
    given = {"weights": weights, "images": list(images), "heads": 4,
             "length": length, "width": WIDTH, "given": [5, 7]}  # fmt: skip
    return run(folder, "captions.js", SCRIPT, send(given))


@torch.no_grad()
def compare(network: Captioner, images: Tensor, length: int, folder: Path) -> None:
    """Memory, words, log p, looks and beams of each image, the words exactly."""
    decoder: Any = network.decoder
    for image, got in zip(images, answers_of(network, images, length, folder), strict=True):
        memory = memory_of(network, image[None])
        assert (received(got["memory"]) - memory[0]).abs().max() < TOLERANCE
        words = [word["word"] for word in got["said"]]
        wanted = greedy(decoder, memory, length)[0].tolist()
        before = torch.tensor([[START, *words[:-1]]])
        logs = decoder(memory, before)[0].log_softmax(-1)
        best = logs.topk(2).values
        assert (best[:, 0] - best[:, 1]).min() > MARGIN, "two words are equally likely"
        assert words == wanted
        assert (torch.tensor([w["logs"] for w in got["said"]]) - logs).abs().max() < TOLERANCE
        looks = torch.tensor([w["looks"] for w in got["said"]]).reshape(len(words), -1, 64)
        expected = looks_of(decoder, memory, words)
        assert looks.shape == expected.shape == (len(words), len(got["names"]), 64)
        if looks.numel():
            assert (looks - expected).abs().max() < TOLERANCE
        compare_beam(decoder, memory, length, got["beam"])


def compare_beam(decoder: Any, memory: Tensor, length: int, got: dict[str, Any]) -> None:
    wanted = beam_search(decoder, memory, WIDTH, length)[0].tolist()
    wanted = wanted[: wanted.index(END) + 1] if END in wanted else wanted
    assert [one["word"] for one in got["said"]] == wanted
    before = torch.tensor([[START, *wanted[:-1]]])
    logs = decoder(memory, before)[0].log_softmax(-1)
    score = logs.gather(1, torch.tensor(wanted)[:, None]).sum().item()
    assert got["score"] == pytest.approx(score, abs=TOLERANCE)
    assert (torch.tensor([one["logs"] for one in got["said"]]) - logs).abs().max() < TOLERANCE
    looks = torch.tensor([one["looks"] for one in got["said"]]).reshape(len(wanted), -1, 64)
    if looks.numel():
        assert (looks - looks_of(decoder, memory, wanted)).abs().max() < TOLERANCE


@pytest.mark.parametrize("kind", ["gru", "gru plain", "transformer", "vit"])
def test_random_networks_are_those_of_the_reference(kind: str, tmp_path: Path) -> None:
    images = torch.rand(3, 3, 64, 64, dtype=torch.float64)
    compare(random_network(kind), images, LENGTH, tmp_path)


@torch.no_grad()
@pytest.mark.parametrize("kind", ["gru", "transformer"])
def test_a_beam_goes_on_from_given_words(kind: str, tmp_path: Path) -> None:
    """As if the decoder could say nothing else first, with a log p for the words given."""
    network = random_network(kind)
    images = torch.rand(1, 3, 64, 64, dtype=torch.float64)
    (got,) = answers_of(network, images, LENGTH, tmp_path)
    memory = memory_of(network, images)
    words = [one["word"] for one in got["going"]["said"]]
    assert words[:2] == [5, 7]
    assert len(got["going"]["levels"]) <= LENGTH - 2
    logs = network.decoder(memory, torch.tensor([[START, *words[:-1]]]))[0].log_softmax(-1)
    score = logs.gather(1, torch.tensor(words)[:, None]).sum().item()
    assert got["going"]["score"] == pytest.approx(score, abs=TOLERANCE)


@torch.no_grad()
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_says_the_same_of_every_stored_scene(
    name: str, tmp_path: Path
) -> None:
    """From the scenes that the widget chooses for it, those of its cases among them."""
    network = copy.deepcopy(networks.captioner(name)).double()
    images = torch.stack([networks.scene(where).image for where in cases.chosen(name)])
    images = images.double() / 255
    compare(network, images, networks.LENGTH, tmp_path)


@pytest.mark.parametrize("name", IN_CHAPTERS)
def test_weights_are_within_the_budget(name: str) -> None:
    packed = [networks.in_the_page(name, part) for part in ("encoder", "decoder")]
    assert sum(len(part.weights) for part in packed) <= 450_000


@pytest.mark.parametrize("name", SHIPPED)
def test_weights_are_exact(name: str) -> None:
    """Float16 is what ships, so nothing is rounded on the way to the page."""
    state = networks.captioner(name).state_dict()
    assert all(
        torch.equal(v.half().float(), v) for v in state.values() if v.is_floating_point()
    )


def test_some_network_ships() -> None:
    assert set(IN_CHAPTERS) <= set(SHIPPED)
