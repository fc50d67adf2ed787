"""Right and wrong answers to exercise `alignment_and_uniformity`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches a, b"
KEEPS = "a tensor without axes of the dtype that came in; inputs stay as they are"
COLLAPSED = "collapsed: both are 0"


@right("pdist")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    alignment = (a - b).norm(dim=1).pow(2).mean()
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return alignment, uniformity


@right("cosines")
def alignment_and_uniformity(a, b, t=2.0):
    z = torch.cat([a, b])
    z = z / z.norm(dim=1, keepdim=True)
    d = 2 - 2 * z @ z.T
    m = len(z)
    others = d[~torch.eye(m, dtype=torch.bool)]
    return d.diagonal(len(a)).mean(), torch.logsumexp(-t * others, 0) - math.log(m * (m - 1))


@right("loop")
def alignment_and_uniformity(a, b, t=2.0):
    a = [v / v.norm() for v in a]
    b = [v / v.norm() for v in b]
    alignment = sum(((p - q) ** 2).sum() for p, q in zip(a, b, strict=True)) / len(a)
    z, total, pairs = a + b, 0, 0
    for i in range(len(z)):
        for j in range(i):
            total = total + torch.exp(-t * ((z[i] - z[j]) ** 2).sum())
            pairs += 1
    return [alignment, torch.log(total / pairs)]


@right("differences")
def alignment_and_uniformity(a, b, t=2.0):
    z = F.normalize(torch.stack([a, b]), dim=-1)
    alignment = (z[0] - z[1]).square().sum(-1).mean()
    z = z.flatten(0, 1)
    i, j = torch.triu_indices(len(z), len(z), 1)
    uniformity = ((z[i] - z[j]).square().sum(1) * -t).exp().mean().log()
    return torch.stack([alignment, uniformity])


@right("cdist-without-the-diagonal")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a), F.normalize(b)
    z = torch.cat([a, b])
    m = len(z)
    potential = torch.exp(-t * torch.cdist(z, z) ** 2)
    uniformity = torch.log((potential.sum() - m) / (m * (m - 1)))
    return F.mse_loss(a, b, reduction="sum") / len(a), uniformity


@wrong("alignment-alone-normalised", Exercise.WHOLE, "value 2")
def alignment_and_uniformity(a, b, t=2.0):
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (F.normalize(a) - F.normalize(b)).square().sum(1).mean(), uniformity


@wrong("their-sum", Exercise.WHOLE, "expected 2 values")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean() + uniformity


@wrong("float32", KEEPS, "torch.float32 came out")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("root-of-rounding", COLLAPSED, "NaN")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    z = torch.cat([a, b])
    d2 = 2 - 2 * z @ z.T
    others = d2[~torch.eye(len(z), dtype=torch.bool)].sqrt()
    uniformity = (-t * others**2).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("numbers", GRADIENTS, "no gradient of a")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean().item(), uniformity.item()


@wrong("b-detached", GRADIENTS, "no gradient of b")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b.detach(), dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("one-in-a-row", KEEPS, "shape (1,), expected ()")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    alignment = (a - b).square().sum(1).mean(0, keepdim=True)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean(0, keepdim=True)
    return alignment, uniformity.log()
