"""Chapter 13: what its sentences, questions and tables say is what was measured."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils import data, facts, results, training
from course_utils.reference import diffusion as reference
from course_utils.reference import samplers
from course_utils.reference.unet import UNet
from course_utils.training.diffusion import gallery

SEEDS = 3
DDIM, NOISY = "DDIM, η = 0", "stochastic, η = 1"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def schedule() -> reference.Schedule:
    return reference.cosine_schedule(1000)


@pytest.fixture(scope="module")
def network() -> UNet:
    model = UNet()
    model.load_state_dict(training.load("diffusion_fashion"))
    return model.eval().requires_grad_(False)


def rows(name: str, **asked: Any) -> list[Row]:
    """The rows of a result that have these values, in the order of the seeds."""
    found = [
        row
        for row in results.table(name).record["rows"]
        if all(row.get(key) == value for key, value in asked.items())
    ]
    assert [row["seed"] for row in found] == [*range(SEEDS)], asked
    return found


def values(name: str, key: str, **asked: Any) -> list[float]:
    return [row[key] for row in rows(name, **asked)]


def full(sampler: str, steps: int) -> list[float]:
    """Distances of the chapter's network, which no training is named for."""
    found = [
        row
        for row in results.table("diffusion_study").record["rows"]
        if row.get("sampler") == sampler and row["steps"] == steps and "training" not in row
    ]
    assert [row["seed"] for row in found] == [*range(SEEDS)]
    return [row["distance"] for row in found]


def test_the_linear_schedule_is_near_nothing_for_a_third_of_its_steps(
    schedule: reference.Schedule,
) -> None:
    linear = reference.linear_schedule(1000).alpha_bar.sqrt()
    assert 300 < (linear < 0.1).sum() < 350
    assert (schedule.alpha_bar.sqrt() < 0.1).sum() < 80


def test_the_error_of_v_is_those_of_noise_and_image_together(
    network: UNet, schedule: reference.Schedule
) -> None:
    x0 = 2 * data.fashion("test").images[:50].float() / 255 - 1
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    for t in (50, 500, 950):
        xt = reference.q_sample(x0, t, noise, schedule)
        v = network(xt, torch.full((50,), t))
        error = {
            name: (reference.convert(v, xt, t, schedule, "v", name) - target).square().mean()
            for name, target in (("eps", noise), ("x0", x0))
        }
        signal, sigma = schedule.alpha_bar[t].sqrt(), (1 - schedule.alpha_bar[t]).sqrt()
        whole = (v - (signal * noise - sigma * x0)).square().mean()
        torch.testing.assert_close(whole, error["eps"] + error["x0"], rtol=1e-3, atol=1e-5)
        assert (error["eps"] > error["x0"]) == (t < 500) or t == 500


def test_the_perfect_denoiser_copies_and_the_network_does_not(
    network: UNet, schedule: reference.Schedule
) -> None:
    """Question ``copy``, too."""
    known = 2 * data.fashion("train").images[:2000].float() / 255 - 1
    perfect = reference.PerfectDenoiser(known, schedule)
    path = samplers.times(1000, 50)
    noise = torch.randn(1, 20, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    shape = noise.shape[1:]
    copies = samplers.sample(perfect, shape, schedule, path, noise=noise, prediction="x0")
    drawn = samplers.sample(
        network, shape, schedule, path, noise=noise, classes=torch.arange(20) % 10
    )
    assert nearest(copies, known).max() < 0.05
    assert nearest(drawn, known).min() > 1


def nearest(images: Tensor, known: Tensor) -> Tensor:
    return torch.cdist(images.flatten(1), known.flatten(1)).amin(1)


def test_what_is_drawn_beside_its_nearest_training_image_is_no_copy(
    network: UNet, schedule: reference.Schedule
) -> None:
    images, _ = gallery(network, schedule, 20, 2.0)
    assert nearest(images, data.fashion("train").images.float() / 255).min() > 1


def test_from_a_hundred_images_the_network_copies() -> None:
    many = values("diffusion_variants", "copies", variant="v")
    few = values("diffusion_variants", "copies", variant="v, a hundred images")
    assert max(many) < 0.02
    assert min(few) > 10 * max(many)


def test_the_better_likelihood_has_the_worse_images() -> None:
    known = facts.facts("diffusion")
    simple, bound = known["DDPM, CIFAR-10"], known["the same, trained on the bound itself"]
    assert simple["value"] < bound["value"]
    assert "3.75" in simple["what"]
    assert "3.70" in bound["what"]
