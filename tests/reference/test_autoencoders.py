"""Principal components, corruption, closed-form denoisers, and networks of chapter 11."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from course_utils.reference import autoencoders as ae


def rows(n: int, d: int, seed: int = 0) -> Tensor:
    """Correlated rows whose mean is not 0."""
    dice = Generator().manual_seed(seed)
    mixing = torch.randn(d, d, generator=dice, dtype=torch.float64)
    return torch.randn(n, d, generator=dice, dtype=torch.float64) @ mixing + 3


@pytest.mark.parametrize(("n", "d"), [(40, 6), (5, 9)])
def test_components_are_the_leading_eigenvectors(n: int, d: int) -> None:
    x, k = rows(n, d), 3
    mean, components = ae.pca(x, k)
    torch.testing.assert_close(mean, x.mean(0))
    torch.testing.assert_close(components @ components.T, torch.eye(k).double())
    values, vectors = torch.linalg.eigh(x.T.cov())
    leading = vectors.flip(1)[:, :k].T
    torch.testing.assert_close((components * leading).sum(1).abs(), torch.ones(k).double())
    left = (x - ae.reconstruct(x, mean, components)).square().sum() / (n - 1)
    torch.testing.assert_close(left, values.flip(0)[k:].sum())


def test_with_no_component_the_mean_is_drawn_and_with_all_the_image() -> None:
    x = rows(20, 4)
    for k, want in ((0, x.mean(0).expand_as(x)), (4, x)):
        torch.testing.assert_close(ae.reconstruct(x, *ae.pca(x, k)), want)


@pytest.mark.parametrize(
    ("x", "k", "said"),
    [
        (torch.zeros(3), 1, "x must be"),
        (torch.zeros(0, 3), 0, "x must be"),
        (torch.zeros(3, 3, dtype=torch.uint8), 1, "floating"),
        (torch.zeros(3, 5), 4, r"k must be from 0 to min\(N, D\) = 3"),
        (torch.zeros(3, 5), -1, "k must be"),
        (torch.full((3, 5), math.nan), 1, "finite"),
    ],
)
def test_pca_refuses(x: Tensor, k: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ae.pca(x, k)


def test_reconstruct_refuses_rows_of_other_lengths() -> None:
    mean, components = ae.pca(rows(9, 4), 2)
    with pytest.raises(ValueError, match="x, mean, components"):
        ae.reconstruct(rows(9, 5), mean, components)


# -- corruption ------------------------------------------------------------------------------


def test_gaussian_noise_has_the_deviation_asked_for_in_each_image() -> None:
    x = torch.full((3, 1, 100, 100), 0.5)
    sigma = torch.tensor([0.0, 0.1, 2.0])
    found = ae.corrupt(x, "gaussian", sigma, Generator().manual_seed(0)) - x
    torch.testing.assert_close(found.flatten(1).std(1), sigma, rtol=0.03, atol=0)
    assert found.flatten(1).mean(1).abs().max() < 0.05
    assert torch.equal(found[0], torch.zeros_like(found[0]))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_masking_sets_a_share_to_0_and_leaves_the_rest(share: float) -> None:
    x = torch.full((2, 1, 100, 100), 0.4)
    found = ae.corrupt(x, "masking", share, Generator().manual_seed(0))
    assert set(found.unique().tolist()) <= {0.0, x[0, 0, 0, 0].item()}  # not enlarged
    assert abs((found == 0).float().mean().item() - share) < 0.01


def test_salt_and_pepper_are_equally_many() -> None:
    x = torch.full((2, 1, 200, 200), 0.4)
    found = ae.corrupt(x, "salt and pepper", 0.4, Generator().manual_seed(0))
    for value, share in ((0.0, 0.2), (1.0, 0.2), (x[0, 0, 0, 0].item(), 0.6)):
        assert abs((found == value).float().mean().item() - share) < 0.01


def test_the_same_seed_gives_the_same_noise_and_the_image_stays() -> None:
    x = torch.rand(2, 1, 8, 8)
    kept = x.clone()
    for kind in ae.CORRUPTIONS:
        a, b = (ae.corrupt(x, kind, 0.5, Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(a, b)
        assert not torch.equal(a, x)
    assert torch.equal(x, kept)


@pytest.mark.parametrize(
    ("x", "kind", "strength", "said"),
    [
        (torch.full((2, 4), 1.01), "gaussian", 0.5, "pixels from 0 to 1"),
        (torch.full((2, 4), -0.01), "masking", 0.5, "pixels from 0 to 1"),
        (torch.full((2, 4), math.nan), "masking", 0.5, "pixels from 0 to 1"),
        (torch.zeros(0, 4), "masking", 0.5, "one or more"),
        (torch.zeros(2, 4, dtype=torch.uint8), "masking", 0.5, "divide bytes by 255"),
        (torch.zeros(2, 4), "blur", 0.5, "kind must be one of gaussian, masking"),
        (torch.zeros(2, 4), "masking", 1.01, "strength must be from 0 to 1"),
        (torch.zeros(2, 4), "gaussian", -0.1, "strength must be"),
        (torch.zeros(2, 4), "gaussian", math.inf, "finite"),
        (torch.zeros(2, 4), "gaussian", torch.zeros(3), "strength must be a number or"),
    ],
)
def test_corrupt_refuses(x: Tensor, kind: str, strength: float | Tensor, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ae.corrupt(x, kind, strength)


# -- the best denoiser -----------------------------------------------------------------------


def test_of_one_gaussian_it_is_a_line_through_the_mean() -> None:
    """Slope s² / (s² + σ²)."""
    x = torch.linspace(-4, 4, 9, dtype=torch.float64)[:, None]
    mean, s, sigma = torch.tensor([[0.5]]).double(), 1.5, 0.7
    want = 0.5 + s**2 / (s**2 + sigma**2) * (x - 0.5)
    torch.testing.assert_close(ae.posterior_mean(x, mean, sigma, s), want)


def test_the_slope_is_what_least_squares_finds() -> None:
    dice, s, sigma = Generator().manual_seed(0), 1.5, 0.7
    clean, noise = torch.randn(2, 200_000, 1, generator=dice, dtype=torch.float64)
    noisy = s * clean + sigma * noise
    slope = (noisy * s * clean).sum() / noisy.square().sum()
    best = ae.posterior_mean(torch.ones(1, 1).double(), torch.zeros(1, 1).double(), sigma, s)
    assert abs(slope.item() - best.item()) < 0.004


@pytest.mark.parametrize("spread", [0.0, 0.4])
@pytest.mark.parametrize("weighted", [False, True])
def test_its_arrows_are_the_gradient_of_the_log_density(spread: float, weighted: bool) -> None:
    dice, sigma = Generator().manual_seed(1), 0.6
    means, x = (torch.randn(n, 3, generator=dice, dtype=torch.float64) for n in (5, 8))
    weights = torch.arange(1.0, 6.0).double() if weighted else None
    parts = Independent(Normal(means, math.hypot(sigma, spread)), 1)
    shares = torch.ones(5).double() if weights is None else weights
    density = MixtureSameFamily(Categorical(shares), parts)
    x.requires_grad_()
    (score,) = torch.autograd.grad(density.log_prob(x).sum(), x)
    found = ae.posterior_mean(x, means, sigma, spread, weights) - x
    torch.testing.assert_close(found, sigma**2 * score)


def test_with_little_noise_the_nearest_point_is_found_however_far() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    x = torch.tensor([[0.4, 0.4], [300.0, 200.0]])
    torch.testing.assert_close(ae.posterior_mean(x, points, 0.01), points)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": torch.zeros(2, 4)}, "x and means must be"),
        ({"means": torch.zeros(0, 3)}, "K ≥ 1"),
        ({"sigma": 0.0}, "sigma must be > 0"),
        ({"sigma": math.nan}, "sigma must be > 0"),
        ({"spread": -1.0}, "spread ≥ 0"),
        ({"weights": torch.ones(3)}, r"weights must be \(K,\) = \(4,\)"),
        ({"weights": torch.tensor([1.0, 1.0, 0.0, 1.0])}, "positive"),
    ],
)
def test_posterior_mean_refuses(change: dict, said: str) -> None:
    given = {"x": torch.zeros(2, 3), "means": torch.zeros(4, 3), "sigma": 0.5} | change
    with pytest.raises(ValueError, match=said):
        ae.posterior_mean(**given)


# -- networks --------------------------------------------------------------------------------


@pytest.mark.parametrize(("latent", "hidden"), [(2, 32), (16, 64)])
def test_sizes_of_an_autoencoder_stand_in_its_tensors(latent: int, hidden: int) -> None:
    model = ae.Autoencoder(latent, hidden)
    tensors = model.state_dict()
    assert tensors["encoder.7.weight"].shape == (latent, hidden)
    assert tensors["decoder.0.weight"].shape == (hidden, latent)
    x = torch.rand(3, 1, 28, 28)
    z = model.encode(x)
    assert z.shape == (3, latent)
    torch.testing.assert_close(model.decode(z), model(x))
    model(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_what_the_page_loads_fits_into_its_budget() -> None:
    for network, most in ((ae.Autoencoder(2, 32), 120), (ae.Denoiser(), 70)):
        assert sum(p.numel() for p in network.parameters()) * 2 <= most * 1000


def test_a_denoiser_takes_any_even_size_and_changes_it_by_its_chain() -> None:
    model, x = ae.Denoiser(6, 2), 3 * torch.randn(2, 1, 12, 18)
    torch.testing.assert_close(model(x), x + model.layers(x))
    for p in model.parameters():
        torch.nn.init.zeros_(p)
    assert torch.equal(model(x), x)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ae.Autoencoder(0), "must be at least 1"),
        (lambda: ae.Encoder(2, 0), "hidden must be at least 1"),
        (lambda: ae.Decoder(2, 0), "hidden must be at least 1"),
        (lambda: ae.Denoiser(depth=0), "depth must be at least 1"),
        (lambda: ae.Autoencoder()(torch.zeros(2, 1, 28, 27)), r"x must be \(B, 1, 28, 28\)"),
        (lambda: ae.Autoencoder()(torch.zeros(2, 3, 28, 28)), "x must be"),
        (lambda: ae.Autoencoder()(torch.zeros(0, 1, 28, 28)), "B ≥ 1"),
        (lambda: ae.Autoencoder()(torch.zeros(2, 1, 28, 28).byte()), "floating point"),
        (lambda: ae.Autoencoder(2).decode(torch.zeros(2, 3)), r"z must be \(B, 2\)"),
        (lambda: ae.Denoiser()(torch.zeros(1, 1, 27, 28)), "even"),
        (lambda: ae.Denoiser()(torch.zeros(1, 2, 28, 28)), "x must be"),
        (lambda: ae.Denoiser()(torch.zeros(0, 1, 28, 28)), "not empty"),
        (lambda: ae.Denoiser()(torch.zeros(1, 1, 28, 28).byte()), "floating point"),
    ],
)
def test_networks_refuse(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
