"""Right and wrong answers to exercise `posterior`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

SHARES = "shares that sum to one, picture by picture"


FAR = "works for logs of −2000"


EVERY_FAR = "pictures whose logs lie far apart"


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


@wrong("underflows", FAR, "subtract the largest log")
def posterior(log_joint):
    shares = log_joint.exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("tiny-number", FAR, "all zero")
def posterior(log_joint):
    shares = log_joint.exp()
    return shares / (shares.sum(1, keepdim=True) + 1e-12)


@wrong("not-normalised", SHARES, "scaled by the largest share")
def posterior(log_joint):
    return (log_joint - log_joint.amax(1, keepdim=True)).exp()


@wrong("over-pictures", SHARES, "normalised over the pictures")
def posterior(log_joint):
    shares = (log_joint - log_joint.max()).exp()
    return shares / shares.sum(0)


@wrong("whole-table", SHARES, "normalised over the whole table")
def posterior(log_joint):
    shares = (log_joint - log_joint.max()).exp()
    return shares / shares.sum()


@wrong("logs-divided", SHARES, "take exp first")
def posterior(log_joint):
    return log_joint / log_joint.sum(1, keepdim=True)


@wrong("log-posterior", SHARES, "take exp at the end")
def posterior(log_joint):
    shifted = log_joint - log_joint.amax(1, keepdim=True)
    return shifted - shifted.exp().sum(1, keepdim=True).log()


@wrong("library", SHARES, "is not allowed here")
def posterior(log_joint):
    return log_joint.softmax(1)


@wrong("double", "keeps the dtype and leaves its input alone", "torch.float64 came out")
def posterior(log_joint):
    shares = (log_joint.double() - log_joint.double().amax(1, keepdim=True)).exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("largest-of-the-table", EVERY_FAR, "the largest log of each picture")
def posterior(log_joint):
    shares = (log_joint - log_joint.max()).exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("mean-of-the-row", EVERY_FAR, "so that none is positive")
def posterior(log_joint):
    shares = (log_joint - log_joint.mean(1, keepdim=True)).exp()
    return shares / shares.sum(1, keepdim=True)
