"""Right and wrong answers to exercise `alignment_and_uniformity`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

ALIGNMENT = "alignment: the mean squared distance of partners"


UNIFORMITY = "uniformity: the log of the mean of exp(−t d²)"


UNIT = "rows have length 1"


PAIRS = "over all pairs of all 2N rows"


FIRST = "alignment first, scalars of the inputs' dtype"


T = "t is 2 unless it is given"


COLLAPSED = "collapsed: both are 0"


BOTH = "gradients reach both views"


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


@wrong("not-squared", ALIGNMENT, "the distance is not squared")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).norm(dim=1).mean(), uniformity


@wrong("mse", ALIGNMENT, "averaged over the D numbers")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return F.mse_loss(a, b), uniformity


@wrong("half", ALIGNMENT, "halved")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (1 - (a * b).sum(1)).mean(), uniformity


@wrong("sum", ALIGNMENT, "summed over the pictures")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(), uniformity


@wrong("mean-of-logs", UNIFORMITY, "the mean of the logarithms")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().log().mean()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("no-log", UNIFORMITY, "the logarithm is missing")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("sign-of-t", UNIFORMITY, "the sign of t is wrong")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("uniformity-not-squared", UNIFORMITY, "the distance is not squared")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("not-normalised", UNIT, "not normalised")
def alignment_and_uniformity(a, b, t=2.0):
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("batch-axis", UNIT, "normalised over the batch axis")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=0), F.normalize(b, dim=0)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("alignment-alone-normalised", UNIT, "uniformity, a and b")
def alignment_and_uniformity(a, b, t=2.0):
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (F.normalize(a) - F.normalize(b)).square().sum(1).mean(), uniformity


@wrong("with-itself", PAIRS, "each row is paired with itself as well")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    z = torch.cat([a, b])
    uniformity = torch.cdist(z, z).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("a-alone", PAIRS, "only the rows of a")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(a).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("mean-of-two", PAIRS, "the mean of a's uniformity and b's")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    both = [torch.pdist(z).pow(2).mul(-t).exp().mean().log() for z in (a, b)]
    return (a - b).square().sum(1).mean(), sum(both) / 2


@wrong("across", PAIRS, "only pairs of a row of a and one of b")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.cdist(a, b).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("uniformity-first", FIRST, "uniformity comes first")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return uniformity, (a - b).square().sum(1).mean()


@wrong("their-sum", ALIGNMENT, "expected two: alignment, uniformity")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean() + uniformity


@wrong("float32", FIRST, "torch.float32 came out")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("always-2", T, "t is ignored, always 2")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-2).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("root-of-rounding", COLLAPSED, "NaN")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    z = torch.cat([a, b])
    d2 = 2 - 2 * z @ z.T
    others = d2[~torch.eye(len(z), dtype=torch.bool)].sqrt()
    uniformity = (-t * others**2).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("numbers", BOTH, "the result has no gradient")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean().item(), uniformity.item()


@wrong("b-detached", BOTH, "no gradient reaches b")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b.detach(), dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity
