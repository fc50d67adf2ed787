"""Right and wrong answers to exercise `evidence`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

PIXEL_ON = "what a pixel that is on says for a against b"


PIXEL_OFF = "a pixel that is off is evidence too"


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


@wrong("b-against-a", PIXEL_ON, "positive has to speak for a")
def evidence(x, log_on, log_off, a, b):
    return x * (log_on[b] - log_on[a]) + (1 - x) * (log_off[b] - log_off[a])


@wrong("summed", PIXEL_ON, "summed over the pixels")
def evidence(x, log_on, log_off, a, b):
    return x @ (log_on[a] - log_on[b]) + (1 - x) @ (log_off[a] - log_off[b])


@wrong("probabilities", PIXEL_ON, "the difference of probabilities")
def evidence(x, log_on, log_off, a, b):
    p = log_on.exp()
    return torch.where(x > 0.5, p[a] - p[b], p[b] - p[a])


@wrong("quotient", PIXEL_ON, "a quotient of logarithms")
def evidence(x, log_on, log_off, a, b):
    return torch.where(x > 0.5, log_on[a] / log_on[b], log_off[a] / log_off[b])


@wrong("one-class", PIXEL_ON, "only class a is counted")
def evidence(x, log_on, log_off, a, b):
    return torch.where(x > 0.5, log_on[a], log_off[a])


@wrong("on-pixels-only", PIXEL_OFF, "a pixel that is off says nothing")
def evidence(x, log_on, log_off, a, b):
    return x * (log_on[a] - log_on[b])


@wrong("opposite", PIXEL_OFF, "the opposite of one that is on")
def evidence(x, log_on, log_off, a, b):
    return (2 * x - 1) * (log_on[a] - log_on[b])


@wrong("double", "keeps the dtype and leaves its inputs alone", "torch.float64 came out")
def evidence(x, log_on, log_off, a, b):
    x, on, off = x.double(), log_on.double(), log_off.double()
    return x * (on[a] - on[b]) + (1 - x) * (off[a] - off[b])


@wrong("sorted-classes", "any two classes in any order", "positive has to speak for a")
def evidence(x, log_on, log_off, a, b):
    a, b = min(a, b), max(a, b)
    return x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])


@wrong("squeeze", "a single picture keeps its row", "shape")
def evidence(x, log_on, log_off, a, b):
    return (x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])).squeeze()
