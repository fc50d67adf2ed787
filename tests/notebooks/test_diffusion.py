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
    whole = data.fashion("train").images.float() / 255
    assert nearest((drawn + 1) / 2, whole).min() > 1


def nearest(images: Tensor, known: Tensor) -> Tensor:
    return torch.cdist(images.flatten(1), known.flatten(1)).amin(1)


def test_what_is_drawn_beside_its_nearest_training_image_is_no_copy(
    network: UNet, schedule: reference.Schedule
) -> None:
    images, _ = gallery(network, schedule, 20, 2.0)
    assert nearest(images, data.fashion("train").images.float() / 255).min() > 1


def test_from_a_hundred_images_it_draws_near_to_them_and_copies_few() -> None:
    """From 60 000 it draws further from the nearest than test images lie."""
    asked = ("nearest known", "test images' nearest", "copies")
    for seed in range(SEEDS):
        many, few = (
            [values("diffusion_variants", key, variant=name)[seed] for key in asked]
            for name in ("v", "v, a hundred images")
        )
        assert many[0] > many[1]
        assert few[0] < 0.75 * few[1]
        assert max(many[2], few[2]) < 0.01


def test_asked_for_the_noise_it_is_far_behind_at_equal_time() -> None:
    v, noise = (rows("diffusion_variants", variant=name) for name in ("v", "ε"))
    for one, other in zip(v, noise, strict=True):
        assert one["CPU seconds"] == pytest.approx(other["CPU seconds"], rel=0.1)
        assert other["guided"] > 2 * one["guided"]


def test_asked_for_the_image_it_is_as_good_as_for_v() -> None:
    """Guided: which one is ahead depends on the seed."""
    image, v = (rows("diffusion_variants", variant=name) for name in ("x₀", "v"))
    ahead = {
        key: [one[key] < other[key] for one, other in zip(image, v, strict=True)]
        for key in ("guided", "unguided")
    }
    assert set(ahead["guided"]) == {True, False}
    assert all(ahead["unguided"])


def test_where_pixels_are_not_unshuffled_it_is_behind_with_no_less_time() -> None:
    v, plain = (rows("diffusion_variants", variant=n) for n in ("v", "v, no pixels unshuffled"))
    for one, other in zip(v, plain, strict=True):
        assert other["CPU seconds"] >= one["CPU seconds"]
        assert other["guided"] > 2 * one["guided"]


def test_noise_is_behind_with_few_steps_and_ahead_with_many() -> None:
    """Question ``steps``, too."""
    for steps in (5, 10):
        assert all(a < b for a, b in zip(full(DDIM, steps), full(NOISY, steps), strict=True))
    for steps in (50, 100):
        assert all(a > b for a, b in zip(full(DDIM, steps), full(NOISY, steps), strict=True))
    pairs = zip(full(DDIM, 20), full(DDIM, 100), strict=True)
    assert all(b < a < 1.2 * b for a, b in pairs)


def test_noise_gains_more_where_the_network_learned_for_a_shorter_time() -> None:
    for seed in range(SEEDS):
        gap = {}
        for steps in (10, 50):
            short = [
                values(
                    "diffusion_study", "distance", training="2 epochs", sampler=s, steps=steps
                )
                for s in (DDIM, NOISY)
            ]
            gap[2, steps] = short[1][seed] - short[0][seed]
            gap[16, steps] = full(NOISY, steps)[seed] - full(DDIM, steps)[seed]
            assert short[0][seed] > 2.2 * full(DDIM, steps)[seed]
        assert abs(gap[2, 10]) <= 0.51 < 2 < gap[16, 10] < 4
        assert gap[2, 50] < gap[16, 50] < 0


def guidance(key: str) -> dict[float, list[float]]:
    scales = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
    return {s: values("diffusion_study", key, guidance=s) for s in scales}


def test_guidance_names_more_and_spreads_less() -> None:
    """Question ``guidance``."""
    distance, named, spread = (guidance(k) for k in ("distance", "named rightly", "spread"))
    for seed in range(SEEDS):
        assert min(distance, key=lambda s: distance[s][seed]) == 1.5
        rising = [named[s][seed] for s in (1.0, 1.5, 2.0, 3.0)]
        assert rising == sorted(rising)
        falling = [spread[s][seed] for s in (1.0, 1.5, 2.0, 3.0)]
        assert falling == sorted(falling, reverse=True)
        assert falling[0] < 0.8  # of real images
        assert spread[5.0][seed] < 1.1 * spread[3.0][seed]
        assert named[5.0][seed] > 0.97
        assert distance[5.0][seed] > 2 * distance[1.5][seed]
        assert distance[0.0][seed] > 3 * distance[1.0][seed]


def test_all_thousand_steps_give_about_what_a_hundred_give() -> None:
    whole = results.table("diffusion_all_steps").record["rows"]
    assert [row["seed"] for row in whole] == [0, 0, 1, 1, 2, 2]
    for row in whole:
        hundred = full(row["sampler"], 100)[row["seed"]]
        assert row["steps"] == 1000
        assert row["distance"] == pytest.approx(hundred, rel=0.06)
    ddim, noisy = ([r["distance"] for r in whole if r["sampler"] == s] for s in (DDIM, NOISY))
    assert all(b < a for a, b in zip(ddim, noisy, strict=True))  # as from fifty steps on


def test_told_no_class_it_is_behind_the_gan_and_the_targets_are_reached() -> None:
    told = rows("diffusion_seeds", network="diffusion")
    gan = rows("gan_seeds", network="GAN")
    for one, other in zip(told, gan, strict=True):
        assert one["no class told"] > 2 * other["Fréchet distance"]
        assert one["Fréchet distance"] < 7
        assert one["unguided"] < 17
        assert one["named rightly"] > 0.95


def test_told_the_class_the_gan_is_nearer_and_its_images_are_named_less_rightly() -> None:
    gan, untold = rows("labelled_gan_seeds"), rows("gan_seeds", network="GAN")
    for one, told, none in zip(
        gan, rows("diffusion_seeds", network="diffusion"), untold, strict=True
    ):
        assert one["epochs"] == none["epochs"]
        assert one["Fréchet distance"] < told["Fréchet distance"]
        assert one["Fréchet distance"] < none["Fréchet distance"] / 3
        assert 0.4 < one["CPU seconds"] / told["CPU seconds"] < 0.6
        real = told["real images named rightly"]
        assert one["named rightly"] < real < told["named rightly"]
        assert told["unguided, named rightly"] < one["named rightly"]


def test_faults_of_sampling_are_as_the_gallery_says() -> None:
    last = [
        values("diffusion_study", "distance", **{"noise in the last of": k}) for k in (10, 100)
    ]
    right = [full(NOISY, k) for k in (10, 100)]
    early = {
        t: values("diffusion_study", "distance", **{"schedule ends at": t}) for t in (800, 600)
    }
    for seed in range(SEEDS):
        assert last[0][seed] > last[1][seed] > right[1][seed]
        assert last[0][seed] > 2 * right[0][seed]
        assert early[600][seed] > early[800][seed] > 2 * full(DDIM, 20)[seed]
        strong = guidance("distance")[10.0][seed], guidance("named rightly")[10.0][seed]
        assert strong[0] > 2 * guidance("distance")[1.0][seed]
        assert strong[1] > 0.9


def test_the_better_likelihood_has_the_worse_images() -> None:
    known = facts.facts("diffusion")
    simple, bound = known["DDPM, CIFAR-10"], known["the same, trained on the bound itself"]
    assert simple["value"] < bound["value"]
    assert "3.75" in simple["what"]
    assert "3.70" in bound["what"]
