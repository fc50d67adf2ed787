"""Chapter 11's definitions against torch and the reference."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from autograder.boundary.wire import Packer
from course_utils.checks import autoencoders as checks
from course_utils.checks.autoencoders.denoiser import cleaned, task
from course_utils.checks.autoencoders.denoising_loss import restored
from course_utils.checks.autoencoders.elbo import bounded
from course_utils.checks.autoencoders.encoded import encoded
from course_utils.checks.autoencoders.gaussian_kl import divergence, two
from course_utils.checks.autoencoders.importance_bound import samples, tightened
from course_utils.checks.autoencoders.pca_reconstruct import cloud, projected
from course_utils.checks.autoencoders.reparameterise import moved
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.reference import autoencoders, vae


def normal(mean: Tensor, log_variance: Tensor) -> Normal:
    return Normal(mean, (log_variance / 2).exp())


@pytest.mark.parametrize("k", [0, 1, 3, 5])
def test_reconstructions_are_those_of_the_reference(k):
    train, x = cloud(Draw(k), 9, 5, 4)
    mine = projected(train, x, k)
    torch.testing.assert_close(
        mine, autoencoders.reconstruct(x, *autoencoders.pca(train, k)), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("sizes", [(12, 5), (4, 9), (6, 6)])
def test_no_two_directions_of_a_cloud_have_the_same_variance(sizes):
    """Else the k directions of largest variance would not be determined."""
    train, _ = cloud(Draw(0), *sizes, 1)
    n, d = sizes
    s = torch.linalg.svdvals(train - train.mean(0))[: min(n - 1, d)]
    torch.testing.assert_close(s[:-1] / s[1:], torch.full_like(s[1:], 1.4))


def test_the_denoising_loss_is_torch_s_sum_of_squares():
    params, x, noise, sigma, mask = task(Draw(1), 4, 6, 0.7)
    y = torch.where(mask, 0, x + sigma * noise)
    want = F.mse_loss(cleaned(params, y), x, reduction="sum") / 4
    torch.testing.assert_close(restored(params, x, noise, sigma, mask), want)


def test_samples_are_those_of_the_reference():
    mean, log_variance, *_ = two(Draw(2), 3, 4)
    noise = Draw(3).normal(5, 3, 4)
    mine = moved(mean, log_variance, noise)
    torch.testing.assert_close(mine, vae.reparameterise(mean, log_variance, noise))


@pytest.mark.parametrize("prior", [(), (4,)])
def test_the_divergence_is_torch_s_and_the_reference_s(prior):
    given = two(Draw(4), 3, 4, *prior)
    want = kl_divergence(normal(*given[:2]), normal(*given[2:])).sum(1)
    torch.testing.assert_close(divergence(*given), want)
    torch.testing.assert_close(vae.gaussian_kl(*given), want)


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_the_bound_is_that_of_torch_and_the_reference(beta):
    x, logits, mean, log_variance = encoded(Draw(5), 3, 6, 4)
    log_p = Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(1)
    q, prior = normal(mean, log_variance), Normal(torch.zeros_like(mean), 1.0)
    mine = bounded(x, logits, mean, log_variance, beta)
    torch.testing.assert_close(mine, log_p - beta * kl_divergence(q, prior).sum(1))
    torch.testing.assert_close(mine, vae.elbo(x, logits, mean, log_variance, beta))


def test_the_bound_of_k_samples_is_that_of_torch_and_the_reference():
    log_likelihood, z, mean, log_variance = given = samples(Draw(6), 7, 3, 2)
    prior = Normal(torch.zeros_like(mean), 1.0)
    log_w = prior.log_prob(z) - normal(mean, log_variance).log_prob(z)
    want = (log_likelihood + log_w.sum(2)).exp().mean(0).log()
    torch.testing.assert_close(tightened(*given), want)
    torch.testing.assert_close(vae.importance_bound(*given), want)


@pytest.mark.parametrize("name", checks.__all__)
def test_arguments_cross_to_the_process_of_the_answer(name):
    """A network is a dictionary of weights: functions stay on this side."""
    exercise = getattr(checks, name)
    for probe in exercise.probes(Exercise.WHOLE):
        assert Packer().pack([probe.args, dict(probe.kwargs)])
