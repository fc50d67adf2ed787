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
    assert slide < 0 and other < 0  # both want the logit up
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
    loss, distance = (
        curve[-1][key] / curve[0][key] for key in ("generator_loss", "distance")
    )
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
