"""Right and wrong answers to exercise `posterior`."""

from __future__ import annotations

import numpy as np
import scipy.special
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("subtract-largest")
def posterior(log_joint):
    shifted = log_joint - log_joint.max(dim=1, keepdim=True).values
    shares = shifted.exp()
    return shares / shares.sum(dim=1, keepdim=True)


@right("loop")
def posterior(log_joint):
    rows = []
    for row in log_joint:
        shares = torch.exp(row - row.max())
        rows.append(shares / shares.sum())
    return torch.stack(rows)


@right("ratios")
def posterior(log_joint):
    difference = log_joint[:, None, :] - log_joint[:, :, None]
    return 1 / difference.exp().sum(2)


@right("logaddexp")
def posterior(log_joint):
    total = log_joint[:, :1]
    for k in range(1, log_joint.shape[1]):
        total = torch.logaddexp(total, log_joint[:, k : k + 1])
    return torch.exp(log_joint - total)


@right("log-sum-exp-by-hand")
def posterior(log_joint):
    largest, _ = log_joint.max(dim=-1, keepdim=True)
    total = largest + torch.log(torch.sum(torch.exp(log_joint - largest), -1, keepdim=True))
    return torch.exp(log_joint - total)


@right("twice-shifted")
def posterior(log_joint):
    rest = log_joint - torch.sort(log_joint, dim=-1, descending=True)[0][:, 0:1]
    log_total = rest.exp().sum(-1).log()
    return (rest - log_total.unsqueeze(-1)).exp()


@wrong("library", Exercise.WHOLE, "is not allowed here")
def posterior(log_joint):
    return log_joint.softmax(1)


@wrong("double", "keeps the dtype and leaves its inputs alone", "torch.float64 came out")
def posterior(log_joint):
    shares = (log_joint.double() - log_joint.double().amax(1, keepdim=True)).exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("scipy", Exercise.WHOLE, "is not allowed here")
def posterior(log_joint):
    return torch.from_numpy(scipy.special.softmax(log_joint.numpy(), axis=1))


@wrong("log-sum-exp", Exercise.WHOLE, "is not allowed here")
def posterior(log_joint):
    return (log_joint - log_joint.logsumexp(1, keepdim=True)).exp()


@wrong("in-place", "keeps the dtype and leaves its inputs alone", "changed")
def posterior(log_joint):
    log_joint -= log_joint.amax(1, keepdim=True)
    shares = log_joint.exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("longer-floats", "logs far below −5000", "NaN or infinity")
def posterior(log_joint):
    shares = np.exp(log_joint.numpy().astype(np.longdouble))
    shares /= shares.sum(1, keepdims=True)
    return torch.from_numpy(shares.astype(np.float64)).to(log_joint.dtype)


@wrong("nan-to-num", Exercise.WHOLE, "at index")
def posterior(log_joint):
    shares = log_joint.exp()
    return torch.nan_to_num(shares / shares.sum(1, keepdim=True), nan=1 / log_joint.shape[1])
