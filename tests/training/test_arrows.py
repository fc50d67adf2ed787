"""Chapter 11's small trainings: the sentences about them hold for three seeds."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from course_utils import data
from course_utils.reference.autoencoders import pca, posterior_mean
from course_utils.training.arrows import planar_denoiser, spiral
from course_utils.training.linear_autoencoder import linear_autoencoder


def test_the_spiral_is_thin_and_even() -> None:
    points = spiral(400)
    assert points.shape == (400, 2)
    assert points.norm(dim=1).max() <= 1
    assert torch.equal(points, spiral(400))
    assert not torch.equal(points, spiral(400, seed=1))


@pytest.mark.parametrize("seed", range(3))
def test_a_denoiser_s_arrows_are_those_of_the_formula(seed: int) -> None:
    points = spiral(400)
    places = torch.cartesian_prod(*[torch.linspace(-1.4, 1.4, 15)] * 2)
    with torch.no_grad():
        learned = planar_denoiser(points, 0.2, seed)(places) - places
    exact = posterior_mean(places, points, 0.2) - places
    assert F.cosine_similarity(learned, exact).median() > 0.98
    error = (learned - exact).norm(dim=1) / exact.norm(dim=1)
    assert error.median() < 0.4
    shuffled = exact[torch.randperm(len(exact), generator=torch.Generator().manual_seed(0))]
    assert F.cosine_similarity(learned, shuffled).median() < 0.5  # the control: other places


def test_between_two_arms_the_best_arrow_is_short() -> None:
    two = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    middle, beside = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.5, 0.0]])
    assert posterior_mean(middle, two, 0.3).norm() < 1e-6
    assert (posterior_mean(beside, two, 0.3) - beside).norm() > 0.4


@pytest.mark.parametrize("seed", range(3))
def test_a_linear_autoencoder_spans_the_principal_components(seed: int) -> None:
    flat = data.digits("train").images[::30].flatten(1).float() / 255
    mean, v = pca(flat, 8)
    x = flat - mean
    e, d = linear_autoencoder(x, 8, seed)
    best = (x - x @ v.T @ v).square().sum(1).mean().item()
    assert (x - x @ e.T @ d.T).square().sum(1).mean().item() == pytest.approx(best, rel=1e-4)
    assert torch.linalg.svdvals(torch.linalg.qr(d).Q.T @ v.T).min() > 0.999
    assert (F.normalize(d, dim=0).T @ v.T).abs().max() < 0.95  # no column is a component


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: spiral(0), "count must be 1 or more"),
        (lambda: planar_denoiser(torch.zeros(3, 4), 0.2), "points must be"),
        (lambda: planar_denoiser(torch.zeros(3, 2), 0.0), "sigma must be > 0"),
        (lambda: linear_autoencoder(torch.zeros(3), 1), "x must be"),
        (lambda: linear_autoencoder(torch.zeros(3, 4), 5), "k must be from 1"),
        (lambda: linear_autoencoder(torch.ones(3, 4), 2), "centred"),
    ],
)
def test_refusals(wrong, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wrong()
