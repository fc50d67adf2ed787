"""Right and wrong answers to exercise `importance_bound`."""

from __future__ import annotations

import math

import torch
from torch.distributions import Normal

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one sample, one image, one latent dimension"
DENSITIES = "both densities in full, summed over the latent dimensions"
GRADIENTS = "the gradient reaches log_likelihood, z, mean, log_variance"
KEEPS = "keeps the dtype and leaves its inputs alone"
STABLE = "stable: log likelihoods from −800 to 800"


@right("densities-in-full")
def importance_bound(log_likelihood, z, mean, log_variance):
    k = z.shape[0]
    log_p = (-0.5 * z**2 - 0.5 * math.log(2 * math.pi)).sum(-1)
    distance = (z - mean) ** 2 / log_variance.exp()
    log_q = (-0.5 * (distance + log_variance + math.log(2 * math.pi))).sum(-1)
    return torch.logsumexp(log_likelihood + log_p - log_q, dim=0) - math.log(k)


@right("constants-cancel")
def importance_bound(log_likelihood, z, mean, log_variance):
    noise = (z - mean) * (-log_variance / 2).exp()
    log_w = log_likelihood + 0.5 * (noise**2 - z**2 + log_variance).sum(2)
    return log_w.sub(math.log(len(log_w))).logsumexp(0)


@right("distributions")
def importance_bound(log_likelihood, z, mean, log_variance):
    q = Normal(mean, (log_variance / 2).exp())
    p = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    log_w = log_likelihood + (p.log_prob(z) - q.log_prob(z)).sum(2)
    return log_w.logsumexp(0) - torch.tensor(float(len(z)), dtype=z.dtype).log()


@right("largest-subtracted")
def importance_bound(log_likelihood, z, mean, log_variance):
    std = torch.exp(0.5 * log_variance)
    log_p = -0.5 * torch.einsum("kbz,kbz->kb", z, z)
    e = (z - mean) / std
    log_q = -0.5 * torch.einsum("kbz,kbz->kb", e, e) - torch.log(std).sum(1)
    log_w = log_likelihood + log_p - log_q
    top = log_w.max(dim=0).values.detach()
    return top + (log_w - top).exp().mean(dim=0).log()


@right("loop")
def importance_bound(log_likelihood, z, mean, log_variance):
    k, b, _ = z.shape
    out = []
    for i in range(b):
        total = None
        for j in range(k):
            log_w = log_likelihood[j, i] - (z[j, i] ** 2).sum() / 2
            e = (z[j, i] - mean[i]) ** 2 / log_variance[i].exp()
            log_w = log_w + (e + log_variance[i]).sum() / 2
            total = log_w if total is None else torch.logaddexp(total, log_w)
        out.append(total - math.log(k))
    return torch.stack(out)


@wrong("weights-without-logarithms", STABLE, "NaN or infinity")
def importance_bound(log_likelihood, z, mean, log_variance):
    log_p = -0.5 * (z**2).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    return torch.exp(log_likelihood + log_p - log_q).mean(0).log()


@wrong("largest-of-the-batch-subtracted", STABLE, "NaN or infinity")
def importance_bound(log_likelihood, z, mean, log_variance):
    log_p = -0.5 * (z**2).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    log_w = log_likelihood + log_p - log_q
    return torch.exp(log_w - log_w.max()).mean(0).log() + log_w.max()


@wrong("the-best-sample", Exercise.WHOLE, "at index")
def importance_bound(log_likelihood, z, mean, log_variance):
    log_p = -0.5 * (z**2).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    return (log_likelihood + log_p - log_q).amax(0)


@wrong("one-constant-alone", DENSITIES, "at index")
def importance_bound(log_likelihood, z, mean, log_variance):
    log_p = -0.5 * (z**2 + math.log(2 * math.pi)).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    return (log_likelihood + log_p - log_q).logsumexp(0) - math.log(len(z))


@wrong("two-samples-at-least", ALONE, "refuses this input")
def importance_bound(log_likelihood, z, mean, log_variance):
    if len(z) < 2:
        raise ValueError("a mean takes two samples")
    log_p = -0.5 * (z**2).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    return (log_likelihood + log_p - log_q).logsumexp(0) - math.log(len(z))


@wrong("squeezed", ALONE, "expected (1,)")
def importance_bound(log_likelihood, z, mean, log_variance):
    log_p = -0.5 * (z**2).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    return (log_likelihood + log_p - log_q).logsumexp(0).squeeze() - math.log(len(z))


@wrong("q-is-constant", GRADIENTS, "gradient of mean")
def importance_bound(log_likelihood, z, mean, log_variance):
    mean, log_variance = mean.detach(), log_variance.detach()
    log_p = -0.5 * (z**2).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    return (log_likelihood + log_p - log_q).logsumexp(0) - math.log(len(z))


@wrong("in-place", KEEPS, "changed in place")
def importance_bound(log_likelihood, z, mean, log_variance):
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    log_likelihood += -0.5 * (z**2).sum(2) - log_q
    return log_likelihood.logsumexp(0) - math.log(len(z))


@wrong("float32", KEEPS, "torch.float32 came out")
def importance_bound(log_likelihood, z, mean, log_variance):
    log_p = -0.5 * (z**2).sum(2)
    log_q = -0.5 * ((z - mean) ** 2 / log_variance.exp() + log_variance).sum(2)
    return (log_likelihood + log_p - log_q).float().logsumexp(0) - math.log(len(z))
