"""What the cases of the point field come to, with three seeds; which state is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from traitlets import TraitError

from course_utils.widgets.point_field import PointField
from course_utils.widgets.point_field.widget import PRESETS
from tests.widgets.test_point_field import SPOTS, answers, points, settings

SEEDS = (1, 2, 3)
TEN = "ten points: copies"
RUNS: dict[str, dict[str, Any]] = {
    "DDIM": settings("DDIM, η = 0"),
    "DDIM, 5": settings("DDIM, η = 0", steps=5),
    "DDIM, 100": settings("DDIM, η = 0", steps=100),
    "ancestral": settings("ancestral, η = 1"),
    "ancestral, 10": settings("ancestral, η = 1", steps=10),
    "spoilt": settings("noise in the last step"),
    "ten": settings(TEN),
    "ten, spiral": settings(TEN, data="spiral"),
    "ten, Gaussians": settings(TEN, data="gaussians", way="ancestral"),
    "ten, spoilt": settings(TEN, way="noise in the last step"),
    "two hundred": settings(TEN, denoiser="200 points"),
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory) -> dict[str, list[dict[str, Any]]]:
    """Of each run and seed: the points at the end, and what was counted of them."""
    folder = tmp_path_factory.mktemp("cases")
    calls = [run | {"seed": seed} for run in RUNS.values() for seed in SEEDS]
    ways = answers(folder, *calls)["ways"]
    found = [{"x": points(way["end"])} | way["seen"][0] for way in ways]
    return {name: found[3 * n : 3 * n + 3] for n, name in enumerate(RUNS)}


def test_enough_steps_lead_to_the_data(ends) -> None:
    """Five do not: points end between the spots."""
    for name in ("DDIM", "ancestral", "DDIM, 100"):
        assert all(end["covered"] == 8 and end["near"] > 0.97 for end in ends[name])
    assert all(end["near"] < 0.8 for end in ends["DDIM, 5"])


def spots(end: dict[str, Any]) -> Tensor:
    return torch.cdist(end["x"], SPOTS["ring"][0]).argmin(1)


def test_from_the_same_start(ends) -> None:
    """DDIM ends at the same spot in any number of steps, η = 1 at any of the eight."""
    for n in range(len(SEEDS)):
        few, many, random = (
            spots(ends[name][n]) for name in ("DDIM, 5", "DDIM, 100", "ancestral")
        )
        assert (few == many).double().mean() > 0.99
        assert (random == many).double().mean() < 0.2


def test_noise_in_the_last_step_stays(ends) -> None:
    for spoilt, right in zip(ends["spoilt"], ends["ancestral, 10"], strict=True):
        assert spoilt["near"] < 0.8 < 0.9 < right["near"]


def test_ten_points_are_copied(ends) -> None:
    """Nearly all ends are training points; new data seldom lie so near to one."""
    for name in ("ten", "ten, spiral", "ten, Gaussians"):
        for end in ends[name]:
            assert end["copies"] > 0.9 > 0.05 > end["usual"]
            assert end["median"] < 1e-3
    assert all(end["covered"] < 8 for end in ends["ten"])  # some spots have no training point
    assert all(end["copies"] < 0.4 for end in ends["ten, spoilt"])


def test_two_hundred_points_are_copied_too(ends) -> None:
    for end in ends["two hundred"]:
        assert end["covered"] == 8
        assert end["copies"] > 0.7 > 0.3 > end["usual"]


# ---------------------------------------------------------------- state


def test_state_is_checked() -> None:
    assert PointField().way == "forward"
    shown = PointField(TEN, data="spiral", seed=7, time=0)
    assert (shown.denoiser, shown.steps, shown.data, shown.time) == (
        "10 points",
        100,
        "spiral",
        0,
    )
    with pytest.raises(ValueError, match="preset must be one of"):
        PointField("nothing")
    wrong: list[tuple[str, Any, str]] = [
        ("data", "moons", "no data 'moons'; there are"),
        ("denoiser", "nothing", "no denoiser 'nothing'; there are"),
        ("way", "sideways", "no way 'sideways'; there are"),
        ("steps", 7, "steps must be one of"),
        ("seed", -1, "seed"),
        ("seed", 1000, "seed"),
        ("time", -1, "time"),
        ("time", 1001, "time"),
    ]
    for name, value, words in wrong:
        with pytest.raises(TraitError, match=words):
            PointField(**{name: value})


def test_there_are_few_cases_and_they_are_small() -> None:
    assert 3 <= len(PRESETS) <= 5
    assert len(str(PointField._esm)) < 45_000  # half of it is the kit
