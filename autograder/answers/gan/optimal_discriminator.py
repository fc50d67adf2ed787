"""Right and wrong answers to exercise `optimal_discriminator`."""

from __future__ import annotations

import math

import torch
from torch.special import entr, xlogy

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENT = "the gradient reaches p and q"
KEEPS = "gives the dtype that came in; inputs stay as they are"
REFUSES = "refuses what is no density"
ZEROS = "0 log 0 is 0, and D is ½ where both are 0"


@right("xlogy")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("p and q must be 0 or more, with the sum 1")
    total = p + q
    d = torch.where(total > 0, p / total, torch.full_like(p, 0.5))
    other = torch.where(total > 0, q / total, torch.full_like(p, 0.5))
    return d, torch.xlogy(p, d).sum() + torch.xlogy(q, other).sum()


@right("jensen-shannon")
def optimal_discriminator(p, q):
    if min(p.min(), q.min()) < 0:
        raise ValueError("a density is not negative")
    if max((p.sum() - 1).abs(), (q.sum() - 1).abs()) > 1e-4:
        raise ValueError("a density sums to 1")
    m = (p + q) / 2
    jsd = entr(m).sum() - (entr(p).sum() + entr(q).sum()) / 2
    nowhere = m == 0
    d = (p + nowhere) / (2 * m + 2 * nowhere)
    return d, 2 * jsd - math.log(4)


@right("place-by-place")
def optimal_discriminator(p, q):
    if not all((x >= 0).all() and torch.isclose(x.sum(), torch.ones_like(x[0]), 0, 1e-4)
               for x in (p, q)):  # fmt: skip
        raise ValueError("no density")
    d, value = [], p.new_zeros(())
    for a, b in zip(p, q, strict=True):
        d.append(a / (a + b) if a + b > 0 else p.new_tensor(0.5))
        if a > 0:
            value = value + a * torch.log(a / (a + b))
        if b > 0:
            value = value + b * torch.log(b / (a + b))
    return torch.stack(d), value


@right("only-where-something-is")
def optimal_discriminator(p, q):
    both = torch.stack([p, q])
    if bool((both < 0).any()) or bool(((both.sum(1) - 1).abs() > 1e-4).any()):
        raise ValueError("p and q must be probabilities")
    shares = torch.full_like(both, 0.5)
    there = both.sum(0) > 0
    shares[:, there] = both[:, there] / both[:, there].sum(0)
    logs = shares.masked_fill(both == 0, 1).log()
    return shares[0], (both * logs).sum()


@wrong("nan-at-zeros", ZEROS, "0 · log 0 gives NaN")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, (p * d.log()).sum() + (q * (q / (p + q)).log()).sum()


@wrong("small-number-in-both", ZEROS, "expected")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    p, q = p + 1e-12, q + 1e-13
    d = p / (p + q)
    return d, (p * d.log()).sum() + (q * (q / (p + q)).log()).sum()


@wrong("one-minus-d", "a place where fakes are very rare beside real images", "rounded to 0")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, xlogy(p, d).sum() + xlogy(q, 1 - d).sum()


@wrong("only-the-sum-is-checked", REFUSES + EVERY, "a negative density should raise")
def optimal_discriminator(p, q):
    for x in (p, q):
        if abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, xlogy(p, d).sum() + xlogy(q, q / (p + q).clamp(min=1e-30)).sum()


@wrong("only-p-is-checked", REFUSES + EVERY, "ValueError")
def optimal_discriminator(p, q):
    if (p < 0).any() or abs(p.sum() - 1) > 1e-4:
        raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, xlogy(p, d).sum() + xlogy(q, q / (p + q).clamp(min=1e-30)).sum()


@wrong("sums-of-exactly-1", REFUSES + EVERY, "a ValueError was raised, but")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-9 * (1 + 1e3 * (x.dtype == torch.float32)):
            raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, xlogy(p, d).sum() + xlogy(q, q / (p + q).clamp(min=1e-30)).sum()


@wrong("detached", GRADIENT, "the value has no gradient")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    p, q = p.detach(), q.detach()
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, xlogy(p, d).sum() + xlogy(q, q / (p + q).clamp(min=1e-30)).sum()


@wrong("a-number", GRADIENT, "the value has no gradient")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    value = xlogy(p, d).sum() + xlogy(q, q / (p + q).clamp(min=1e-30)).sum()
    return d, torch.tensor(value.item(), dtype=p.dtype)


@wrong("float32", KEEPS, "torch.float32 came out")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    return d, (xlogy(p, d).sum() + xlogy(q, q / (p + q).clamp(min=1e-30)).sum()).float()


@wrong("in-place", KEEPS, "changed in place")
def optimal_discriminator(p, q):
    for x in (p, q):
        if (x < 0).any() or abs(x.sum() - 1) > 1e-4:
            raise ValueError("no density")
    d = torch.where(p + q > 0, p / (p + q), torch.full_like(p, 0.5))
    if not p.requires_grad:
        p.clamp_(min=1e-9)
    return d, xlogy(p, d).sum() + xlogy(q, q / (p + q).clamp(min=1e-30)).sum()
