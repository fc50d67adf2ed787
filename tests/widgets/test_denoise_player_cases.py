"""What the cases of the denoise player come to, with three seeds; which state is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from traitlets import TraitError

from course_utils import data
from course_utils.widgets import DenoisePlayer
from course_utils.widgets.denoise_player import images
from course_utils.widgets.denoise_player.widget import PRESETS
from course_utils.widgets.generator_walk.places import judge
from tests.widgets.test_denoise_player import answers, image, settings

SEEDS = (1, 2, 3)
COPY = 1 / 510  # half of one grey level
COAT, BOOT, PERFECT = "a coat in 20 steps", "boot from half way", "perfect denoiser"
CLASSES = data.fashion("train").classes
RUNS: dict[str, dict[str, Any]] = {
    "coat": settings(COAT),
    "coat, 5": settings(COAT, steps=5),
    "coat, 50": settings(COAT, steps=50),
    "free": settings("no class told"),
    "free, 50": settings("no class told", steps=50),
    "five": settings("five steps"),
    "late": settings(BOOT),
    "early": settings(BOOT, changes=[[900, "Ankle boot"]]),
    "perfect": settings(PERFECT),
    "perfect, 5": settings(PERFECT, steps=5),
    "perfect, dice": settings(PERFECT, eta=1),
    "perfect, coat": settings(PERFECT, label="Coat"),
    "perfect, late": settings(PERFECT, label="Coat", changes=[[500, "Ankle boot"]]),
    "perfect, erased": settings(PERFECT, changes=[[700, "lower half erased"]]),
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Of each run and seed: the image at the end, −1 to 1, and what is nearest to it."""
    calls = [run | {"seed": seed} for run in RUNS.values() for seed in SEEDS]
    ways = answers(tmp_path_factory.mktemp("cases"), calls)["ways"]
    found = [{"x": image(way["end"])} | way["near"] for way in ways]
    return {name: found[3 * n : 3 * n + 3] for n, name in enumerate(RUNS)}


@torch.no_grad()
def read(found: list[dict[str, Any]]) -> list[str]:
    """What LeNet calls each."""
    x = torch.cat([end["x"] for end in found]).float()
    return [CLASSES[n] for n in judge()((x + 1) / 2).argmax(1)]


def alike(found: list[dict[str, Any]]) -> list[str]:
    """The class of the nearest training image of each."""
    return [CLASSES[end["index"] // images.EACH] for end in found]


def test_the_network_draws_what_is_told(ends: dict[str, list[dict[str, Any]]]) -> None:
    assert read(ends["coat"]) == read(ends["coat, 50"]) == 3 * ["Coat"]


def rough(found: list[dict[str, Any]]) -> Tensor:
    """How much neighbouring pixels differ."""
    return torch.stack([end["x"].diff(dim=-1).abs().mean() for end in found])


def test_five_steps_are_too_few(ends: dict[str, list[dict[str, Any]]]) -> None:
    """They are smoother; without a class the shown seed becomes another thing."""
    assert (rough(ends["coat, 5"]) < rough(ends["coat, 50"])).all()
    five, twenty, fifty = (alike(ends[name])[0] for name in ("five", "free", "free, 50"))
    assert five != twenty == fifty


def test_the_class_is_decided_early(ends: dict[str, list[dict[str, Any]]]) -> None:
    assert read(ends["early"]) == 3 * ["Ankle boot"]
    assert "Ankle boot" not in read(ends["late"])
    assert alike(ends["perfect, late"]) == 3 * ["Ankle boot"]


def test_the_perfect_denoiser_copies_and_the_network_does_not(
    ends: dict[str, list[dict[str, Any]]],
) -> None:
    for name, found in ends.items():
        far = [end["distance"] for end in found]
        assert (max(far) < COPY) if "perfect" in name else (min(far) > 0.1), name


# ---------------------------------------------------------------- state


def test_state_is_checked() -> None:
    assert DenoisePlayer().seed == 1
    shown = DenoisePlayer(BOOT, denoiser=PERFECT, steps=50, eta=1, changes=[(3, "mirrored")])
    assert (shown.label, shown.steps, shown.changes) == ("Coat", 50, [(3, "mirrored")])
    with pytest.raises(ValueError, match="preset must be one of"):
        DenoisePlayer("nothing")
    wrong: list[tuple[str, Any, str]] = [
        ("denoiser", "nothing", "no denoiser 'nothing'; there are"),
        ("label", "Hat", "no class 'Hat'; there are"),
        ("guidance", -1.0, "guidance"),
        ("guidance", 8.5, "guidance"),
        ("steps", 7, "steps must be one of"),
        ("eta", 0.5, "eta"),
        ("seed", -1, "seed"),
        ("seed", 1000, "seed"),
        ("time", 1001, "time"),
        ("changes", [[0, "mirrored"]], "changes"),
        ("changes", [[500]], "changes"),
        ("changes", [[500, "painted"]], "no change 'painted'; there are"),
    ]
    for name, value, words in wrong:
        with pytest.raises(TraitError, match=words):
            DenoisePlayer(**{name: value})


def test_there_are_few_cases() -> None:
    assert 3 <= len(PRESETS) <= 5
    assert len({str(settings(name)) for name in PRESETS}) == len(PRESETS)
    for name in PRESETS:
        DenoisePlayer(name)
