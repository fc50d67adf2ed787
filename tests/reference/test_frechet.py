"""The Fréchet distance beside its closed form, SciPy's root and known biases."""

import inspect

import numpy as np
import pytest
import scipy.linalg
import torch

from course_utils import data
from course_utils.reference import frechet
from course_utils.reference.cnn import LeNet
from course_utils.reference.frechet import frechet_distance, gaussian_distance, moments


def turned(eigenvalues: torch.Tensor, seed: int) -> torch.Tensor:
    """A covariance with these eigenvalues."""
    dice = torch.Generator().manual_seed(seed)
    n = len(eigenvalues)
    Q, _ = torch.linalg.qr(torch.randn(n, n, generator=dice, dtype=torch.float64))
    return Q * eigenvalues @ Q.T


def gaussians(n: int = 6) -> tuple[frechet.Moments, frechet.Moments]:
    dice = torch.Generator().manual_seed(0)
    m, k = torch.randn(2, n, generator=dice, dtype=torch.float64)
    a, b = torch.rand(2, n, generator=dice, dtype=torch.float64) + 0.1
    return (m, turned(a, 1)), (k, turned(b, 2))


def by_scipy(first: frechet.Moments, second: frechet.Moments) -> float:
    """As FID's first program has it."""
    (m, C), (n, K) = ([t.numpy() for t in moments] for moments in (first, second))
    root = scipy.linalg.sqrtm(C @ K).real
    return float(np.square(m - n).sum() + np.trace(C + K - 2 * root))


def test_it_equals_the_closed_form_of_gaussians_with_common_axes():
    """Σ (m − n)² + (σ − τ)², whatever way the axes point."""
    dice = torch.Generator().manual_seed(0)
    m, n = torch.randn(2, 5, generator=dice, dtype=torch.float64)
    s, t = torch.rand(2, 5, generator=dice, dtype=torch.float64)
    wanted = ((m - n).square() + (s - t).square()).sum().item()
    got = gaussian_distance((m, turned(s.square(), 1)), (n, turned(t.square(), 1)))
    assert got.item() == pytest.approx(wanted, rel=1e-12)


def test_it_equals_scipys_root():
    first, second = gaussians()
    wanted = by_scipy(first, second)
    assert gaussian_distance(first, second).item() == pytest.approx(wanted, rel=1e-11)
    assert gaussian_distance(second, first).item() == pytest.approx(wanted, rel=1e-11)


def test_moments_are_numpys():
    x = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    mean, covariance = moments(x)
    assert mean.dtype == covariance.dtype == torch.float64
    np.testing.assert_allclose(mean, x.double().mean(0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(x.double().numpy().T), rtol=1e-12)


def test_a_feature_that_is_always_0_changes_nothing():
    """Rounding gives its eigenvalue either sign; the root of a negative one is no number."""
    x, y = torch.randn(2, 300, 6, generator=torch.Generator().manual_seed(0)).double()
    y = 2 * y + 1
    dead = torch.zeros(300, 2, dtype=torch.float64)
    with_dead = frechet_distance(torch.cat([x, dead], 1), torch.cat([y, dead], 1))
    assert with_dead.item() == pytest.approx(frechet_distance(x, y).item(), rel=1e-12)


def test_features_that_say_the_same_have_a_root_too():
    """Such a covariance has no Cholesky factor."""
    x, y = torch.randn(2, 300, 5, generator=torch.Generator().manual_seed(0)).double()
    mix = torch.randn(5, 8, generator=torch.Generator().manual_seed(1)).double()
    first, second = moments(x @ mix), moments((2 * y + 1) @ mix)
    assert torch.linalg.matrix_rank(first[1]) == 5
    got = gaussian_distance(first, second).item()
    assert got == pytest.approx(gaussian_distance(second, first).item(), rel=1e-7)
    ridge = 1e-9 * torch.eye(8, dtype=torch.float64)
    ridged = by_scipy((first[0], first[1] + ridge), (second[0], second[1] + ridge))
    assert got == pytest.approx(ridged, rel=1e-4)


def test_one_set_is_at_distance_0_from_itself():
    x = torch.randn(300, 20, generator=torch.Generator().manual_seed(0))
    assert frechet_distance(x, x).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("number", "wanted"), [(100, 22.0), (1000, 2.2), (5000, 0.45)])
def test_few_samples_of_one_gaussian_look_far_apart(number, wanted):
    """Both of N(0, I₆₄): the true distance is 0."""
    dice = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, number, 64, generator=dice)
    assert frechet_distance(a, b).item() == pytest.approx(wanted, rel=0.08)


def test_gradients_move_features_together():
    x, y = torch.randn(2, 40, 3, generator=torch.Generator().manual_seed(0)).double()
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: frechet_distance(x, y + 1), x)


def test_too_few_images_are_refused_with_how_many_are_needed():
    enough = torch.randn(5, 4)
    assert frechet_distance(enough, enough + 1).item() == pytest.approx(4, rel=1e-6)
    with pytest.raises(ValueError, match="4 features need 5 images or more, not 4"):
        frechet_distance(enough, enough[:4])
    with pytest.raises(ValueError, match=r"features must be \(N, D\)"):
        moments(torch.zeros(100, 2, 2))
    with pytest.raises(ValueError, match="both need as many features, not 4 and 3"):
        frechet_distance(enough, enough[:, :3])


def test_features_are_those_before_the_last_layer_of_images_of_8_bits():
    torch.manual_seed(0)
    network = LeNet()
    images = data.fashion("test").images[:7].float() / 255
    features = frechet.lenet_features(network, images)
    assert features.shape == (7, 84)
    assert not features.requires_grad
    torch.testing.assert_close(network.layers[-1](features), network(images))
    little = (images + 0.4 / 255 * torch.rand_like(images)).clamp(max=1)
    assert torch.equal(frechet.lenet_features(network, little), features)


def test_images_of_another_range_are_refused():
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"images must be in 0 to 1; \(x \+ 1\) / 2"):
            frechet.lenet_features(LeNet(), torch.full((2, 1, 28, 28), wrong))


def test_nobody_calls_it_what_it_is_not():
    """The name FID belongs to Inception's features."""
    names = [name for name, _ in inspect.getmembers(frechet, inspect.isfunction)]
    assert not [name for name in names if "fid" in name.lower()]
    assert "never an FID" in " ".join(frechet.__doc__.split())
