"""Right and wrong answers to exercise `gan_losses`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches real_logits, fake_logits"
KEEPS = "gives the dtype that came in; inputs stay as they are"
STABLE = "stable: logits of ±1000"
STEEP = "stable: gradients at logits of ±1000"


@right("logsigmoid")
def gan_losses(real_logits, fake_logits, saturating):
    d_loss = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()
    if saturating:
        return d_loss, F.logsigmoid(-fake_logits).mean()
    return d_loss, -F.logsigmoid(fake_logits).mean()


@right("softplus")
def gan_losses(real_logits, fake_logits, saturating):
    fooled = F.softplus(fake_logits).mean()
    d_loss = F.softplus(-real_logits).mean() + fooled
    return d_loss, -fooled if saturating else F.softplus(-fake_logits).mean()


@right("labels")
def gan_losses(real_logits, fake_logits, saturating):
    loss = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones_like, torch.zeros_like
    d_loss = loss(real_logits, ones(real_logits)) + loss(fake_logits, zeros(fake_logits))
    label = zeros(fake_logits) if saturating else ones(fake_logits)
    return [d_loss, (1 - 2 * saturating) * loss(fake_logits, label)]


@right("two-classes")
def gan_losses(real_logits, fake_logits, saturating):
    def log_p(logits):
        return torch.stack([logits, torch.zeros_like(logits)], dim=1).log_softmax(dim=1)

    real, fake = log_p(real_logits), log_p(fake_logits)
    d_loss = -real[:, 0].sum() / len(real) - fake[:, 1].sum() / len(fake)
    return d_loss, fake[:, 1].mean() if saturating else -fake[:, 0].mean()


@right("one-by-one")
def gan_losses(real_logits, fake_logits, saturating):
    def minus_log(logit):
        return torch.logaddexp(torch.zeros((), dtype=logit.dtype), -logit)

    d_loss = sum(minus_log(l) for l in real_logits) / len(real_logits)
    d_loss = d_loss + sum(minus_log(-l) for l in fake_logits) / len(fake_logits)
    terms = [-minus_log(-l) if saturating else minus_log(l) for l in fake_logits]
    return torch.stack([d_loss, torch.stack(terms).mean()])


@wrong("sigmoid-then-log", STABLE, "NaN or infinity")
def gan_losses(real_logits, fake_logits, saturating):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    d_loss = -torch.log(real).mean() - torch.log(1 - fake).mean()
    return d_loss, torch.log(1 - fake).mean() if saturating else -torch.log(fake).mean()


@wrong("log-stops-at-minus-100", STABLE, "expected")
def gan_losses(real_logits, fake_logits, saturating):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    ones, zeros = torch.ones_like, torch.zeros_like
    d_loss = F.binary_cross_entropy(real, ones(real))
    d_loss = d_loss + F.binary_cross_entropy(fake, zeros(fake))
    if saturating:
        return d_loss, -F.binary_cross_entropy(fake, zeros(fake))
    return d_loss, F.binary_cross_entropy(fake, ones(fake))


@wrong("clamped", STABLE, "expected")
def gan_losses(real_logits, fake_logits, saturating):
    real = torch.sigmoid(real_logits).clamp(1e-7, 1 - 1e-7)
    fake = torch.sigmoid(fake_logits).clamp(1e-7, 1 - 1e-7)
    d_loss = -torch.log(real).mean() - torch.log(1 - fake).mean()
    return d_loss, torch.log(1 - fake).mean() if saturating else -torch.log(fake).mean()


@wrong("both-branches-have-a-gradient", STEEP, "NaN")
def gan_losses(real_logits, fake_logits, saturating):
    def log_sigmoid(x):
        return torch.where(x > 0, -torch.log1p(torch.exp(-x)), x - torch.log1p(torch.exp(x)))

    d_loss = -log_sigmoid(real_logits).mean() - log_sigmoid(-fake_logits).mean()
    if saturating:
        return d_loss, log_sigmoid(-fake_logits).mean()
    return d_loss, -log_sigmoid(fake_logits).mean()


@wrong("g-without-gradient", GRADIENTS, "fake_logits")
def gan_losses(real_logits, fake_logits, saturating):
    d_loss = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()
    fake = fake_logits.detach()
    return d_loss, F.logsigmoid(-fake).mean() if saturating else -F.logsigmoid(fake).mean()


@wrong("d-without-gradient-of-fakes", GRADIENTS, "fake_logits")
def gan_losses(real_logits, fake_logits, saturating):
    fake = fake_logits.detach()
    d_loss = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake).mean()
    if saturating:
        return d_loss, F.logsigmoid(-fake_logits).mean()
    return d_loss, -F.logsigmoid(fake_logits).mean()


@wrong("numbers", GRADIENTS, "no gradient of real_logits")
def gan_losses(real_logits, fake_logits, saturating):
    d_loss = -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()
    sign = -1 if saturating else 1
    return d_loss.item(), -sign * F.logsigmoid(sign * fake_logits).mean().item()


@wrong("float32", KEEPS, "torch.float32 came out")
def gan_losses(real_logits, fake_logits, saturating):
    real, fake = real_logits.float(), fake_logits.float()
    d_loss = -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean()
    return d_loss, F.logsigmoid(-fake).mean() if saturating else -F.logsigmoid(fake).mean()


@wrong("in-place", KEEPS, "changed in place")
def gan_losses(real_logits, fake_logits, saturating):
    g_loss = F.softplus(fake_logits) if saturating else F.softplus(-fake_logits)
    d_loss = F.softplus(real_logits.detach().neg_()).mean() + F.softplus(fake_logits).mean()
    return d_loss, -g_loss.mean() if saturating else g_loss.mean()
