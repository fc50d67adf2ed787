"""Right and wrong answers to exercise `nt_xent`."""

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
STABLE = "stable at temperature 0.01"
ALIKE = "views that are alike stay in the sum"
ALONE = "one image alone: its loss is 0"


@right("minus-infinity")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = z @ z.T / temperature
    logits.fill_diagonal_(float("-inf"))
    n = len(a)
    return F.cross_entropy(logits, (torch.arange(2 * n) + n) % (2 * n))


@right("large-negative")
def nt_xent(a, b, temperature):
    n = len(a)
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = z @ z.T / temperature
    logits = logits - 1e9 * torch.eye(2 * n, dtype=z.dtype)
    log_p = logits.log_softmax(1)
    i = torch.arange(n)
    return -(log_p[i, i + n].sum() + log_p[i + n, i].sum()) / (2 * n)


@right("loop")
def nt_xent(a, b, temperature):
    views = [v / v.norm() for v in torch.cat([a, b])]
    n, terms = len(a), []
    for i in range(2 * n):
        others = torch.stack([views[i] @ views[k] for k in range(2 * n) if k != i])
        positive = views[i] @ views[(i + n) % (2 * n)]
        terms.append(torch.logsumexp(others / temperature, 0) - positive / temperature)
    return torch.stack(terms).mean()


@right("diagonal-cut-out")
def nt_xent(a, b, temperature):
    z = torch.cat([a, b])
    z = z / z.norm(dim=1, keepdim=True)
    m = len(z)
    s = z @ z.T / temperature
    keep = ~torch.eye(m, dtype=torch.bool)
    others = s[keep].reshape(m, m - 1)
    positive = (z * z.roll(len(a), 0)).sum(1) / temperature
    return (others.logsumexp(dim=1) - positive).mean()


@right("positive-in-column-0")
def nt_xent(a, b, temperature):
    n = len(a)
    z = F.normalize(torch.stack([a, b], 1).flatten(0, 1), dim=1)  # interleaved
    s = z @ z.T
    image = torch.arange(2 * n) // 2
    alike = image[:, None] == image
    itself = torch.eye(2 * n, dtype=torch.bool)
    positive = s[alike & ~itself].view(2 * n, 1)
    negatives = s[~alike].view(2 * n, 2 * n - 2)
    logits = torch.cat([positive, negatives], 1) / temperature
    return F.cross_entropy(logits, torch.zeros(2 * n, dtype=torch.long))


@right("four-blocks")
def nt_xent(a, b, temperature):
    a, b = F.normalize(a), F.normalize(b)
    n = len(a)
    mask = torch.eye(n, dtype=torch.bool)
    aa = (a @ a.T / temperature).masked_fill(mask, -torch.inf)
    bb = (b @ b.T / temperature).masked_fill(mask, -torch.inf)
    ab = a @ b.T / temperature
    labels = torch.arange(n)
    loss_a = F.cross_entropy(torch.cat([ab, aa], 1), labels)
    loss_b = F.cross_entropy(torch.cat([ab.T, bb], 1), labels)
    return (loss_a + loss_b) / 2


@right("largest-subtracted")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat((a, b), dim=0), dim=-1)
    s = torch.mm(z, z.t()) / temperature
    s = s - s.detach().amax(1, keepdim=True)
    n2 = z.shape[0]
    partner = torch.arange(n2).roll(n2 // 2)
    # The largest is the view itself: the others may all be far below it.
    mask = 1 - torch.eye(n2, dtype=z.dtype)
    top = (s - 1e4 * (1 - mask)).detach().amax(1, keepdim=True)
    total = (mask * torch.exp((s - top).clamp(max=0))).sum(1)
    return -(s[torch.arange(n2), partner] - top[:, 0] - total.log()).mean()


@wrong("own-row", Exercise.WHOLE, "NaN or infinity")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)))


@wrong("overflow", STABLE, "too large for torch.float32")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    e = torch.exp(z @ z.T / temperature)
    e = e * (1 - torch.eye(len(z), dtype=z.dtype))
    positive = torch.exp((z * z.roll(len(a), 0)).sum(1) / temperature)
    return -torch.log(positive / e.sum(1)).mean()


@wrong("softmax-then-log", STABLE, "the loss is NaN or infinite")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    shares = (z @ z.T / temperature).fill_diagonal_(float("-inf")).softmax(1)
    return -torch.log(shares[torch.arange(len(z)), torch.arange(len(z)).roll(len(a))]).mean()


@wrong("itself-is-the-largest", STABLE, "shares are too small")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    s = (z @ z.T - 1) / temperature
    total = (s.exp() * (1 - torch.eye(len(z), dtype=z.dtype))).sum(1)
    return (total.log() - s[torch.arange(len(z)), torch.arange(len(z)).roll(len(a))]).mean()


@wrong("itself-subtracted", STABLE, "too large for torch.float32")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    total = torch.exp(z @ z.T / temperature).sum(1) - math.exp(1 / temperature)
    return (total.log() - (z * z.roll(len(a), 0)).sum(1) / temperature).mean()


@wrong("small-number-in-the-logarithm", STABLE, "inside the logarithm")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    shares = logits.softmax(1)[torch.arange(len(z)), torch.arange(len(z)).roll(len(a))]
    return -torch.log(shares + 1e-5).mean()


@wrong("b-detached", GRADIENTS, "no gradient of b")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b.detach()]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("negatives-detached", GRADIENTS, "at index")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T.detach() / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("a-number", GRADIENTS, "no gradient of a")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a))).item()


@wrong("one-in-a-row", KEEPS, "shape (1,), expected ()")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))[None]


@wrong("float32", KEEPS, "torch.float32 came out")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a))).float()


@wrong("in-place", KEEPS, "changed in place")
def nt_xent(a, b, temperature):
    a /= a.norm(dim=1, keepdim=True)
    b /= b.norm(dim=1, keepdim=True)
    z = torch.cat([a, b])
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("masked-by-value", ALIKE, "NaN or infinity")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    s = z @ z.T
    logits = s.masked_fill(s > 1 - 1e-6, -torch.inf) / temperature
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("squeezed", ALONE, "raised")
def nt_xent(a, b, temperature):
    a, b = a.squeeze(), b.squeeze()
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))
