"""Right and wrong answers to exercise `elbo`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one image, one pixel, one latent dimension"
BOUND = "a bound, one number an image"
GRADIENTS = "the gradient reaches logits, mean, log_variance"
KEEPS = "keeps the dtype and leaves its inputs alone"
PIXELS = "log likelihood: the sum over all pixels, from logits"
REFUSES = "refuses pixels outside 0 to 1"
STABLE = "stable: logits of ±1000"


@right("logsigmoid")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1: divide by 255")
    log_p = x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return log_p.sum(dim=1) - beta * kl.sum(dim=1)


@right("cross-entropy-with-logits")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if ((x < 0) | (x > 1)).any():
        raise ValueError("x")
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
    kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp(), dim=-1)
    return -(bce + beta * kl)


@right("softplus")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if not torch.equal(x, x.clamp(0, 1)):
        raise ValueError("x has pixels outside 0 to 1")
    likelihood = torch.einsum("bd,bd->b", x, logits) - F.softplus(logits).sum(1)
    half = torch.expm1(log_variance) - log_variance + mean * mean
    return likelihood - half.sum(1) * beta / 2


@right("two-classes")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.lt(0).any() or x.gt(1).any():
        raise ValueError("x has pixels outside 0 to 1")
    log_p = torch.stack([torch.zeros_like(logits), logits]).log_softmax(0)
    likelihood = (torch.stack([1 - x, x]) * log_p).sum((0, 2))
    variance = log_variance.exp()
    kl = ((variance + mean.square() - 1 - log_variance) / 2).sum(1)
    return torch.sub(likelihood, kl, alpha=beta)


@right("loop")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if not all(0 <= pixel <= 1 for pixel in x.flatten().tolist()):
        raise ValueError("x has pixels outside 0 to 1")
    out = []
    for pixels, ls, m, v in zip(x, logits, mean, log_variance, strict=True):
        zero = torch.zeros_like(ls)
        total = (pixels * ls - torch.logaddexp(zero, ls)).sum()
        for a, b in zip(m, v, strict=True):
            total = total - beta * (a**2 + b.exp() - b - 1) / 2
        out.append(total)
    return torch.stack(out)


@wrong("sigmoid-then-log", STABLE, "NaN or infinity")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    p = torch.sigmoid(logits)
    log_p = x * p.log() + (1 - x) * (1 - p).log()
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return log_p.sum(1) - beta * kl.sum(1)


@wrong("small-number", STABLE, "at index")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    p = torch.sigmoid(logits)
    log_p = x * (p + 1e-12).log() + (1 - x) * (1 - p + 1e-12).log()
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return log_p.sum(1) - beta * kl.sum(1)


@wrong("binary-cross-entropy", STABLE, "end at −100")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    bce = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none")
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return -bce.sum(1) - beta * kl.sum(1)


@wrong("mean-of-everything", BOUND, "for the whole batch")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum() / len(x)
    return -bce - beta * kl


@wrong("black-and-white", PIXELS, "at index")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    log_p = torch.where(x > 0.5, F.logsigmoid(logits), F.logsigmoid(-logits))
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return log_p.sum(1) - beta * kl.sum(1)


@wrong("large-pixels-alone", REFUSES + EVERY, "should raise a ValueError")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    log_p = x * logits - F.softplus(logits)
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return log_p.sum(1) - beta * kl.sum(1)


@wrong("strictly-between", Exercise.WHOLE, "refuses this input")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() <= 0 or x.max() >= 1:
        raise ValueError("pixels must lie in 0 to 1")
    log_p = x * logits - F.softplus(logits)
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return log_p.sum(1) - beta * kl.sum(1)


@wrong("squeezed", ALONE, "expected (1,)")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    log_p = x * logits - F.softplus(logits)
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return (log_p.sum(1) - beta * kl.sum(1)).squeeze()


@wrong("logits-detached", GRADIENTS, "no gradient of logits")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    bce = torch.nn.BCEWithLogitsLoss(reduction="none")(logits.data, x).sum(1)
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return -bce - beta * kl.sum(1)


@wrong("float32", KEEPS, "torch.float32 came out")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    log_p = x * logits - F.softplus(logits)
    kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1)
    return (log_p.sum(1) - beta * kl.sum(1)).float()


@wrong("squared-in-place", KEEPS, "changed in place")
def elbo(x, logits, mean, log_variance, beta=1.0):
    if x.min() < 0 or x.max() > 1:
        raise ValueError("pixels must lie in 0 to 1")
    kl = 0.5 * (mean.pow_(2) + log_variance.exp() - log_variance - 1)
    log_p = x * logits - F.softplus(logits)
    return log_p.sum(1) - beta * kl.sum(1)
