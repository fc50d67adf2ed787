"""The ELBO and its terms beside torch's distributions, the bound beside a known log p(x)."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_utils.reference import vae

OUT_OF_RANGE = [-1000.0, 1000.0, math.nan, math.inf]


def normals(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def gaussian(mean: Tensor, log_variance: Tensor) -> Normal:
    return Normal(mean, (0.5 * log_variance).exp())


def leaves(*shapes: tuple[int, ...]) -> list[Tensor]:
    return [normals(*shape, seed=i).requires_grad_() for i, shape in enumerate(shapes)]


# -- reparameterisation ------------------------------------------------------------------------


def test_samples_have_the_mean_and_the_variance_asked_for() -> None:
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, -3.0]])
    noise = normals(100_000, 1, 2).float()
    z = vae.reparameterise(mean, log_variance, noise)
    torch.testing.assert_close(z.mean(0), mean, rtol=0, atol=0.02)
    torch.testing.assert_close(z.var(0), log_variance.exp(), rtol=0.02, atol=0)


def test_gradients_go_through_a_sample() -> None:
    mean, log_variance = leaves((3, 2), (3, 2))
    noise = normals(3, 2, seed=5)
    vae.reparameterise(mean, log_variance, noise).sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones_like(mean))
    want = 0.5 * (0.5 * log_variance.detach()).exp() * noise
    torch.testing.assert_close(log_variance.grad, want)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"noise": torch.zeros(3, 1)}, "noise must be of the shape of mean"),
        ({"noise": torch.zeros(2)}, "noise must be of the shape of mean"),
        ({"log_variance": torch.zeros(3, 1)}, r"mean and log_variance must be \(B, d\)"),
        ({"mean": torch.zeros(0, 2), "log_variance": torch.zeros(0, 2)}, "not empty"),
        ({"mean": torch.full((3, 2), math.inf)}, "mean must be finite"),
        *[({"log_variance": torch.full((3, 2), v)}, "log_variance") for v in OUT_OF_RANGE],
    ],
)
def test_reparameterise_refuses(change: dict, said: str) -> None:
    given = {name: torch.zeros(3, 2) for name in ("mean", "log_variance", "noise")} | change
    with pytest.raises(ValueError, match=said):
        vae.reparameterise(**given)


# -- the KL ------------------------------------------------------------------------------------


@pytest.mark.parametrize("prior", ["standard", "(d,)", "(B, d)"])
def test_the_kl_is_torchs_value_and_gradient(prior: str) -> None:
    shape = {"standard": (), "(d,)": (3,), "(B, d)": (4, 3)}[prior]
    given = leaves((4, 3), (4, 3), *[shape] * 2 * (prior != "standard"))
    other = given[2:] or [torch.zeros(()).double()] * 2
    want = kl_divergence(gaussian(*given[:2]), gaussian(*other)).sum(1)
    got = vae.gaussian_kl(*given)
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(
        torch.autograd.grad(got.sum(), given), torch.autograd.grad(want.sum(), given)
    )
    torch.testing.assert_close(vae.kl_terms(*given).sum(1), got)


def test_kls_known_by_hand() -> None:
    """½ μ² for unit variance; ½ (e − 2) for a log variance of 1, each number for itself."""
    mean, log_variance = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    want = torch.tensor([4.5 + (math.e - 2) / 2])
    torch.testing.assert_close(vae.gaussian_kl(mean, log_variance), want)
    nothing = vae.gaussian_kl(mean, log_variance, mean, log_variance)
    assert torch.equal(nothing, torch.zeros(1))


def test_near_the_prior_the_kl_keeps_its_digits() -> None:
    """½ · r² / 2 for a log variance r near 0, where e^r − 1 − r cancels."""
    r = torch.full((1, 1), 1e-3)
    torch.testing.assert_close(vae.gaussian_kl(torch.zeros(1, 1), r), torch.tensor([2.5e-7]),
                               rtol=1e-3, atol=0)  # fmt: skip


@pytest.mark.parametrize("value", OUT_OF_RANGE)
@pytest.mark.parametrize("name", ["log_variance", "prior_log_variance"])
def test_the_kl_refuses_variances_that_are_no_numbers(name: str, value: float) -> None:
    given = {key: torch.zeros(2, 3) for key in ("mean", "log_variance")}
    given[name] = torch.full((2, 3), value)
    with pytest.raises(ValueError, match=f"^{name} must have an exp"):
        vae.gaussian_kl(**given)


def test_the_kl_refuses_priors_of_other_shapes() -> None:
    for name in ("prior_mean", "prior_log_variance"):
        with pytest.raises(ValueError, match=f"{name} must be a number"):
            vae.gaussian_kl(torch.zeros(2, 3), torch.zeros(2, 3), **{name: torch.zeros(2)})
    with pytest.raises(ValueError, match="prior_mean must be finite"):
        vae.gaussian_kl(torch.zeros(2, 3), torch.zeros(2, 3), math.nan)


# -- the likelihood and the ELBO ---------------------------------------------------------------


def test_the_likelihood_is_torchs_and_a_sum_over_pixels() -> None:
    logits = normals(2, 4, 1, 3, 5)
    x = (normals(4, 1, 3, 5, seed=1) > 0).double()
    want = Bernoulli(logits=logits).log_prob(x.expand_as(logits)).flatten(2).sum(2)
    torch.testing.assert_close(vae.bernoulli_log_likelihood(x, logits), want)
    torch.testing.assert_close(vae.bernoulli_log_likelihood(x, logits[0]), want[0])


def test_logits_of_a_thousand_are_no_trouble() -> None:
    x = torch.tensor([[0.0, 1.0]])
    right, wrong = torch.tensor([[-1000.0, 1000.0]]), torch.tensor([[1000.0, -1000.0]])
    assert vae.bernoulli_log_likelihood(x, right).item() == 0
    assert vae.bernoulli_log_likelihood(x, wrong).item() == -2000
    half = vae.bernoulli_log_likelihood(x.half(), wrong.half())
    assert half.dtype == torch.float32
    assert half.item() == -2000


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_elbo_is_the_likelihood_less_the_weighted_kl(beta: float) -> None:
    logits, mean, log_variance = leaves((4, 1, 3, 5), (4, 2), (4, 2))
    x = torch.rand(4, 1, 3, 5, generator=Generator().manual_seed(1)).double()
    likelihood = vae.bernoulli_log_likelihood(x, logits)
    want = likelihood - beta * vae.gaussian_kl(mean, log_variance)
    got = vae.elbo(x, logits, mean, log_variance, beta)
    assert got.shape == (4,)
    torch.testing.assert_close(got, want)
    got.mean().backward()
    torch.testing.assert_close(logits.grad, (x - logits.detach().sigmoid()) / 4)
    torch.testing.assert_close(mean.grad, -beta * mean.detach() / 4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": torch.full((2, 1, 4, 4), 1.5)}, "pixels from 0 to 1"),
        ({"x": torch.full((2, 1, 4, 4), -0.5)}, "pixels from 0 to 1"),
        ({"x": torch.ones(2, 1, 4, 4).byte()}, "divide bytes by 255"),
        ({"logits": torch.full((2, 1, 4, 4), math.nan)}, "logits must be finite"),
        ({"logits": torch.zeros(2, 1, 4, 5)}, "x, logits and mean"),
        ({"mean": torch.zeros(3, 2), "log_variance": torch.zeros(3, 2)}, "x, logits and mean"),
        ({"log_variance": torch.full((2, 2), -1000.0)}, "log_variance must have an exp"),
        ({"mean": torch.full((2, 2), math.nan)}, "mean must be finite"),
        ({"beta": -1.0}, "beta must be ≥ 0"),
        ({"beta": math.nan}, "beta must be ≥ 0"),
        ({"beta": math.inf}, "beta must be ≥ 0"),
    ],
)
def test_the_elbo_refuses(change: dict, said: str) -> None:
    given = {
        "x": torch.zeros(2, 1, 4, 4), "logits": torch.zeros(2, 1, 4, 4),
        "mean": torch.zeros(2, 2), "log_variance": torch.zeros(2, 2),
    }  # fmt: skip
    with pytest.raises(ValueError, match=said):
        vae.elbo(**given | change)


def test_the_likelihood_refuses_what_does_not_fit() -> None:
    for logits in (torch.zeros(2, 5), torch.zeros(1, 3, 2, 4), torch.zeros(4)):
        with pytest.raises(ValueError, match="logits must be of the shape of x"):
            vae.bernoulli_log_likelihood(torch.zeros(2, 4), logits)
    with pytest.raises(ValueError, match="one or more"):
        vae.bernoulli_log_likelihood(torch.zeros(0, 4), torch.zeros(0, 4))


# -- the importance-weighted bound -------------------------------------------------------------


def known(k: int, images: int, mean: float, variance: float) -> Tensor:
    """L_k of x = 1 where z ~ N(0, 1), x | z ~ N(z, 1), with q = N(mean, variance)."""
    q = [torch.full((images, 1), v).double() for v in (mean, math.log(variance))]
    z = vae.reparameterise(*q, normals(k, images, 1, seed=k))
    likelihood = Normal(z.squeeze(-1), 1.0).log_prob(torch.ones(()).double())
    return vae.importance_bound(likelihood, z, *q)


LOG_P = -0.5 * math.log(4 * math.pi) - 0.25  # x ~ N(0, 2) at 1: −1.5155


@pytest.mark.parametrize("k", [1, 5, 50])
def test_with_the_posterior_one_sample_is_as_good_as_many(k: int) -> None:
    found = known(k, 20, 0.5, 0.5)
    torch.testing.assert_close(found, torch.full_like(found, LOG_P))


def test_with_the_prior_the_bound_rises_towards_the_truth() -> None:
    """L_1 is E log N(1; z, 1) = −½ log 2π − 1; L_5 and L_50 were measured by others."""
    assert round(LOG_P, 4) == -1.5155
    wanted = {1: -0.5 * math.log(2 * math.pi) - 1, 5: -1.557, 50: -1.519}
    means = {}
    for k, want in wanted.items():
        found = known(k, 500_000 // k + 20_000, 0.0, 1.0)
        means[k], error = found.mean().item(), found.std().item() / len(found) ** 0.5
        assert abs(means[k] - want) < 5 * error + 0.001 * (k > 1)
    assert means[1] < means[5] < means[50] < LOG_P


def test_one_sample_is_the_elbo_with_its_kl_estimated() -> None:
    z, mean, log_variance = normals(1, 4, 3), normals(4, 3, seed=1), normals(4, 3, seed=2)
    likelihood = normals(1, 4, seed=3)
    q = gaussian(mean, log_variance).log_prob(z).sum(-1)
    want = likelihood + Normal(0.0, 1.0).log_prob(z).sum(-1) - q
    torch.testing.assert_close(vae.importance_bound(likelihood, z, mean, log_variance), want[0])


def test_the_mean_of_weights_that_no_exp_can_hold() -> None:
    """log ((e^−2000 + e^−2001) / 2), and a sample without any likelihood counts as 0."""
    zero = torch.zeros(1, 1)
    for last, want in ((-2001.0, math.log1p(math.exp(-1))), (-math.inf, 0.0)):
        likelihood = torch.tensor([[-2000.0], [last]])
        found = vae.importance_bound(likelihood, torch.zeros(2, 1, 1), zero, zero)
        assert abs(found.item() - (-2000 + want - math.log(2))) < 1e-3


def test_gradients_of_the_bound_weigh_the_samples() -> None:
    """∂L_k / ∂ log p(x | z_i) is the normalised weight w_i."""
    likelihood, mean, log_variance = leaves((3, 2), (2, 4), (2, 4))
    z = normals(3, 2, 4, seed=7)
    vae.importance_bound(likelihood, z, mean, log_variance).sum().backward()
    with torch.no_grad():
        w = likelihood + Normal(0.0, 1.0).log_prob(z).sum(-1)
        w = (w - gaussian(mean, log_variance).log_prob(z).sum(-1)).softmax(0)
    torch.testing.assert_close(likelihood.grad, w)
    assert mean.grad.any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"log_likelihood": torch.zeros(4, 3)}, "log_likelihood and z"),
        ({"log_likelihood": torch.zeros(2)}, "log_likelihood and z"),
        ({"log_likelihood": torch.zeros(())}, "log_likelihood and z"),
        ({"log_likelihood": torch.zeros(0, 2), "z": torch.zeros(0, 2, 3)}, "k ≥ 1"),
        ({"z": torch.zeros(4, 2, 1)}, "log_likelihood and z"),
        ({"log_likelihood": torch.full((4, 2), math.nan)}, "must hold numbers"),
        ({"log_likelihood": torch.full((4, 2), math.inf)}, "must hold numbers"),
        ({"mean": torch.zeros(3)}, r"must be \(B, d\)"),
        ({"log_variance": torch.full((2, 3), -1000.0)}, "log_variance"),
    ],
)
def test_the_bound_refuses(change: dict, said: str) -> None:
    given = {
        "log_likelihood": torch.zeros(4, 2), "z": torch.zeros(4, 2, 3),
        "mean": torch.zeros(2, 3), "log_variance": torch.zeros(2, 3),
    }  # fmt: skip
    with pytest.raises(ValueError, match=said):
        vae.importance_bound(**given | change)


# -- active units and networks -----------------------------------------------------------------


def test_a_number_that_is_alike_for_all_images_is_not_active() -> None:
    means = torch.tensor([[5.0, 0.0, 0.0], [5.0, 0.15, 0.13]])  # variances 0, .01125, .00845
    assert vae.active_units(means).tolist() == [False, True, False]
    assert vae.active_units(means, least=0.02).tolist() == [False, False, False]


@pytest.mark.parametrize("means", [torch.zeros(1, 3), torch.zeros(3), torch.zeros(0, 3)])
def test_active_units_refuse_too_few_images(means: Tensor) -> None:
    with pytest.raises(ValueError, match="N ≥ 2"):
        vae.active_units(means)


def test_active_units_refuse_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="means must be finite"):
        vae.active_units(torch.full((3, 2), math.nan))


@pytest.mark.parametrize("make", [lambda: vae.VAE(3, 16), lambda: vae.MLPVAE(3, 16)])
def test_a_vae_gives_what_the_elbo_takes(make) -> None:
    torch.manual_seed(0)
    model = make()
    x, noise = torch.rand(4, 1, 28, 28), torch.randn(4, 3)
    logits, mean, log_variance = model(x, noise)
    assert logits.shape == x.shape
    z = vae.reparameterise(mean, log_variance, noise)
    torch.testing.assert_close(logits, model.decode(z))
    vae.elbo(x, logits, mean, log_variance).mean().neg().backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())
    assert not torch.equal(model(x)[0], model(x)[0])  # ε is drawn anew


def test_sizes_of_the_networks() -> None:
    page = vae.VAE(2, 32)
    assert page.state_dict()["encoder.7.weight"].shape == (4, 32)
    assert sum(p.numel() for p in page.parameters()) * 2 <= 120_000
    shapes = [tuple(p.shape) for p in vae.MLPVAE().parameters() if p.ndim == 2]
    assert shapes == [(500, 784), (500, 500), (100, 500), (500, 50), (500, 500), (784, 500)]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: vae.VAE(0), "must be at least 1"),
        (lambda: vae.MLPVAE(0), "latent must be at least 1"),
        (lambda: vae.MLPVAE(5, 0), "hidden must be at least 1"),
        (lambda: vae.VAE()(torch.zeros(2, 1, 27, 28)), r"x must be \(B, 1, 28, 28\)"),
        (lambda: vae.MLPVAE()(torch.zeros(2, 784)), r"x must be \(B, 1, 28, 28\)"),
        (lambda: vae.MLPVAE()(torch.zeros(2, 1, 28, 28).byte()), "floating point"),
        (lambda: vae.VAE().decode(torch.zeros(2, 3)), r"z must be \(B, 2\)"),
        (lambda: vae.MLPVAE(4).decode(torch.zeros(2, 3)), r"z must be \(B, 4\)"),
    ],
)
def test_networks_refuse(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
