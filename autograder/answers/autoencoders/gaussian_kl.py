"""Right and wrong answers to exercise `gaussian_kl`."""

from __future__ import annotations

import torch
from torch.distributions import Normal, kl_divergence

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one image, or one latent dimension"
GRADIENTS = "the gradient reaches mean, log_variance, prior_mean, prior_log_variance"
KEEPS = "keeps the dtype and leaves its inputs alone"
SUMMED = "summed over the latent dimensions, one number an image"
TINY = "tiny variances, and equal Gaussians"


@right("formula")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    variance, prior_variance = log_variance.exp(), prior_log_variance.exp()
    terms = (
        prior_log_variance
        - log_variance
        + (variance + (mean - prior_mean) ** 2) / prior_variance
        - 1
    )
    return 0.5 * terms.sum(dim=1)


@right("ratio")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    r = log_variance - prior_log_variance
    shift = (mean - prior_mean).square() / prior_log_variance.exp()
    return (torch.expm1(r) - r + shift).sum(-1) / 2


@right("standard-deviations")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    s, s0 = (log_variance / 2).exp(), (prior_log_variance / 2).exp()
    log_ratio = prior_log_variance / 2 - log_variance / 2
    terms = log_ratio + ((s / s0) ** 2 + ((mean - prior_mean) / s0) ** 2) / 2 - 0.5
    return torch.einsum("bz->b", terms)


@right("entropies")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    """The cross-entropy of p less the entropy of q."""
    z = mean.shape[1]
    distance = log_variance.exp() + (mean - prior_mean) ** 2
    cross = (distance * torch.exp(-prior_log_variance) + prior_log_variance).sum(1)
    return 0.5 * (cross - log_variance.sum(1) - z)


@right("loop")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    prior_mean = prior_mean.expand_as(mean)
    prior_log_variance = prior_log_variance.expand_as(mean)
    out = []
    for row in zip(mean, log_variance, prior_mean, prior_log_variance, strict=True):
        total = 0
        for m, v, m0, v0 in zip(*row, strict=True):
            total = total + (v0 - v + torch.exp(v - v0) + (m - m0) ** 2 / v0.exp() - 1) / 2
        out.append(total)
    return torch.stack(out)


@wrong("distributions", Exercise.WHOLE, "torch.distributions")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    q = Normal(mean, (log_variance / 2).exp())
    p = Normal(prior_mean, (prior_log_variance / 2).exp())
    return kl_divergence(q, p).sum(1)


@wrong("sampled", Exercise.WHOLE, "at index")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    z = mean + (log_variance / 2).exp() * torch.randn(4000, *mean.shape, dtype=mean.dtype)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance)
    log_p = -0.5 * ((z - prior_mean) ** 2 / prior_log_variance.exp() + prior_log_variance)
    return (log_q - log_p).sum(2).mean(0)


@wrong("rows-alone", Exercise.WHOLE, "raised")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    rows = zip(mean, log_variance, prior_mean, prior_log_variance, strict=True)
    terms = [v0 - v + ((v - v0).exp() + (m - m0) ** 2 / v0.exp()) - 1 for m, v, m0, v0 in rows]
    return torch.stack([0.5 * row.sum() for row in terms])


@wrong("a-column", SUMMED, "shape (3, 1), expected (3,)")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    r = log_variance - prior_log_variance
    shift = (mean - prior_mean).square() / prior_log_variance.exp()
    return 0.5 * (r.exp() - r + shift - 1).sum(1, keepdim=True)


@wrong("prior-detached", GRADIENTS, "no gradient of prior_mean")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    prior_mean, prior_log_variance = prior_mean.detach(), prior_log_variance.detach()
    r = log_variance - prior_log_variance
    shift = (mean - prior_mean).square() / prior_log_variance.exp()
    return 0.5 * (r.exp() - r + shift - 1).sum(1)


@wrong("logarithm-of-a-guarded-variance", TINY, "at index")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    variance, prior_variance = log_variance.exp(), prior_log_variance.exp()
    ratio = torch.log((prior_variance + 1e-12) / (variance + 1e-12))
    return 0.5 * (ratio + (variance + (mean - prior_mean) ** 2) / prior_variance - 1).sum(1)


@wrong("squeezed", ALONE, "expected (1,)")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    r = log_variance - prior_log_variance
    shift = (mean - prior_mean).square() / prior_log_variance.exp()
    return 0.5 * (r.exp() - r + shift - 1).sum(1).squeeze()


@wrong("float32", KEEPS, "torch.float32 came out")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    r = log_variance - prior_log_variance
    shift = (mean - prior_mean).square() / prior_log_variance.exp()
    return 0.5 * (r.exp() - r + shift - 1).sum(1).float()


@wrong("float32-inside", KEEPS, "about seven digits")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    ratio = torch.exp((log_variance - prior_log_variance).float())
    shift = (mean - prior_mean).square() / prior_log_variance.exp()
    return 0.5 * (ratio + prior_log_variance - log_variance + shift - 1).sum(1)


@wrong("in-place", KEEPS, "changed in place")
def gaussian_kl(mean, log_variance, prior_mean, prior_log_variance):
    mean -= prior_mean
    r = log_variance - prior_log_variance
    return 0.5 * (r.exp() - r + mean**2 / prior_log_variance.exp() - 1).sum(1)
