"""Right and wrong answers to exercise `evidence`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("two-terms")
def evidence(x, log_on, log_off, a, b):
    return x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])


@right("where")
def evidence(x, log_on, log_off, a, b):
    return torch.where(x > 0.5, log_on[a] - log_on[b], log_off[a] - log_off[b])


@right("two-classes")
def evidence(x, log_on, log_off, a, b):
    def said(k):
        return torch.lerp(log_off[k].expand_as(x), log_on[k].expand_as(x), x)

    return said(a) - said(b)


@right("stacked-tables")
def evidence(x, log_on, log_off, a, b):
    table = torch.stack((log_off, log_on), dim=-1)  # (K, D, 2)
    difference = table[a] - table[b]
    chosen = [difference[d, x[:, d].long()] for d in range(x.size(1))]
    return torch.stack(chosen, dim=1)


@wrong("double", "keeps the dtype and leaves its inputs alone", "torch.float64 came out")
def evidence(x, log_on, log_off, a, b):
    x, on, off = x.double(), log_on.double(), log_off.double()
    return x * (on[a] - on[b]) + (1 - x) * (off[a] - off[b])


@wrong("off-from-on", "pixels that are all but sure", "NaN or infinity")
def evidence(x, log_on, log_off, a, b):
    on, off = log_on[a] - log_on[b], torch.log1p(-log_on.exp())
    return torch.where(x == 1, on, off[a] - off[b])


@wrong("refuses-itself", Exercise.WHOLE, "refuses")
def evidence(x, log_on, log_off, a, b):
    if a == b:
        raise ValueError("two classes are compared")
    return x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])


@wrong("squeeze", Exercise.WHOLE, "expected one per pixel, (N, D)")
def evidence(x, log_on, log_off, a, b):
    return (x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])).squeeze(1)


@wrong("writes-into-its-tables", "keeps the dtype and leaves its inputs alone", "changed")
def evidence(x, log_on, log_off, a, b):
    on, off = log_on[a], log_off[a]
    on -= log_on[b]
    off -= log_off[b]
    return x * on + (1 - x) * off
