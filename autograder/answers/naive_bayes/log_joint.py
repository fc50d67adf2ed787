"""Right and wrong answers to exercise `log_joint`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("matrix-product")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior + x @ log_on.T + (1 - x) @ log_off.T


@right("loop")
def log_joint(x, log_prior, log_on, log_off):
    columns = []
    for k in range(len(log_prior)):
        terms = torch.where(x == 1, log_on[k], log_off[k])
        columns.append(log_prior[k] + terms.sum(1))
    return torch.stack(columns, dim=1)


@right("base-and-difference")
def log_joint(x, log_prior, log_on, log_off):
    base = log_off.sum(dim=1) + log_prior
    return torch.einsum("nd,kd->nk", x, log_on - log_off) + base


@right("picks-by-index")
def log_joint(x, log_prior, log_on, log_off):
    both = torch.stack([log_off, log_on])  # (2, K, D)
    pixel = torch.arange(x.shape[1])
    rows = [both[image.long(), :, pixel].sum(0) + log_prior for image in x]
    return torch.stack(rows)


@wrong("double", "keeps the dtype and leaves its inputs alone", "torch.float64 came out")
def log_joint(x, log_prior, log_on, log_off):
    x = x.double()
    return log_prior.double() + x @ log_on.double().T + (1 - x) @ log_off.double().T


@wrong(
    "writes-into-its-input", "keeps the dtype and leaves its inputs alone", "changed in place"
)
def log_joint(x, log_prior, log_on, log_off):
    joint = log_prior + x @ log_on.T
    x.neg_().add_(1)
    return joint + x @ log_off.T


@wrong("off-from-on", "pixels that are all but sure", "NaN or infinity")
def log_joint(x, log_prior, log_on, log_off):
    off = torch.log1p(-log_on.exp())
    return log_prior + torch.where(x[:, None] == 1, log_on, off).sum(2)


@wrong("squeeze-one-class", Exercise.WHOLE, "shape")
def log_joint(x, log_prior, log_on, log_off):
    return (log_prior + x @ log_on.T + (1 - x) @ log_off.T).squeeze(1)


@wrong("ratio-to-the-first", Exercise.WHOLE, "at index")
def log_joint(x, log_prior, log_on, log_off):
    joint = log_prior + x @ log_on.T + (1 - x) @ log_off.T
    return joint - joint[:, :1]
