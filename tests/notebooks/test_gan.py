"""Chapter 12: what its sentences, questions and tables say is what was measured."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils import data, results, training
from course_utils.reference import dcgan, frechet
from course_utils.reference import gan as reference
from course_utils.reference.cnn import LeNet

SEEDS = 10


@pytest.fixture(scope="module")
def generator() -> dcgan.Generator:
    network = dcgan.Generator()
    network.load_state_dict(training.load("gan_fashion"))
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def drawn(generator: dcgan.Generator) -> Tensor:
    z = torch.randn(5000, generator.noise, generator=torch.Generator().manual_seed(1))
    return (generator(z) + 1) / 2


def test_where_d_is_sure_the_slide_s_loss_pulls_a_hundred_times_less() -> None:
    """Question ``sure``, and the figure of exercise 12.1."""
    logit = torch.tensor([math.log(0.01 / 0.99)], requires_grad=True)
    slide, other = (
        torch.autograd.grad(reference.generator_loss(logit, saturating), logit)[0].item()
        for saturating in (True, False)
    )
    assert slide < 0  # both want the logit up
    assert other < 0
    assert other / slide == pytest.approx(99, rel=1e-4)


def test_the_value_is_nearly_flat_beyond_four_deviations() -> None:
    places = torch.linspace(-6, 12, 361, dtype=torch.float64)
    bells = [torch.softmax(-(places - away).square() / 2, 0) for away in (0, 2, 4, 6)]
    value = [reference.value(bells[0], bell).item() for bell in bells]
    assert value[0] == pytest.approx(-math.log(4))
    assert value[1] - value[0] > 5 * (value[3] - value[2])
    assert -0.13 < value[2] < value[3] < 0


def test_steps_of_the_noise_are_steps_of_the_image(generator: dcgan.Generator) -> None:
    """Of 64 steps from one image to another none goes a quarter of the way."""
    ends = torch.randn(50, 2, 32, generator=torch.Generator().manual_seed(1))
    share = torch.linspace(0, 1, 65)[:, None]
    for a, b in ends:
        images = generator((1 - share) * a + share * b).flatten(1)
        steps = (images[1:] - images[:-1]).norm(dim=1)
        assert steps.max() < 0.25 * (images[-1] - images[0]).norm()


def test_no_generated_image_is_a_copy(drawn: Tensor) -> None:
    known = data.fashion("train").images.flatten(1).float() / 255
    real = data.fashion("test").images[:1000].flatten(1).float() / 255
    far = [torch.cdist(x, known).amin(1) for x in (drawn[:1000].flatten(1), real)]
    assert far[0].min() > 1
    assert far[0].median() > far[1].median() > 3


def test_the_loss_falls_by_less_than_a_quarter_the_distance_by_more_than_half() -> None:
    curve = results.table("gan_fashion").record["curve"]
    loss, distance = (curve[-1][key] / curve[0][key] for key in ("generator_loss", "distance"))
    assert 0.75 < loss < 1
    assert distance < 0.5


def test_few_images_make_the_distance_large(drawn: Tensor) -> None:
    judge = LeNet()
    judge.load_state_dict(training.load("lenet_fashion"))
    real = frechet.lenet_features(judge.eval(), data.fashion("test").images.float() / 255)
    fake = frechet.lenet_features(judge, drawn)

    def mean(x: Tensor, number: int) -> float:
        """Over five pairs of sets."""
        pairs = [
            (x[at : at + number], real[5000 + at : 5000 + at + number])
            for at in range(0, 5 * number, number)
        ]
        found = [
            frechet.gaussian_distance(frechet.moments(a), frechet.moments(b)).item()
            for a, b in pairs
        ]
        return sum(found) / len(found)

    same = [mean(real, number) for number in (100, 200, 500, 1000)]
    assert same == sorted(same, reverse=True)
    assert same[0] > 5 * same[3]
    assert same[0] > mean(fake, 1000)  # a hundred real images against a thousand generated


def rows(name: str, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in results.table(name).record["rows"]}


@pytest.fixture(scope="module")
def games() -> dict[str, dict[str, Any]]:
    return rows("gan_failures", "what was done")


def counts(row: dict[str, Any]) -> list[int]:
    found = row["seeds of spots covered"]
    assert len(found) == SEEDS
    return found


def test_the_right_game_covers_all_spots_and_a_forgotten_detach_alone_costs_none(
    games: dict[str, dict[str, Any]],
) -> None:
    for name in ("as it should be", "fakes not detached"):
        assert set(counts(games[name])) == {8}


def test_a_generator_that_is_too_fast_collapses_at_a_low_loss(
    games: dict[str, dict[str, Any]],
) -> None:
    """Question ``fast``, and that a low loss may be a bad sign."""
    fast, right = games["G 25 times faster than D"], games["as it should be"]
    assert set(counts(fast)) <= {0, 1}
    losses = [row["seeds of generator's loss"] for row in (fast, right)]
    assert max(losses[0]) < min(losses[1])
    known = [row["generator's loss"] for row in games.values() if row["generator's loss"]]
    assert fast["generator's loss"] == min(known)


def test_a_discriminator_that_is_too_fast_and_what_the_loss_and_a_critic_change(
    games: dict[str, dict[str, Any]],
) -> None:
    plain, slide, critic = (
        games[f"D 25 times faster{what}"]
        for what in (" than G", ", slide's loss", ", critic with penalty")
    )
    assert 3 <= min(counts(plain)) <= max(counts(plain)) <= 5
    assert sum(counts(slide)) > sum(counts(plain)) + 15
    assert min(counts(critic)) >= 7
    near = "points near a spot"
    for row in (slide, critic):
        assert row[near] < 0.5 * plain[near] < 0.5 * games["as it should be"][near]


def test_gradients_that_are_not_cleared_spoil_the_game(
    games: dict[str, dict[str, Any]],
) -> None:
    both = "fakes not detached, gradients not cleared"
    for name in ("gradients not cleared", both):
        assert max(counts(games[name])) <= 3
        assert sorted(counts(games[name]))[7] <= 1  # mostly 0 or 1


def test_batch_norm_apart_gives_all_or_none_and_together_some(
    games: dict[str, dict[str, Any]],
) -> None:
    apart, together = (
        counts(games[f"batch norm in D, real and fake {how}"]) for how in ("apart", "together")
    )
    assert set(apart) == {0, 8}
    assert 0.3 <= apart.count(0) / SEEDS <= 0.7
    assert min(together) >= 2
    assert together.count(8) < SEEDS / 2


def judged(network: str) -> list[dict[str, Any]]:
    """Rows of the table below exercise 12.4, one a seed."""
    found = [
        row
        for row in results.table("gan_seeds").record["rows"]
        if row["network"].startswith(network)
    ]
    assert len(found) == 3
    return found


def test_generators_lie_between_real_halves_and_one_that_has_not_learned() -> None:
    for row in judged("GAN") + judged("VAE"):
        distance = row["Fréchet distance"]
        assert 10 * row["of two real halves"] < distance < row["of an untrained generator"] / 4
        assert row["classes covered"] == 10
        assert row["its share"] < 0.075  # about half of a tenth, or less
        assert row["images"] == 5000


def test_a_vae_of_the_same_layers_draws_worse_than_it_reconstructs() -> None:
    far = max(row["Fréchet distance"] for row in judged("GAN"))
    for row in judged("VAE"):
        assert row["Fréchet distance"] > 3 * far
        assert row["of reconstructions"] < 1.2 * far
